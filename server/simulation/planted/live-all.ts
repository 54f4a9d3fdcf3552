import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundler } from '../../process/bundle.ts'
import type { Lived, Wanted } from './lived.ts'
import { fileOf, patched, root } from './patch.ts'
import type { Part } from './planted.ts'

/** A program with mistakes in it (none: the product as it is), and what it lives through. */
export interface Plan extends Wanted {
  parts: Part[]
}

/** As many as there are processors at least. */
const atOnce = 2

/**
 * Lives through the histories of each plan, some plans at a time, each in a bundle of its own in another process.
 * @returns what came of each, in the plans' order
 * @throws Error where a patch no longer fits, or a process ends of what was planted
 */
export async function liveAll(
  plans: Plan[],
  onLived: (index: number, lived: Lived) => void = () => {},
): Promise<Lived[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-planted-'))
  const children: ChildProcess[] = []
  const builder = await openBuilder(plans, folder)
  const results: Lived[] = []
  const left = plans.entries()
  // Each takes the next plan that is left.
  async function takeTurns(): Promise<void> {
    const child = fork(new URL('./child.mjs', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    children.push(child)
    // Also while it waits for its next bundle: nobody would answer then.
    const ended = new Promise<never>((_, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => reject(new Error(`a process of the planted bugs ended (${signal ?? code})`)))
    })
    const turns = async () => {
      for (const [index, { parts, seed, histories }] of left) {
        const program = await builder.build(parts, `${index}`)
        const lived = await liveIn(child, program, { seed, histories })
        results[index] = lived
        onLived(index, lived)
      }
    }
    await Promise.race([turns(), ended])
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, plans.length) }, takeTurns))
    return results
  } finally {
    for (const child of children) child.kill()
    await builder.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function liveIn(child: ChildProcess, program: string, wanted: Wanted): Promise<Lived> {
  return new Promise((resolve, reject) => {
    child.once('message', message => {
      const { lived, error } = message as { lived?: Lived; error?: string }
      if (lived) resolve(lived)
      else reject(new Error(error))
    })
    child.send({ program: pathToFileURL(program).href, wanted }, error => error && reject(error))
  })
}

/** Bundles the simulation again and again, one after the other; what no patch touches is read and parsed only once. */
async function openBuilder(plans: Plan[], folder: string) {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const files = new Set(plans.flatMap(plan => plan.parts.map(part => part.file)).filter(file => file.endsWith('.ts')))
  let planted: Part[] = []
  const context = await bundler(new URL('./lived.ts', import.meta.url), {
    write: false,
    packages: 'external',
    plugins: [
      {
        name: 'planted',
        setup({ onLoad }) {
          // Only what a patch may touch comes by here: each file that does costs more than its parsing.
          onLoad({ filter: ending(files) }, ({ path }) => ({ contents: patched(fileOf(path), planted), loader: 'ts' }))
        },
      },
    ],
  })
  let last: Promise<unknown> = Promise.resolve()

  async function build(parts: Part[], name: string): Promise<string> {
    planted = parts
    const { outputFiles } = await context.rebuild()
    const own = join(folder, name)
    mkdirSync(own)
    const program = join(own, 'lived.mjs')
    writeFileSync(program, outputFiles[0]?.contents ?? '')
    layMigrations(join(own, 'migrations'), parts)
    return program
  }

  return {
    build(parts: Part[], name: string): Promise<string> {
      const built = last.then(() => build(parts, name))
      last = built.catch(() => {})
      return built
    },
    close: () => context.dispose(),
  }
}

function ending(files: Set<string>): RegExp {
  return new RegExp(`/(${[...files].map(file => file.replaceAll('.', '\\.')).join('|')})$`)
}

function layMigrations(folder: string, parts: Part[]): void {
  cpSync(join(root, 'db/migrations'), folder, { recursive: true })
  for (const file of new Set(parts.map(part => part.file).filter(file => file.endsWith('.sql'))))
    writeFileSync(join(folder, basename(file)), patched(file, parts))
}
