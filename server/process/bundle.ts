import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Bundler {
  build(options: Record<string, unknown>): Promise<unknown>
}

/** Comes with tsx, which would use it to compile these same files one by one. */
const { build } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild') as Bundler

/**
 * Puts a program and all that it imports into one file, which starts in a quarter of a second instead of two: a test that kills a
 * process between any two steps needs a hundred of them.
 * @returns the file's path
 */
export async function bundle(entry: URL, folder: string): Promise<string> {
  const name = basename(fileURLToPath(entry), '.ts')
  const outfile = join(folder, `${name}.bundle.mjs`)
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    logLevel: 'error',
    // Native modules stay where they are, and so does what only development needs.
    external: ['libsql', '@node-rs/argon2', 'vite'],
    minifyWhitespace: true,
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  })
  for (const [name, path] of [
    ['node_modules', '../../node_modules'],
    ['migrations', '../../db/migrations'],
  ] as const)
    if (!existsSync(join(folder, name))) symlinkSync(fileURLToPath(new URL(path, import.meta.url)), join(folder, name))
  // Commands run when they are the file that was started; in one file with them all, each would take itself for that.
  const program = join(folder, `${name}.mjs`)
  writeFileSync(program, `await import('./${name}.bundle.mjs')\n`)
  return program
}
