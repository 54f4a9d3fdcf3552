// Drizzle wants every table in one object; this is it, and the only file that gathers others.
// The SQL in ../migrations is the truth (CHECKs, triggers, STRICT); schema.test.ts holds these columns against it.
export * from './partners.ts'
export * from './payouts.ts'
export * from './people.ts'
export * from './records.ts'
