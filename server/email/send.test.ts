import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { createMailer, InvalidMailError, isPermanentMailError, type OutgoingMail } from './send.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const from = 'Acme Payouts <payouts@acme.example>'

const mail: OutgoingMail = {
  to: 'ana@northwind.example',
  toName: 'Łucja Müller, Partner',
  subject: 'Your $1,240.00 payout from Zażółć & Söhne is on the way – thank you for a very good month',
  html: '<html lang="en"><body><p>€1.240,00 – gewiß</p></body></html>',
  text: '€1.240,00 – gewiß\n.\nA line that starts with a dot, and one that is long: ' + 'word '.repeat(60),
  messageId: '<evt_1.usr_1.payoutOnItsWay@partners.acme.example>',
  references: '<po_1@partners.acme.example>',
  replyTo: 'partners@acme.example',
  headers: { 'X-Remit-Template': 'payoutOnItsWay' },
}

interface Received {
  sender: string
  recipients: string[]
  raw: Buffer
}

/** A real SMTP server on a free port, which keeps what it accepts. */
async function startServer(options: SMTPServerOptions = {}) {
  const received: Received[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect(_session, done) {
      connections += 1
      done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const sender = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
        received.push({ sender, recipients: session.envelope.rcptTo.map(to => to.address), raw: Buffer.concat(chunks) })
        done()
      })
    },
    ...options,
  })
  // Clients that give up on purpose reset the connection; smtp-server reports that as an error event.
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  cleanups.push(() => new Promise<void>(resolve => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, received, connections: () => connections }
}

function startMailer(options: { smtpUrl?: string; mailDir?: string; timeoutMs?: number }) {
  const mailer = createMailer({ ...options, from })
  cleanups.push(() => mailer.close())
  return mailer
}

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'remit-mail-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  return folder
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error('It should have been refused.')
    },
    error => error,
  )

const smtpError = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode })

function headerLines(parsed: ParsedMail): Record<string, string> {
  return Object.fromEntries(
    parsed.headerLines.map(({ line }) => {
      const [name = '', ...value] = line.replace(/\r?\n[ \t]+/g, ' ').split(': ')
      return [name, value.join(': ')]
    }),
  )
}

test('a message arrives with exactly these headers, both parts, and nobody else addressed', async () => {
  const server = await startServer()
  const mailer = startMailer({ smtpUrl: server.url })

  const sent = await mailer.send({
    ...mail,
    unsubscribe: { url: `https://partners.acme.example/u/${'t0k3n'.repeat(30)}`, mailto: 'off@acme.example' },
  })

  expect(sent).toEqual({ messageId: mail.messageId })
  const [{ sender, recipients, raw }] = server.received as [Received]
  expect({ sender, recipients }).toEqual({ sender: 'payouts@acme.example', recipients: ['ana@northwind.example'] })

  const parsed = await simpleParser(raw)
  expect(parsed.from?.value).toEqual([{ address: 'payouts@acme.example', name: 'Acme Payouts' }])
  expect(parsed.to).toMatchObject({ value: [{ address: mail.to, name: mail.toName }] })
  expect(parsed.replyTo?.value).toEqual([{ address: 'partners@acme.example', name: '' }])
  expect(parsed.subject).toBe(mail.subject)
  expect(parsed.messageId).toBe(mail.messageId)
  expect(parsed.references).toBe('<po_1@partners.acme.example>')
  expect(parsed.text?.trim()).toBe(mail.text.trim())
  expect(parsed.html).toBe(mail.html)
  expect(parsed.attachments).toEqual([])

  const headers = headerLines(parsed)
  expect(headers['Auto-Submitted']).toBe('auto-generated')
  expect(headers['X-Remit-Template']).toBe('payoutOnItsWay')
  expect(headers['List-Unsubscribe']).toBe(
    `<https://partners.acme.example/u/${'t0k3n'.repeat(30)}>, <mailto:off@acme.example>`,
  )
  expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
  expect(headers['Content-Type']).toMatch(/^multipart\/alternative;/)
  expect(Object.keys(headers).sort()).toEqual(
    [
      'Auto-Submitted',
      'Content-Type',
      'Date',
      'From',
      'List-Unsubscribe',
      'List-Unsubscribe-Post',
      'MIME-Version',
      'Message-ID',
      'References',
      'Reply-To',
      'Subject',
      'To',
      'X-Remit-Template',
    ].sort(),
  )
  // RFC 5322 2.1.1: no line is longer than 998 characters.
  expect(
    Math.max(
      ...raw
        .toString('latin1')
        .split('\r\n')
        .map(line => line.length),
    ),
  ).toBeLessThan(999)
})

test('mail that can’t be turned off carries no unsubscribe headers, and plain http no one-click form', async () => {
  const server = await startServer()
  const mailer = startMailer({ smtpUrl: server.url })

  await mailer.send(mail)
  await mailer.send({ ...mail, unsubscribe: { url: 'http://127.0.0.1:3000/u/token' } })

  const [plain, local] = await Promise.all(server.received.map(({ raw }) => simpleParser(raw)))
  expect(Object.keys(headerLines(plain!)).filter(name => name.startsWith('List-'))).toEqual([])
  expect(headerLines(local!)['List-Unsubscribe']).toBe('<http://127.0.0.1:3000/u/token>')
  expect(headerLines(local!)['List-Unsubscribe-Post']).toBeUndefined()
})

test('every attempt keeps the Message-ID, and messages share a connection', async () => {
  const server = await startServer()
  const mailer = startMailer({ smtpUrl: server.url })

  await mailer.send(mail)
  await mailer.send({ ...mail, messageId: 'evt_1.usr_1.payoutOnItsWay@partners.acme.example' })

  const ids = await Promise.all(server.received.map(async ({ raw }) => (await simpleParser(raw)).messageId))
  expect(ids).toEqual([mail.messageId, mail.messageId])
  expect(server.connections()).toBe(1)
})

test.each(['to', 'toName', 'subject', 'messageId', 'references', 'replyTo'] as const)(
  'a line break or NUL in %s is refused before anything is sent',
  async field => {
    const server = await startServer()
    const mailer = startMailer({ smtpUrl: server.url })

    for (const bad of ['\r\nBcc: thief@evil.example', '\nX: y', '\rX: y', '\0']) {
      const error = await rejection(mailer.send({ ...mail, [field]: `${mail[field]}${bad}` }))
      expect(error).toBeInstanceOf(InvalidMailError)
      expect((error as Error).message).toBe(`${field} must not contain a line break or NUL.`)
      expect(isPermanentMailError(error)).toBe(true)
    }
    expect(server.connections()).toBe(0)
  },
)

test.each<[string, Partial<OutgoingMail>, string]>([
  ['a header’s value', { headers: { 'X-A': 'b\r\nBcc: c@d.example' } }, 'headers.X-A must not contain'],
  ['a header’s name', { headers: { 'X-A: b\r\nBcc': 'c@d.example' } }, 'letters, digits and hyphens'],
  ['a header of ours', { headers: { bcc: 'c@d.example' } }, 'sets the header bcc itself'],
  ['the unsubscribe link', { unsubscribe: { url: 'https://a.example/\nX: y' } }, 'unsubscribe.url must not contain'],
  ['an unsubscribe scheme', { unsubscribe: { url: 'javascript:alert(1)' } }, 'absolute http(s)'],
  ['two recipients', { to: 'a@b.example, c@d.example' }, 'to must be one bare email address'],
  ['a named recipient', { to: 'Ana <a@b.example>' }, 'to must be one bare email address'],
  ['no recipient', { to: '' }, 'to must be one bare email address'],
  ['a reply list', { replyTo: 'a@b.example,c@d.example' }, 'replyTo must be one bare email address'],
  ['a bad Message-ID', { messageId: '<a b@c>' }, 'messageId must look like'],
  ['bad references', { references: 'po_1' }, 'references must be'],
  ['an empty subject', { subject: '  ' }, 'subject is empty'],
  ['a missing text part', { text: '' }, 'Both the text and the HTML part'],
])('refused: %s', async (_name, change, message) => {
  const mailer = startMailer({ mailDir: await temporaryFolder() })
  const error = await rejection(mailer.send({ ...mail, ...change }))
  expect(error).toBeInstanceOf(InvalidMailError)
  expect((error as Error).message).toContain(message)
})

test.each([
  ['', 'one address'],
  ['Acme', 'one address'],
  ['a@b.example, c@d.example', 'one address'],
  ['Acme <a@b.example>\r\nBcc: c@d.example', 'line break'],
])('the sender %j is refused at start', (sender, message) => {
  expect(() => createMailer({ from: sender, mailDir: '/nowhere' })).toThrow(message)
})

test('neither a server nor a folder is refused at start', () => {
  expect(() => createMailer({ from })).toThrow(InvalidMailError)
})

test.each([
  [550, true],
  [552, true],
  [450, false],
  [421, false],
])('a recipient refused with %i: permanent is %s', async (code, permanent) => {
  const server = await startServer({ onRcptTo: (_to, _session, done) => done(smtpError(code, 'Mailbox says no')) })
  const error = await rejection(startMailer({ smtpUrl: server.url }).send(mail))
  expect(error).toMatchObject({ responseCode: code })
  expect(isPermanentMailError(error)).toBe(permanent)
})

test.each([
  [554, true],
  [451, false],
])('a message refused with %i after its content: permanent is %s', async (code, permanent) => {
  const server = await startServer({
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on('end', () => done(smtpError(code, 'Content says no')))
    },
  })
  const error = await rejection(startMailer({ smtpUrl: server.url }).send(mail))
  expect(error).toMatchObject({ responseCode: code })
  expect(isPermanentMailError(error)).toBe(permanent)
})

test('one refused message leaves the mailer usable', async () => {
  const server = await startServer({
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('gone@') ? done(smtpError(550, 'No such user')) : done(),
  })
  const mailer = startMailer({ smtpUrl: server.url })
  const results = await Promise.allSettled([
    mailer.send({ ...mail, to: 'gone@northwind.example' }),
    mailer.send(mail),
    mailer.send({ ...mail, to: 'bo@northwind.example' }),
  ])
  expect(results.map(result => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(server.received.flatMap(({ recipients }) => recipients).sort()).toEqual([
    'ana@northwind.example',
    'bo@northwind.example',
  ])
})

test('wrong credentials are transient: the configuration is at fault, not the message', async () => {
  const server = await startServer({
    allowInsecureAuth: true,
    authOptional: false,
    onAuth: (_auth, _session, done) => done(smtpError(535, 'Bad credentials')),
  })
  const withPassword = server.url.replace('smtp://', 'smtp://user:wrong@')
  const refused = await rejection(startMailer({ smtpUrl: withPassword }).send(mail))
  expect(refused).toMatchObject({ responseCode: 535 })
  expect(isPermanentMailError(refused)).toBe(false)

  const missing = await rejection(startMailer({ smtpUrl: server.url }).send(mail))
  expect(missing).toMatchObject({ responseCode: 530 })
  expect(isPermanentMailError(missing)).toBe(false)
})

test('a server that is down, hangs up or never speaks is transient', async () => {
  const held = createServer()
  await new Promise<void>(resolve => held.listen(0, '127.0.0.1', () => resolve()))
  const closedPort = (held.address() as AddressInfo).port
  await new Promise<void>(resolve => held.close(() => resolve()))
  const down = await rejection(startMailer({ smtpUrl: `smtp://127.0.0.1:${closedPort}` }).send(mail))
  expect(down).toMatchObject({ code: 'ESOCKET' })
  expect(isPermanentMailError(down)).toBe(false)

  for (const behaviour of ['silent', 'hangs up'] as const) {
    const server = createServer(socket => {
      socket.on('error', () => {})
      if (behaviour === 'hangs up') socket.destroy()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    cleanups.push(() => new Promise<void>(resolve => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    const error = await rejection(startMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, timeoutMs: 100 }).send(mail))
    expect(error).toBeInstanceOf(Error)
    expect(isPermanentMailError(error)).toBe(false)
  }
})

test('a server that trickles its answer for ever is given up on', async () => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.write('220 hello\r\n')
    socket.once('data', () => {
      const drip = setInterval(() => socket.write('250-and another thing\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  cleanups.push(() => new Promise<void>(resolve => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  const error = await rejection(startMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, timeoutMs: 100 }).send(mail))
  expect(error).toMatchObject({ name: 'AbortError' })
  expect(isPermanentMailError(error)).toBe(false)
})

test('what is no mail error is not permanent', () => {
  for (const error of [new Error('disk full'), undefined, 'no', { code: 'EENVELOPE' }]) {
    expect(isPermanentMailError(error)).toBe(false)
  }
})

test('close waits for what is being handed over, then refuses more', async () => {
  let accept: () => void = () => {}
  const accepted = new Promise<void>(resolve => {
    accept = resolve
  })
  let arrived: () => void = () => {}
  const arriving = new Promise<void>(resolve => {
    arrived = resolve
  })
  const server = await startServer({
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on('end', () => {
        arrived()
        void accepted.then(() => done())
      })
    },
  })
  const mailer = createMailer({ smtpUrl: server.url, from })
  const sending = mailer.send(mail)
  await arriving
  const order: string[] = []
  const closing = mailer.close().then(() => order.push('closed'))
  await new Promise(resolve => setImmediate(resolve))
  order.push('accepted')
  accept()
  await expect(sending).resolves.toEqual({ messageId: mail.messageId })
  await closing
  expect(order).toEqual(['accepted', 'closed'])
  await expect(mailer.send(mail)).rejects.toThrow('closed')
})

test('without a server a message becomes one readable .eml file, private and never half written', async () => {
  const folder = join(await temporaryFolder(), 'mail')
  const mailer = startMailer({ mailDir: folder })

  const first = await mailer.send(mail)
  const again = await mailer.send(mail)
  const other = await mailer.send({ ...mail, messageId: '<evt_1/usr_1/payoutOnItsWay@partners.acme.example>' })

  expect(again.path).toBe(first.path)
  expect(other.path).not.toBe(first.path)
  expect((await readdir(folder)).map(name => join(folder, name)).sort()).toEqual([first.path, other.path].sort())
  expect((await stat(first.path!)).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)

  const raw = await readFile(first.path!)
  expect(raw.toString('latin1').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const parsed = await simpleParser(raw)
  expect(parsed.subject).toBe(mail.subject)
  expect(parsed.messageId).toBe(mail.messageId)
  expect(parsed.to).toMatchObject({ value: [{ address: mail.to, name: mail.toName }] })
  expect(parsed.text?.trim()).toBe(mail.text.trim())
  expect(parsed.html).toBe(mail.html)
})

test('a Message-ID can’t lead out of the folder', async () => {
  const folder = await temporaryFolder()
  const mailer = startMailer({ mailDir: folder })
  const { path } = await mailer.send({ ...mail, messageId: '<../../../etc/passwd@..>' })
  expect(join(folder, path!.slice(folder.length + 1))).toBe(path)
  expect(path!.slice(folder.length + 1)).toMatch(/^[A-Za-z0-9_-]+\.eml$/)
})

test('a folder that can’t be written is an error that may be tried again', async () => {
  const folder = await temporaryFolder()
  const mailer = startMailer({ mailDir: folder })
  const { path } = await mailer.send(mail)
  const inside = startMailer({ mailDir: join(path!, 'mail') })
  expect(isPermanentMailError(await rejection(inside.send(mail)))).toBe(false)
})
