import { z } from 'zod'
import { invariants } from '../invariants/check.ts'

const figure = z.object({
  /** When the run began: ISO, UTC. */
  date: z.string(),
  seed: z.number(),
  /** What was done, and what came of it: printed as they stand. */
  counts: z.array(z.tuple([z.string(), z.number()])),
  /** What must not be. */
  wrong: z.array(z.tuple([z.string(), z.number()])),
  /** Bugs that were planted to see them caught. */
  bugs: z
    .array(
      z.object({ name: z.string(), costs: z.string(), history: z.number().nullable(), caughtBy: z.array(z.string()) }),
    )
    .optional(),
})
type Figure = z.infer<typeof figure>

export type Run = 'simulation' | 'planted' | 'torture' | 'fuzz'
export const figuresSchema = z.object({ simulation: figure, planted: figure, torture: figure, fuzz: figure }).partial()
export type Figures = z.infer<typeof figuresSchema>

const simulated = z.object({
  date: z.string(),
  seed: z.number(),
  histories: z.number(),
  operations: z.number(),
  failures: z.array(z.unknown()),
  shortfalls: z.array(z.unknown()),
})
const searched = z.object({
  date: z.string(),
  seed: z.number(),
  most: z.number(),
  bugs: figure.shape.bugs.unwrap(),
  unmutated: z.object({ histories: z.number(), violations: z.array(z.string()) }),
})
const tortured = z.object({
  date: z.string(),
  seed: z.number(),
  cycles: z.number(),
  killedAtStart: z.number(),
  acknowledged: z.number(),
  transfers: z.number(),
  lost: z.array(z.string()),
  violations: z.array(z.string()),
})
const attacked = z.object({
  date: z.string(),
  seed: z.number(),
  procedures: z.number(),
  inputs: z.number(),
  reached: z.number(),
  serverErrors: z.number(),
  insidesShown: z.number(),
  problems: z.number(),
  unhandled: z.number(),
})

/** Where each run leaves its report, and how it is read. */
export const readers: Record<Run, { file: string; read: (report: unknown) => Figure }> = {
  simulation: {
    file: 'test-results/simulation.json',
    read: report => {
      const { date, seed, histories, operations, failures, shortfalls } = simulated.parse(report)
      return {
        ...{ date, seed },
        counts: [
          ['histories', histories],
          ['operations', operations],
        ],
        wrong: [
          ['histories in which something broke', failures.length],
          ['kinds of acts or faults that came up too seldom', shortfalls.length],
        ],
      }
    },
  },
  planted: {
    file: 'test-results/planted.json',
    read: report => {
      const { date, seed, most, bugs, unmutated } = searched.parse(report)
      const caught = bugs.flatMap(({ history }) => (history === null ? [] : [history + 1]))
      return {
        ...{ date, seed, bugs },
        counts: [
          ['bugs planted', bugs.length],
          ['histories until the last of them was caught', Math.max(0, ...caught)],
          ['histories lived through without them', unmutated.histories],
        ],
        wrong: [
          [`not caught within ${most.toLocaleString('en')} histories`, bugs.length - caught.length],
          ['violations in the same histories without them', unmutated.violations.length],
        ],
      }
    },
  },
  torture: {
    file: 'test-results/torture.json',
    read: report => {
      const { date, seed, cycles, killedAtStart, acknowledged, transfers, lost, violations } = tortured.parse(report)
      return {
        ...{ date, seed },
        counts: [
          ['kills', cycles],
          ['of them while starting', killedAtStart],
          ['writes that were answered', acknowledged],
          ['transfers at the end', transfers],
        ],
        wrong: [
          ['answered writes that were lost', lost.length],
          ['other violations', violations.length],
        ],
      }
    },
  },
  fuzz: {
    file: 'test-results/fuzz.json',
    read: report => {
      const { date, seed, procedures, inputs, reached, serverErrors, insidesShown, problems, unhandled } =
        attacked.parse(report)
      return {
        ...{ date, seed },
        counts: [
          ['procedures', procedures],
          ['inputs', inputs],
          ['of them past the schema', reached],
        ],
        wrong: [
          ['server errors', serverErrors],
          ['answers that showed insides', insidesShown],
          ['other problems', problems + unhandled],
        ],
      }
    },
  },
}

const longer: { run: Run; title: string; says: string; repeat: (seed: number) => string }[] = [
  {
    run: 'simulation',
    title: 'Histories',
    says: 'Two companies on one Stripe account, people in every role, workers that die at any step, a Stripe that loses, doubles and refuses, webhooks late, twice and forged, clocks that jump; afterwards the work is done to its end and everything is compared with the simulator, to the cent.',
    repeat: seed => `npm run simulate -- --histories 10000 --seed ${seed}`,
  },
  {
    run: 'planted',
    title: 'Planted bugs',
    says: 'A test that has never failed proves nothing: mistakes that somebody could make are patched into a copy of the code and the database’s guards, one at a time, and the histories have to show each. The numbers count histories from 0.',
    repeat: seed => `npm run simulate -- --planted --seed ${seed}`,
  },
  {
    run: 'torture',
    title: 'Killed processes',
    says: 'The real process on a real file, killed under load at any moment; each answered write has to be there afterwards. The same command damages write-ahead logs and stops the process with a hundred requests in flight.',
    repeat: seed => `npm run torture -- --cycles 1000 --logs 10000 --stops 50 --seed ${seed}`,
  },
  {
    run: 'fuzz',
    title: 'Hostile input',
    says: 'Each procedure with inputs that its own schema describes, broken and unbroken, and with what attackers type.',
    repeat: seed => `npm run fuzz -- --inputs 1000 --seed ${seed}`,
  },
]

/** The same with fewer samples, in every `npm test`; and what runs there only. */
const everyTime: [string, string][] = [
  ['Seeded histories over the real services, the same judges', 'server/simulation/simulation.test.ts'],
  [
    'Each planted bug is caught in the history pinned for it, and a story shrinks to its core',
    'server/simulation/planted.test.ts',
  ],
  ['Each call to Stripe, mail, clock and disk fails in each of its ways', 'server/simulation/failure-loop.test.ts'],
  ['Thirty races in their interleavings', 'server/simulation/races.test.ts'],
  ['Ten thousand forged and expired webhooks are refused', 'server/simulation/races-forgeries.test.ts'],
  ['Killed processes, damaged logs, stops under load, full disks', 'server/process/'],
  ['Backup under load, restore, nothing sent before Stripe was compared', 'server/process/backup.test.ts'],
  ['Each migration on a database in use, and failing at each of its statements', 'db/migrations.test.ts'],
  ['Each procedure attacked, and secrets looked for in everything that leaves', 'server/attack/'],
  ['Six kinds of tampering with the audit log, with and without anchors', 'server/audit/tampering.test.ts'],
  ['Each procedure × each role × foreign, sibling and stale sessions', 'server/access.test.ts'],
]

/** docs/reliability.md. */
export function pageOf(figures: Figures): string {
  return [
    '# How reliable it is, in figures',
    '',
    'Written by `npm run reliability` from the reports that the runs below leave; none of it is typed. Who doubts a figure repeats it with its command and seed.',
    '',
    '## The longer runs',
    '',
    ...longer.flatMap(section => sectionOf(section, figures[section.run])),
    '## In every `npm test`',
    '',
    '| what | where |',
    '|---|---|',
    ...everyTime.map(([what, where]) => `| ${what} | \`${where}\` |`),
    '',
    '## What must hold',
    '',
    'After every history, every kill and every restore, every fifteen minutes in production, and on `npm run doctor`:',
    '',
    '| invariant | promise |',
    '|---|---|',
    ...Object.entries(invariants).map(([name, { promises }]) => `| \`${name}\` | ${promises} |`),
    '',
  ].join('\n')
}

function sectionOf({ title, says, repeat }: (typeof longer)[number], found: Figure | undefined): string[] {
  const rows = found
    ? [
        '| | |',
        '|---|--:|',
        ...found.counts.map(([what, count]) => `| ${what} | ${count.toLocaleString('en')} |`),
        ...found.wrong.map(([what, count]) => `| **${what}** | **${count.toLocaleString('en')}** |`),
        '',
        ...(found.bugs ? [...tableOf(found.bugs), ''] : []),
        `${found.date.slice(0, 10)}, seed ${found.seed}: \`${repeat(found.seed)}\`, or with the numbers above.`,
      ]
    : [`Not run yet: \`${repeat(1)}\`.`]
  return [`### ${title}`, '', says, '', ...rows, '']
}

function tableOf(bugs: NonNullable<Figure['bugs']>): string[] {
  return [
    '| planted | what it would cost | history | caught by |',
    '|---|---|--:|---|',
    ...bugs.map(({ name, costs, history, caughtBy }) => {
      const by = caughtBy.map(one => `\`${one.replaceAll('|', '/')}\``).join(', ')
      return `| ${name} | ${costs} | ${history ?? '**none**'} | ${by} |`
    }),
  ]
}
