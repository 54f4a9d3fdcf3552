import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Loaded {
  contents: string
  loader: 'ts'
}

interface Plugin {
  name: string
  setup(build: { onLoad(what: { filter: RegExp }, load: (file: { path: string }) => Loaded): void }): void
}

interface Bundler {
  context(options: Record<string, unknown>): Promise<{
    rebuild(): Promise<{ outputFiles: { contents: Uint8Array }[] }>
    dispose(): Promise<void>
  }>
}

/** Comes with tsx, which would use it to compile these same files one by one. */
const { context } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild') as Bundler

/**
 * Puts a program and all that it imports into one file, which starts in a quarter of a second instead of two: a test that kills a
 * process between any two steps needs a hundred of them.
 * @returns the file's path
 */
export async function bundle(entry: URL, folder: string): Promise<string> {
  const name = basename(fileURLToPath(entry), '.ts')
  const made = await bundler(entry, { outfile: join(folder, `${name}.bundle.mjs`) })
  await made.rebuild()
  await made.dispose()

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

/** What puts a program into one file, as often as it is asked to. `write: false`: its text is answered instead, packages left out. */
export function bundler(
  entry: URL,
  options: { outfile: string } | { write: false; packages: 'external'; plugins: Plugin[] },
): ReturnType<Bundler['context']> {
  return context({
    entryPoints: [fileURLToPath(entry)],
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
    ...options,
  })
}
