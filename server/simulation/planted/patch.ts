import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Part } from './planted.ts'

export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A file's path from the project's root, as patches name it. */
export function fileOf(path: string): string {
  return relative(root, path).replaceAll('\\', '/')
}

/**
 * A file's text with the parts in it that are for this file.
 * @throws Error where what a part replaces is not in the file exactly once
 */
export function patched(file: string, parts: Part[]): string {
  let text = readFileSync(join(root, file), 'utf8')
  for (const { find, replace } of parts.filter(part => part.file === file)) {
    const pieces = text.split(find)
    if (pieces.length !== 2)
      throw new Error(`The patch no longer fits: ${file} has ${pieces.length - 1} times, not once: ${find}`)
    text = pieces.join(replace)
  }
  return text
}
