import { readFileSync } from 'node:fs'
import { approvalBugs } from './approvals.ts'
import { commissionBugs } from './commissions.ts'
import { platformBugs } from './platform.ts'
import { sendingBugs } from './sending.ts'
import { settlingBugs } from './settling.ts'

/** A text that stands once in a file, and what a careless hand makes of it. Paths from the project's root. */
export interface Part {
  file: string
  find: string
  replace: string
}

/** A mistake that somebody could make. It lives here only: the product has no switch for it. */
export interface Planted {
  /** What goes wrong, in words. */
  name: string
  /** What it would cost, and whom. */
  costs: string
  /** Where several guards stand behind one another, a part in each: the code, and the database beneath it. */
  parts: Part[]
}

export const plantedBugs: Planted[] = [
  ...sendingBugs,
  ...settlingBugs,
  ...approvalBugs,
  ...commissionBugs,
  ...platformBugs,
]

/** Where a planted bug shows, and what finds it there, as `findingsOf` calls it. */
export interface Pin {
  seed: number
  history: number
  caughtBy: string[]
}

export const pinsFile = new URL('./pins.json', import.meta.url)

/** By the bugs' names; `npm run simulate -- --planted --pin` writes them anew. */
export function readPins(): Record<string, Pin> {
  return JSON.parse(readFileSync(pinsFile, 'utf8')) as Record<string, Pin>
}

/** What found something, without what differs from one history to the next: invariants by their names, and what judges say. */
export function findingsOf(violations: string[]): string[] {
  const names = violations.map(violation => {
    const line = violation.split('\n', 1)[0] ?? ''
    const name = /^(?:([a-z_]+): |(\S+ broke): )/.exec(line)
    return name?.[1] ?? name?.[2] ?? line.replace(/\S*\d\S*|(?<= of )[a-z]{4}(?= \()/g, '…').slice(0, 90)
  })
  return [...new Set(names)]
}
