import { symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
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
  const outfile = join(folder, 'program.mjs')
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    logLevel: 'error',
    // Native modules stay where they are.
    external: ['libsql', '@node-rs/argon2'],
    minifyWhitespace: true,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  return outfile
}
