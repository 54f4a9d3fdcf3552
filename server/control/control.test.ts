import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { runCommand } from '../commands/control.ts'
import { testDeps } from '../test/deps.ts'
import { askRunning } from './client.ts'
import { controlPath } from './path.ts'
import type { CommandRun, CommandTable } from './protocol.ts'
import { listenForCommands } from './server.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function aFolder(under = tmpdir()) {
  const folder = await mkdtemp(join(under, 'remit-control-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function listen(path: string, commands: CommandTable) {
  const deps = await testDeps()
  const server = await listenForCommands(path, commands, deps.log)
  cleanups.push(() => server.close())
  return { server, log: deps.log }
}

async function* echo(args: string[]): CommandRun {
  for (const arg of args) yield arg
  return args.length
}

async function linesOf(run: CommandRun | null): Promise<{ lines: string[]; exit: number }> {
  if (!run) throw new Error('nobody listens')
  const lines: string[] = []
  for (;;) {
    const step = await run.next()
    if (step.done) return { lines, exit: step.value }
    lines.push(step.value)
  }
}

test('the running process answers line by line and with the exit code', async () => {
  const path = join(await aFolder(), 'remit.db.sock')
  const { log } = await listen(path, { echo })
  const long = 'x'.repeat(1_000)
  const args = ['one', 'two\nlines', 'ünï', ...Array.from({ length: 50 }, () => long)]
  expect(await linesOf(await askRunning(path, { command: 'echo', args }))).toEqual({ lines: args, exit: 53 })
  expect(log.lines).toMatchObject([{ fields: { command: 'echo' } }])
})

test('only its own user can reach it, and it is gone when the process ends', async () => {
  const path = join(await aFolder(), 'remit.db.sock')
  const { server } = await listen(path, { echo })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await server.close()
  expect(existsSync(path)).toBe(false)
  expect(await askRunning(path, { command: 'echo', args: [] })).toBeNull()
})

test('what a dead process left behind is nobody, and is replaced', async () => {
  const path = join(await aFolder(), 'remit.db.sock')
  await writeFile(path, '')
  expect(await askRunning(path, { command: 'echo', args: [] })).toBeNull()
  await listen(path, { echo })
  expect((await linesOf(await askRunning(path, { command: 'echo', args: ['a'] }))).lines).toEqual(['a'])
})

test('an unknown command, one that throws, and nonsense are answered, and the process goes on', async () => {
  const path = join(await aFolder(), 'remit.db.sock')
  await listen(path, {
    echo,
    async *fail(): CommandRun {
      yield 'so far so good'
      throw new Error('the disk is full')
    },
  })
  await expect(linesOf(await askRunning(path, { command: 'constructor', args: [] }))).rejects.toThrow(
    'does not know the command constructor',
  )
  await expect(linesOf(await askRunning(path, { command: 'fail', args: [] }))).rejects.toThrow('the disk is full')
  for (const nonsense of ['hello\n', '{"command":5}\n', `${'x'.repeat(70_000)}`]) {
    const text = await new Promise<string>(resolve => {
      let heard = ''
      const socket = connect(path, () => socket.write(nonsense))
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        heard += chunk
      })
      socket.on('close', () => resolve(heard))
    })
    expect(text).toBe('{"error":"That is not a command."}\n')
  }
  expect((await linesOf(await askRunning(path, { command: 'echo', args: [] }))).exit).toBe(0)
})

test('a terminal that goes away ends its command; a process that stops ends the terminal’s wait', async () => {
  const path = join(await aFolder(), 'remit.db.sock')
  let tidied = false
  const { server } = await listen(path, {
    async *endless(): CommandRun {
      try {
        for (;;) {
          yield 'tick'
          await new Promise(resolve => setTimeout(resolve, 1))
        }
      } finally {
        tidied = true
      }
    },
  })
  const run = await askRunning(path, { command: 'endless', args: [] })
  expect((await run?.next())?.value).toBe('tick')
  await run?.return(0)
  await vi.waitFor(() => expect(tidied).toBe(true))
  const other = linesOf(await askRunning(path, { command: 'endless', args: [] }))
  const refused = expect(other).rejects.toThrow('stopped before it was done')
  await server.close()
  await refused
})

test('the socket lies beside the file, or where its path is short enough', async () => {
  const folder = await aFolder()
  expect(controlPath(`file:${folder}/remit.db`)).toBe(`${folder}/remit.db.sock`)
  expect(controlPath('file::memory:')).toBeNull()
  expect(controlPath('libsql://db.example.com')).toBeNull()
  const deep = join(folder, 'a-folder-with-a-long-name'.repeat(4), 'another-one'.repeat(6))
  await mkdir(deep, { recursive: true })
  const short = controlPath(`file:${deep}/remit.db`)
  expect(short).not.toBe(controlPath(`file:${deep}/other.db`))
  expect(Buffer.byteLength(short ?? '')).toBeLessThan(100)
  await listen(short ?? '', { echo })
  expect((await linesOf(await askRunning(short ?? '', { command: 'echo', args: ['a'] }))).lines).toEqual(['a'])
})

test('a command runs in the process that has the file, and otherwise here with the file to itself', async () => {
  const folder = await aFolder()
  const env = { DATABASE_URL: `file:${folder}/remit.db` }
  const db = await openDatabase({ url: env.DATABASE_URL })
  await migrate(db)
  const printed: string[] = []
  const print = (line: string) => void printed.push(line)
  async function* here(local: Awaited<ReturnType<typeof openDatabase>>): CommandRun {
    const [row] = await local.read.all<{ n: number }>('SELECT count(*) AS n FROM organizations')
    yield `here: ${row?.n}`
    return 7
  }
  // Somebody has the file and listens to nobody: refused, with that process's number.
  await expect(runCommand('where', [], here, { env, print })).rejects.toThrow('is open in')
  const { server } = await listen(controlPath(env.DATABASE_URL) ?? '', {
    async *where(args): CommandRun {
      yield `there: ${args.join(' ')}`
      return 3
    },
  })
  expect(await runCommand('where', ['--a', 'b'], here, { env, print })).toBe(3)
  await server.close()
  await db.close()
  expect(await runCommand('where', [], here, { env, print })).toBe(7)
  expect(printed).toEqual(['there: --a b', 'here: 0'])
  await expect(
    runCommand('where', [], here, { env: { DATABASE_URL: `file:${folder}/typo.db` }, print }),
  ).rejects.toThrow('There is no database at')
  expect(existsSync(join(folder, 'typo.db'))).toBe(false)
})
