/** What becomes of a partner by today. Nothing said: it can be paid. */
export type DemoEnding =
  | 'not_started' // no account at Stripe yet
  | 'unfinished' // has begun the set-up and not ended it
  | 'in_review' // Stripe is checking
  | 'restricted' // Stripe needs a document
  | 'rejected'
  | 'disconnected'
  | 'archived'
  | 'bank_changed' // put in another bank account yesterday
  | 'bank_closed' // its bank returned the last payout

export interface DemoPartner {
  key: string
  name: string
  email: string
  country: string
  currency: 'USD' | 'EUR' | 'GBP'
  type: 'reseller' | 'referrer' | 'affiliate' | 'integrator'
  /** Minor units that it earns in an ordinary run of two weeks. */
  earns: number
  /** How likely it is in a run. */
  often: number
  /** Months ago that it joined. */
  since: number
  ending?: DemoEnding
  /** People of the partner who can sign in. */
  people?: readonly { email: string; name: string }[]
}

export const lumenPartners: readonly DemoPartner[] = [
  {
    key: 'northwind',
    name: 'Northwind Advisory',
    email: 'partnerships@northwind-advisory.example',
    country: 'US',
    currency: 'USD',
    type: 'referrer',
    earns: 218_000,
    often: 1,
    since: 20,
    people: [{ email: 'dana@northwind-advisory.example', name: 'Dana Whitfield' }],
  },
  {
    key: 'brightpath',
    name: 'Brightpath Consulting',
    email: 'billing@brightpath.example',
    country: 'US',
    currency: 'USD',
    type: 'reseller',
    earns: 486_000,
    often: 0.95,
    since: 20,
    people: [{ email: 'owen@brightpath.example', name: 'Owen Castellan' }],
  },
  {
    key: 'atelier',
    name: 'Atelier Lumen',
    email: 'compta@atelier-lumen.example',
    country: 'FR',
    currency: 'EUR',
    type: 'integrator',
    earns: 174_500,
    often: 0.95,
    since: 19,
    people: [{ email: 'camille@atelier-lumen.example', name: 'Camille Rochat' }],
  },
  {
    key: 'hafenblick',
    name: 'Hafenblick Systems',
    email: 'rechnung@hafenblick.example',
    country: 'DE',
    currency: 'EUR',
    type: 'reseller',
    earns: 392_000,
    often: 0.9,
    since: 18,
    people: [{ email: 'jonas@hafenblick.example', name: 'Jonas Petersen' }],
  },
  {
    key: 'thistle',
    name: 'Thistle & Co',
    email: 'accounts@thistleandco.example',
    country: 'GB',
    currency: 'GBP',
    type: 'referrer',
    earns: 126_000,
    often: 0.9,
    since: 18,
    people: [{ email: 'fiona@thistleandco.example', name: 'Fiona Ross-Kerr' }],
  },
  {
    key: 'cedarpoint',
    name: 'Cedar Point Labs',
    email: 'finance@cedarpoint.example',
    country: 'US',
    currency: 'USD',
    type: 'affiliate',
    earns: 64_000,
    often: 1,
    since: 3,
    ending: 'not_started',
    people: [{ email: 'priya@cedarpoint.example', name: 'Priya Nambiar' }],
  },
  usd('redwood', 'Redwood Systems Group', 'ap@redwoodsystems.example', 'reseller', 735_000, 0.9, 19),
  usd('blueharbor', 'Blue Harbor Digital', 'hello@blueharbordigital.example', 'affiliate', 58_000, 0.75, 16),
  usd('granite', 'Granite Peak IT', 'billing@granitepeak.example', 'referrer', 41_000, 0.7, 17),
  usd('summit', 'Summit & Vale Partners', 'payouts@summitvale.example', 'reseller', 308_000, 0.85, 18),
  usd('prairie', 'Prairie Data Works', 'accounts@prairiedata.example', 'integrator', 152_000, 0.75, 14),
  usd('oakline', 'Oakline Software', 'finance@oakline.example', 'integrator', 264_000, 0.8, 12),
  {
    ...usd('lantern', 'Lantern Street Media', 'money@lanternstreet.example', 'affiliate', 37_000, 0.7, 13),
    ending: 'rejected',
  },
  {
    ...usd('copperline', 'Copperline Integrations', 'ap@copperline.example', 'integrator', 98_000, 0.8, 9),
    ending: 'in_review',
  },
  eur('ponte', 'Studio Ponte', 'amministrazione@studioponte.example', 'IT', 'referrer', 83_000, 0.8, 15, 'restricted'),
  eur('nordlicht', 'Nordlicht Beratung', 'buchhaltung@nordlicht.example', 'DE', 'referrer', 119_000, 0.85, 17),
  eur('polderwerk', 'Polderwerk', 'finance@polderwerk.example', 'NL', 'integrator', 147_000, 0.85, 16, 'bank_changed'),
  eur('rionorte', 'Río Norte Digital', 'pagos@rionorte.example', 'ES', 'affiliate', 46_000, 0.65, 11, 'disconnected'),
  eur('clairval', 'Clairval Conseil', 'factures@clairval.example', 'FR', 'reseller', 231_000, 0.8, 13),
  eur('alpenrand', 'Alpenrand IT', 'office@alpenrand.example', 'AT', 'referrer', 92_000, 0.7, 10),
  gbp('kestrel', 'Kestrel House', 'finance@kestrelhouse.example', 'reseller', 284_000, 0.85, 18),
  gbp('wharfside', 'Wharfside Technology', 'accounts@wharfside.example', 'integrator', 136_000, 0.8, 15, 'bank_closed'),
  gbp('fenland', 'Fenland Analytics', 'ops@fenland.example', 'affiliate', 33_000, 0.9, 2, 'unfinished'),
  gbp('moorlane', 'Moor Lane Advisory', 'remittances@moorlane.example', 'referrer', 74_000, 0.75, 12),
  gbp('tidewater', 'Tidewater Bristol', 'hello@tidewater.example', 'affiliate', 29_000, 0.7, 17, 'archived'),
]

export const harborPartners: readonly DemoPartner[] = [
  {
    ...eur('feld', 'Feld Consulting', 'marcus@lumencloud.example', 'DE', 'referrer', 68_000, 1, 7),
    people: [{ email: 'marcus@lumencloud.example', name: 'Marcus Feld' }],
  },
  eur('kontor', 'Kontor Nord', 'rechnung@kontor-nord.example', 'DE', 'reseller', 143_000, 1, 7),
  eur('brise', 'Brise Studio', 'compta@brise-studio.example', 'FR', 'affiliate', 27_000, 0.8, 5),
]

type Common = [key: string, name: string, email: string]
type Rest = [type: DemoPartner['type'], earns: number, often: number, since: number, ending?: DemoEnding]

function usd(...[key, name, email, type, earns, often, since]: [...Common, ...Rest]): DemoPartner {
  return { key, name, email, country: 'US', currency: 'USD', type, earns, often, since }
}

function eur(
  ...[key, name, email, country, type, earns, often, since, ending]: [...Common, country: string, ...Rest]
): DemoPartner {
  return { key, name, email, country, currency: 'EUR', type, earns, often, since, ending }
}

function gbp(...[key, name, email, type, earns, often, since, ending]: [...Common, ...Rest]): DemoPartner {
  return { key, name, email, country: 'GB', currency: 'GBP', type, earns, often, since, ending }
}
