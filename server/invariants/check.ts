import type { Drizzle } from '#db/client.ts'
import { approvalInvariants } from './approvals.ts'
import { historyInvariants } from './history.ts'
import { moneyInvariants } from './money.ts'
import { highest, referenceInvariants } from './references.ts'
import { transferInvariants } from './transfers.ts'
import { upkeepInvariants } from './upkeep.ts'
import { type Found, type Invariant, reportedAtMost, type Walked } from './walk.ts'

/** What must be so at every moment, whatever happened and whoever died in between. */
export const invariants = {
  ...transferInvariants,
  ...approvalInvariants,
  ...moneyInvariants,
  ...historyInvariants,
  ...referenceInvariants,
  ...upkeepInvariants,
} satisfies Record<string, Invariant>

export type InvariantName = keyof typeof invariants

export interface Violation {
  invariant: InvariantName
  /** Null where no one company is concerned. */
  orgId: string | null
  subject: { type: string; id: string }
  /** One sentence, in words and numbers; no names of people. */
  says: string
}

export interface CheckOptions {
  /** UTC milliseconds */
  now: number
  /** One company; all there are where absent. */
  orgId?: string
  /** Rows that one statement judges: the event loop turns between two. */
  slice?: number
  /** Since when a worker has been at work (UTC milliseconds): what waited while none ran is not late. */
  workingSince?: number
  /** For what runs beside people's requests: what can't be done in short turns is left to a command. */
  skip?: readonly InvariantName[]
}

const defaultSlice = 1_000
/** A partner or a company stands for many rows. */
const rowsEach: Partial<Record<Walked, number>> = { partners: 50, organizations: 1_000 }

/**
 * Every invariant that does not hold, with what breaks it; none for a healthy database. Reads only, and asks nobody else. Statement by
 * statement, each of which sees one moment and judges only what it sees: what is written between two is no violation.
 */
export async function checkInvariants(read: Drizzle, options: CheckOptions): Promise<Violation[]> {
  const { now, orgId = null, slice = defaultSlice, workingSince = 0, skip = [] } = options
  const scope = { now, orgId, workingSince }
  const violations: Violation[] = []
  for (const name of invariantNames) {
    if (skip.includes(name)) continue
    const invariant: Invariant = invariants[name]
    const found =
      invariant.over === null
        ? await invariant.find(read, scope, turn, slice)
        : await walk(
            read,
            invariant.over,
            Math.max(1, Math.ceil(slice / (rowsEach[invariant.over] ?? 1))),
            (from, to) => invariant.find(read, { ...scope, from, to }),
          )
    for (const { orgId: org, type, id, says } of found.slice(0, reportedAtMost))
      violations.push({ invariant: name, orgId: org, subject: { type, id }, says: `${type} ${id} ${says}.` })
  }
  return violations
}

export const invariantNames = Object.keys(invariants) as InvariantName[]

async function walk(
  read: Drizzle,
  table: Walked,
  step: number,
  find: (from: number, to: number) => Promise<Found[]>,
): Promise<Found[]> {
  const last = await highest(read, table)
  const found: Found[] = []
  for (let from = 0; from < last && found.length < reportedAtMost; from += step) {
    found.push(...(await find(from, from + step)))
    await turn()
  }
  return found
}

/** The embedded engine answers at once, so that awaiting it lets nobody else in. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
