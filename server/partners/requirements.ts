import type { Stripe } from 'stripe'
import type { Requirement } from '#db/schema/index.ts'

/**
 * What Stripe's requirement codes ask for, in words that complete 'Stripe still needs …'. v1 and v2 name the same things
 * differently; a code is looked up whole, then without its first part (`individual.`, `representative.`, `person_123.`).
 */
const words: Record<string, string> = {
  external_account: 'a bank account in your name',
  'configuration.recipient.default_outbound_destination': 'a bank account in your name',
  'defaults.payout_methods': 'a bank account in your name',
  first_name: 'your first name',
  given_name: 'your first name',
  last_name: 'your last name',
  surname: 'your last name',
  name: 'the legal name of your business',
  registered_name: 'the legal name of your business',
  email: 'your email address',
  contact_email: 'your email address',
  phone: 'your phone number',
  dob: 'your date of birth',
  date_of_birth: 'your date of birth',
  address: 'your home address',
  'company.address': 'the address of your business',
  'business_details.address': 'the address of your business',
  id_number: 'your tax or national identification number',
  id_numbers: 'your tax or national identification number',
  ssn_last_4: 'the last four digits of your Social Security number',
  tax_id: 'the tax number of your business',
  vat_id: 'the VAT number of your business',
  registration_number: 'the registration number of your business',
  nationality: 'your nationality',
  nationalities: 'your nationality',
  political_exposure: 'whether you hold a public office',
  tos_acceptance: "your agreement to Stripe's terms",
  'attestations.terms_of_service': "your agreement to Stripe's terms",
  'verification.document': 'a photo of an identity document, such as a passport',
  'documents.primary_verification': 'a photo of an identity document, such as a passport',
  'verification.additional_document': 'a document that shows your address, such as a utility bill',
  'documents.secondary_verification': 'a document that shows your address, such as a utility bill',
  'verification.proof_of_liveness': 'a photo of yourself',
  proof_of_liveness: 'a photo of yourself',
  'company.verification.document': 'a document that shows your business is registered',
  'documents.proof_of_registration': 'a document that shows your business is registered',
  'documents.bank_account_ownership_verification': 'a bank statement that shows the account is yours',
  business_type: 'whether you are a person or a company',
  entity_type: 'whether you are a person or a company',
  'business_profile.url': 'your website',
  'business_profile.mcc': 'what kind of business you run',
  'business_profile.product_description': 'a description of what you sell',
  'defaults.profile': 'a description of your business',
  owners: 'who owns your business',
  owners_provided: 'who owns your business',
  directors: 'who directs your business',
  directors_provided: 'who directs your business',
  executives: 'who runs your business',
  executives_provided: 'who runs your business',
  representative: 'who represents your business',
  relationship: 'your role in the business',
}

/** `individual.dob.day` → `your date of birth`. What is not in the table is made readable, never hidden. */
export function requirementWords(code: string): string {
  const parts = code.split(/[.[\]]+/).filter(Boolean)
  for (let start = 0; start < parts.length; start++)
    for (let end = parts.length; end > start; end--) {
      const found = words[parts.slice(start, end).join('.')]
      if (found) return found
    }
  return parts
    .filter(part => !/\d/.test(part))
    .join(' ')
    .replaceAll('_', ' ')
    .trim()
}

/** One requirement a sentence, in order, with the soonest deadline: three parts of a date of birth are one thing to bring. */
function distinct(found: Requirement[]): Requirement[] {
  const byText = new Map<string, Requirement>()
  for (const requirement of found) {
    const known = byText.get(requirement.text)
    if (!known) byText.set(requirement.text, { ...requirement })
    else if (requirement.deadline !== null)
      known.deadline = Math.min(requirement.deadline, known.deadline ?? Number.POSITIVE_INFINITY)
  }
  return [...byText.values()]
}

/** What a v2 account must still bring. What Stripe itself works on, and what is only due some day, is left out. */
export function fromV2(requirements: Stripe.V2.Core.Account.Requirements | undefined): Requirement[] {
  const time = requirements?.summary?.minimum_deadline?.time
  const deadline = time ? Date.parse(time) : null
  const due = (requirements?.entries ?? []).filter(
    entry => entry.awaiting_action_from === 'user' && entry.minimum_deadline.status !== 'eventually_due',
  )
  return distinct(
    due.map(entry => ({
      code: entry.description,
      text: withReason(requirementWords(entry.description), entry.errors[0]?.description),
      deadline,
    })),
  )
}

/** What a v1 account must still bring. */
export function fromV1(requirements: Stripe.Account.Requirements | null | undefined): Requirement[] {
  if (!requirements) return []
  const deadline = requirements.current_deadline ? requirements.current_deadline * 1000 : null
  const codes = [...new Set([...(requirements.past_due ?? []), ...(requirements.currently_due ?? [])])]
  const reasons = new Map((requirements.errors ?? []).map(error => [error.requirement, error.reason]))
  return distinct(codes.map(code => ({ code, text: withReason(requirementWords(code), reasons.get(code)), deadline })))
}

function withReason(text: string, reason: string | undefined): string {
  return reason ? `${text} (${reason.replace(/\.$/, '')})` : text
}
