import Libsql from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import { aFolder, aPort, settingsFor, startRemit } from './process/processes.ts'

const patience = { timeout: 120_000 }
/** Nobody listens on port 9 (discard): what needs no Stripe gets none. */
const noStripe = 'http://127.0.0.1:9'

async function anInstallation(): Promise<Record<string, string>> {
  return settingsFor({ folder: aFolder(), port: await aPort(), stripe: noStripe })
}

const databaseOf = (env: Record<string, string>) => (env.DATABASE_URL ?? '').replace('file:', '')

/** What it says when it doesn't start, log lines left out. */
async function refusal(env: Record<string, string>): Promise<string> {
  const { code, output } = await startRemit(env).ended
  expect(code).toBe(1)
  return output.replace(/^\{"level":.*\n/gm, '')
}

test('a database or a port that another Remit has is refused in one sentence, without a stack', patience, async () => {
  const env = await anInstallation()
  const first = startRemit(env)
  await first.said(/Remit is running/)
  expect(await refusal({ ...env, PORT: String(await aPort()) })).toBe(
    `Remit could not start: ${databaseOf(env)} is open in process ${first.child.pid}. Only one process at a time may own it: stop that one first.\n`,
  )
  expect(await refusal({ ...env, DATABASE_URL: `file:${aFolder()}/remit.db` })).toBe(
    `Remit could not start: 127.0.0.1:${env.PORT} is taken by another program. Stop that one, or set PORT.\n`,
  )
  expect((await fetch(`${env.PUBLIC_URL}/readyz`)).status).toBe(200)
})

test.each(['DELETE', 'WAL'])('a file that another program has locked (journal: %s) likewise', patience, async mode => {
  const env = await anInstallation()
  const foreign = new Libsql(databaseOf(env))
  onTestFinished(() => {
    foreign.close()
  })
  foreign.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE theirs (id INTEGER); BEGIN EXCLUSIVE`)
  expect(await refusal(env)).toBe(
    `Remit could not start: ${databaseOf(env)} is locked by another program, a shell or a backup perhaps. Close it there, then start again.\n`,
  )
})

test('a path where no database can be likewise', patience, async () => {
  const env = await anInstallation()
  const said = await refusal({ ...env, DATABASE_URL: `file:${aFolder()}` })
  expect(said).toMatch(/^Remit could not start: .+\n$/)
})
