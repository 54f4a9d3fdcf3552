import { expect, test } from 'vitest'
import { type Fault, failEverywhere, isWay } from './failure-loop-run.ts'
import { stories } from './failure-loop-stories.ts'

// Here all calls to Stripe and to the mail server fail in all ways, and every so manieth of the others. The long tier fails each of them, in each of its ways:
// FAILURE_SHARE=1 npx vitest run server/simulation/failure-loop.test.ts
const share = Number(process.env.FAILURE_SHARE ?? 50)
const wanted = process.env.FAILURE
const only = readFault(process.env.FAILURE_AT)

/** Calls to the outside that each story is known to make, at least: a list that shrinks would prove less and less without a word. */
const known: Record<string, Record<string, number>> = {
  'approved, sent, arrived, told': { write: 26, clock: 45, statement: 114, commit: 26, read: 43, stripe: 5, mail: 2 },
  'a change of bank between approval and sending': {
    write: 48,
    statement: 134,
    commit: 48,
    read: 62,
    stripe: 7,
    mail: 9,
  },
  'a run executed, approved and paid': { write: 27, statement: 122, commit: 27, read: 54, stripe: 5, mail: 2 },
  'a refund that the next run nets': { write: 3, statement: 54, commit: 3, read: 7 },
  'a reversal, decided and paid again': { write: 53, statement: 186, commit: 53, read: 82, stripe: 6, mail: 7 },
  'a partner sets up where the money goes': { write: 39, clock: 58, statement: 88, commit: 39, read: 28, stripe: 16 },
  'an import of payouts': { write: 13, statement: 53, commit: 13, read: 11, mail: 3 },
  'webhooks that were lost: catching up and reconciling': {
    write: 28,
    statement: 104,
    commit: 28,
    read: 56,
    stripe: 9,
  },
}

function readFault(text: string | undefined): Fault | undefined {
  const [, number, way] = /^(\d+) (.+)$/.exec(text ?? '') ?? []
  return number && way && isWay(way) ? { number: Number(number), way } : undefined
}

test.each(Object.keys(stories).filter(name => !wanted || wanted === name))(
  'whatever fails: %s',
  { timeout: 3_600_000 },
  async name => {
    const tell = stories[name]
    if (!tell) throw new Error('no such story')
    const { calls, runs } = await failEverywhere(name, tell, { share, only })
    const heard = Object.entries(calls).map(([kind, count]) => `${count} ${kind}`)
    console.log(`${name}: ${runs} faults at calls to the outside, of ${heard.join(', ')}`)
    for (const [kind, count] of Object.entries(known[name] ?? { none: 1 }))
      expect(calls[kind] ?? 0, kind).toBeGreaterThanOrEqual(count)
    expect(runs).toBeGreaterThan(0)
  },
)
