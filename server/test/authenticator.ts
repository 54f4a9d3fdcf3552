import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** What a test may get wrong on purpose. */
export interface Faults {
  /** Where the page says it is. */
  origin?: string
  /** Whose passkey the device thinks it is. */
  rpID?: string
  type?: string
  challenge?: string
  /** Whether the device has checked its person. */
  userVerified?: boolean
  userPresent?: boolean
  /** The device's count of signatures; one more each time unless given. */
  counter?: number
  userHandle?: string
  /** Signs with another device's key. */
  foreignKey?: boolean
}

interface CreationOptions {
  challenge: string
  rp: { id?: string }
  user: { id: string }
}

interface RequestOptions {
  challenge: string
  rpId?: string
}

/**
 * A security key in software: it makes a real key pair and real signatures, as the WebAuthn specification has them, so that tests
 * go through the real verification. `origin` is the page that asks it.
 */
export function anAuthenticator(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const id = randomBytes(32)
  let counter = 0
  let userHandle = ''

  const clientData = (type: string, challenge: string, faults: Faults) =>
    Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge: faults.challenge ?? challenge,
        origin: faults.origin ?? origin,
        crossOrigin: false,
      }),
    )
  const authData = (rpID: string, attested: Buffer, faults: Faults) => {
    const flags =
      (faults.userPresent === false ? 0 : 1) |
      (faults.userVerified === false ? 0 : 4) |
      (attested.length > 0 ? 0x40 : 0)
    const count = Buffer.alloc(4)
    counter = faults.counter ?? counter + 1
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(faults.rpID ?? rpID), Buffer.from([flags]), count, attested])
  }
  const common = { id: id.toString('base64url'), rawId: id.toString('base64url'), type: 'public-key' }
  return {
    id: common.id,

    /** Answers the options of a new passkey, as the browser's JSON. */
    create({ challenge, rp, user }: CreationOptions, faults: Faults = {}): string {
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      const key = Buffer.concat([
        // A map of five: kty EC2, alg ES256, crv P-256, x, y.
        Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
        bytes(Buffer.from(x, 'base64url')),
        Buffer.from([0x22]),
        bytes(Buffer.from(y, 'base64url')),
      ])
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key])
      const attestationObject = Buffer.concat([
        Buffer.from([0xa3]),
        ...[text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0]), text('authData')],
        bytes(authData(rp.id ?? '', attested, faults)),
      ])
      userHandle = user.id
      return JSON.stringify({
        ...common,
        clientExtensionResults: { credProps: { rk: true } },
        authenticatorAttachment: 'cross-platform',
        response: {
          clientDataJSON: clientData('webauthn.create', challenge, faults).toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: ['usb'],
          // What browsers add, and nobody here reads.
          publicKeyAlgorithm: -7,
        },
      })
    },

    /** Answers the options of a passkey that is used, as the browser's JSON. */
    get({ challenge, rpId }: RequestOptions, faults: Faults = {}): string {
      const data = clientData('webauthn.get', challenge, faults)
      const auth = authData(rpId ?? '', Buffer.alloc(0), faults)
      const signed = Buffer.concat([auth, sha256(data)])
      const key = faults.foreignKey ? foreign : createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
      return JSON.stringify({
        ...common,
        clientExtensionResults: {},
        response: {
          clientDataJSON: data.toString('base64url'),
          authenticatorData: auth.toString('base64url'),
          signature: sign('sha256', signed, key).toString('base64url'),
          userHandle: (faults.userHandle ?? userHandle) || undefined,
        },
      })
    },
  }
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** CBOR: a byte string of up to 65,535 bytes. */
function bytes(content: Buffer): Buffer {
  const head = content.length < 256 ? [0x58, content.length] : [0x59, content.length >> 8, content.length & 255]
  return Buffer.concat([Buffer.from(head), content])
}

/** CBOR: a text of up to 23 bytes. */
function text(content: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + content.length]), Buffer.from(content)])
}
