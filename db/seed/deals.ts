/** Whom Lumen Cloud sells to. */
export const accounts = [
  ['Meridian Foods', 'meridianfoods.example'],
  ['Orchard Health', 'orchardhealth.example'],
  ['Brightwater Energy', 'brightwater.example'],
  ['Halcyon Insurance', 'halcyon-insurance.example'],
  ['Kestrel Air Freight', 'kestrelairfreight.example'],
  ['Maison Dupré', 'maison-dupre.example'],
  ['Rheinwerk Maschinenbau', 'rheinwerk.example'],
  ['Sölvik Marine', 'solvik.example'],
  ['Calloway & Pike', 'callowaypike.example'],
  ['Pinecrest Schools', 'pinecrest.example'],
  ['Van der Laan Bloemen', 'vanderlaan.example'],
  ['Costa Verde Hotels', 'costaverde.example'],
  ['Tamarack Mining', 'tamarack.example'],
  ['Aldgate Legal', 'aldgatelegal.example'],
  ['Nova Orthopaedics', 'novaortho.example'],
  ['Bluefin Logistics', 'bluefinlogistics.example'],
  ['Gallo Ceramics', 'galloceramics.example'],
  ['Stellenberg Wines', 'stellenberg.example'],
  ['Harrow Mutual', 'harrowmutual.example'],
  ['Quillfeather Press', 'quillfeather.example'],
  ['Ironbridge Rail', 'ironbridgerail.example'],
  ['Lindqvist Apparel', 'lindqvist.example'],
  ['Sable Studios', 'sablestudios.example'],
  ['Corvus Security', 'corvus-security.example'],
] as const

export const products = ['Lumen Core', 'Lumen Analytics', 'Lumen Edge'] as const

/** Where a currency's deals are sold. */
export const territories = { USD: 'North America', EUR: 'EMEA', GBP: 'UK & Ireland' } as const

/** Partners whose terms are not the ordinary ones. `defaultRateBp` in basis points, `settlement` as in the partner's form. */
export const partnerTerms: Record<
  string,
  { tier?: 'silver' | 'gold' | 'platinum'; defaultRateBp?: number; settlement?: 'each' }
> = {
  northwind: { tier: 'gold', defaultRateBp: 1_000 },
  brightpath: { tier: 'platinum', defaultRateBp: 1_200 },
  hafenblick: { tier: 'gold' },
  redwood: { tier: 'silver' },
  atelier: { tier: 'silver' },
  kestrel: { tier: 'gold', settlement: 'each' },
  thistle: { tier: 'silver' },
}

/** What one euro was at the end of each of the last months, newest first: made up, and said to be. */
export const demoRates = [
  { usd: '1.0874', gbp: '0.8391' },
  { usd: '1.0921', gbp: '0.8422' },
  { usd: '1.0812', gbp: '0.8367' },
  { usd: '1.0755', gbp: '0.8405' },
  { usd: '1.0838', gbp: '0.8449' },
  { usd: '1.0797', gbp: '0.8514' },
] as const

export const refundReasons = [
  'Two of the forty seats were never used',
  'Credit for the outage in the first week',
  'Contract shortened after the pilot',
] as const

export const disputeReasons = {
  open: 'We brought the second workshop as well, on the 9th; our share looks like the first one alone. Could you check?',
  answered: 'The implementation was ours from the start, not only the training.',
  answer: 'Thank you. We found the statement of work, and it names you for both. We add the difference.',
} as const
