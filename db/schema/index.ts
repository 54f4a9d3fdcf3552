// Drizzle wants every table in one object; this is it, and the only file that gathers others.
// The SQL in ../migrations is the truth (CHECKs, triggers, STRICT); schema.test.ts holds these columns against it.
export * from './attribution.ts'
export * from './commissions.ts'
export * from './deals.ts'
export * from './imports.ts'
export * from './partners.ts'
export * from './payouts.ts'
export * from './people.ts'
export * from './records.ts'
export * from './runs.ts'
