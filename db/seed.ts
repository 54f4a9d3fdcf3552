// The demo's cast. Every name, address and number here is made up; `.example` is nobody's.

/** The one password of all demo logins; `npm run demo` prints it. */
export const demoPassword = 'demo-remit-2026'

export interface DemoPerson {
  email: string
  name: string
  role: 'owner' | 'admin' | 'manager' | 'viewer'
}

interface DemoLogin {
  role: string
  name: string
  email: string
  /** What there is to see as this person. */
  says: string
}

export const lumen = {
  name: 'Lumen Cloud',
  timeZone: 'America/New_York',
  approvalsRequired: 1,
  /** In minor units, by currency. */
  minimums: { USD: 2_500, EUR: 2_500, GBP: 2_000 },
  /** So that nobody needs an app to look around; whoever sets one up is asked for it from then on. */
  twoFactorRequired: false,
} as const

export const lumenStaff = {
  elena: { email: 'elena@lumencloud.example', name: 'Elena Marsh', role: 'owner' },
  marcus: { email: 'marcus@lumencloud.example', name: 'Marcus Feld', role: 'admin' },
  aisha: { email: 'aisha@lumencloud.example', name: 'Aisha Bello', role: 'admin' },
  tom: { email: 'tom@lumencloud.example', name: 'Tom Okafor', role: 'manager' },
  ingrid: { email: 'ingrid@lumencloud.example', name: 'Ingrid Solberg', role: 'viewer' },
} as const satisfies Record<string, DemoPerson>

/** A second, small organization: two approvals for each payout, and transfers stopped for the moment. */
export const harbor = {
  name: 'Harbor Analytics',
  timeZone: 'Europe/Berlin',
  approvalsRequired: 2,
  minimums: { EUR: 1_000 },
  /** Whoever approves here first is led to set up a second factor, as in a real organization. */
  twoFactorRequired: true,
} as const

export const harborStaff = {
  nadia: { email: 'nadia@harbor-analytics.example', name: 'Nadia Brandt', role: 'owner' },
  oskar: { email: 'oskar@harbor-analytics.example', name: 'Oskar Lind', role: 'admin' },
  lia: { email: 'lia@harbor-analytics.example', name: 'Lia Vogel', role: 'manager' },
} as const satisfies Record<string, DemoPerson>

/** What `npm run demo` prints, in this order. */
export const demoLogins: readonly DemoLogin[] = [
  { role: 'Owner', ...who(lumenStaff.elena), says: 'everything, and the team and the settings' },
  { role: 'Admin', ...who(lumenStaff.marcus), says: 'approves and pays; a partner of Harbor Analytics too' },
  { role: 'Admin', ...who(lumenStaff.aisha), says: 'the second admin: approves what Marcus prepared' },
  { role: 'Manager', ...who(lumenStaff.tom), says: 'prepares payouts and partners, approves nothing' },
  { role: 'Viewer', ...who(lumenStaff.ingrid), says: 'reads and exports' },
  {
    role: 'Partner',
    name: 'Dana Whitfield',
    email: 'dana@northwind-advisory.example',
    says: 'Northwind Advisory: paid every two weeks',
  },
  {
    role: 'Partner',
    name: 'Priya Nambiar',
    email: 'priya@cedarpoint.example',
    says: 'Cedar Point Labs: has to set up payouts first',
  },
  {
    role: 'Owner',
    ...who(harborStaff.nadia),
    says: 'Harbor Analytics: two approvals, a second factor, transfers paused',
  },
]

function who({ name, email }: DemoPerson) {
  return { name, email }
}
