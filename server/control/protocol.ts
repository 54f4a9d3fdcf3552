import { z } from 'zod'

/** Yields lines for the person at the terminal, and returns the exit code. */
export type CommandRun = AsyncGenerator<string, number, void>

/** What the running process can be asked to do, by name. */
export type CommandTable = Record<string, (args: string[]) => CommandRun>

/** One line of JSON from the terminal; then the lines of the answer come back, and the exit code last. */
export const requestSchema = z
  .object({ command: z.string().max(64), args: z.array(z.string().max(4096)).max(64) })
  .strict()
export const answerSchema = z.union([
  z.object({ line: z.string() }).strict(),
  z.object({ exit: z.number().int() }).strict(),
  z.object({ error: z.string() }).strict(),
])

export type Request = z.infer<typeof requestSchema>
export type Answer = z.infer<typeof answerSchema>
