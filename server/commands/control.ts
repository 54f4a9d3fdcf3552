import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Database, openDatabase } from '#db/client.ts'
import { currentVersion, latestVersion } from '#db/migrate.ts'
import { settings } from '../config.ts'
import { askRunning } from '../control/client.ts'
import { controlPath, databaseFile } from '../control/path.ts'
import type { CommandRun } from '../control/protocol.ts'

export interface CommandOptions {
  env?: Record<string, string | undefined>
  print?: (line: string) => void
}

/**
 * Runs a command where the database is: in the process that owns the file, asked over its control socket, or here, with the file
 * opened for this process alone, when none runs. Against a database server it always runs here. Only the two settings that say
 * where the database is are read, so it works where the rest of the configuration is not at hand.
 * @returns the exit code
 */
export async function runCommand(
  command: string,
  args: string[],
  locally: (db: Database, args: string[]) => CommandRun,
  { env = process.env, print = console.log }: CommandOptions = {},
): Promise<number> {
  const url = settings.DATABASE_URL.parse(env.DATABASE_URL?.trim() || undefined)
  const path = controlPath(url)
  const remote = path && (await askRunning(path, { command, args }))
  if (remote) return finish(remote, print)
  // Opening would create what isn't there, and a wrong path would look like a database without a fault.
  if (path && !existsSync(databaseFile(url))) throw new Error(`There is no database at ${url}. Is DATABASE_URL right?`)
  const db = await openDatabase({ url, authToken: env.DATABASE_AUTH_TOKEN?.trim() || undefined })
  try {
    if ((await currentVersion(db)) !== latestVersion())
      throw new Error(
        `The database at ${url} is of another version: start this version of Remit once, then run this again.`,
      )
    return await finish(locally(db, args), print)
  } finally {
    await db.close()
  }
}

async function finish(run: CommandRun, print: (line: string) => void): Promise<number> {
  for (;;) {
    const step = await run.next()
    if (step.done) return step.value
    print(step.value)
  }
}

/** Files are read where the database is, which need not be the folder that the command was given in: an option's paths become whole. */
export function wholePaths(args: string[], option: string): string[] {
  return args.map((arg, index) => {
    if (arg.startsWith(`${option}=`)) return `${option}=${resolve(arg.slice(option.length + 1))}`
    return args[index - 1] === option ? resolve(arg) : arg
  })
}

/** For the last line of a command's file: runs it when npm has started that file, says what went wrong in one line, and exits. */
export async function runAsProgram(run: () => Promise<number>): Promise<void> {
  try {
    // What the environment already says wins over the file.
    if (existsSync('.env')) process.loadEnvFile('.env')
    process.exitCode = await run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
