import type { ConfirmationInput } from '#server/auth/rules.ts'

/** The proof that one of the forms of ProveForms holds; null when it was sent without one. The procedure judges what it is worth. */
export function readProof(form: FormData): ConfirmationInput | null {
  const text = (name: string) => String(form.get(`remit.${name}`) ?? '')
  switch (text('by')) {
    case 'totp':
      return { by: 'totp', code: text('code').replace(/\s/g, '') }
    case 'recovery':
      return { by: 'recovery', code: text('recoveryCode') }
    case 'passkey':
      return { by: 'passkey', response: text('passkey') }
    case 'password':
      return { by: 'password', password: text('password') }
    default:
      return null
  }
}

export function isSecondFactor(proof: ConfirmationInput): proof is Exclude<ConfirmationInput, { by: 'password' }> {
  return proof.by !== 'password'
}

/** A procedure names the fields of its input; on the page they have a name each. */
export function fieldsFor(by: string, fields: Record<string, string>): Record<string, string> {
  const { code, response, ...rest } = fields
  return {
    ...rest,
    ...(code === undefined ? {} : { [by === 'recovery' ? 'recoveryCode' : 'code']: code }),
    ...(response === undefined ? {} : { passkey: response }),
  }
}
