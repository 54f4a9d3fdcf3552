import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { Log } from '../deps.ts'
import { type Answer, type CommandTable, type Request, requestSchema } from './protocol.ts'

const requestLimit = 64 * 1024
const requestTimeMs = 10_000

/**
 * Listens for commands of this machine's user. The caller owns the database's file, so a socket that lies there already is of a
 * process that has died. Resolves when it listens; `close` ends what is still running.
 */
export async function listenForCommands(
  path: string,
  commands: CommandTable,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A terminal that was closed; there is nobody left to tell.
    socket.on('error', () => {})
    void converse(socket, commands, log)
  })
  // Who may open the socket may do all this; it is never open to others, not even between listening and chmod.
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
      process.umask(mask)
    })
  } finally {
    process.umask(mask)
  }
  chmodSync(path, 0o600)
  return {
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      rmSync(path, { force: true })
    },
  }
}

async function converse(socket: Socket, commands: CommandTable, log: Log): Promise<void> {
  try {
    const request = await readRequest(socket)
    const command = Object.hasOwn(commands, request.command) ? commands[request.command] : undefined
    if (!command) {
      await send(socket, { error: `The running process does not know the command ${request.command}.` })
    } else {
      log.info({ command: request.command }, 'a command was given at the terminal')
      await answer(socket, command(request.args))
    }
  } catch (error) {
    if (!socket.destroyed) {
      log.error({ err: error }, 'a command failed')
      await send(socket, { error: error instanceof Error ? error.message : String(error) })
    }
  }
  socket.end()
}

async function answer(socket: Socket, run: ReturnType<CommandTable[string]>): Promise<void> {
  for (;;) {
    const step = await run.next()
    if (step.done) return send(socket, { exit: step.value })
    if (socket.destroyed) {
      // Nobody listens any more: the command may tidy up.
      await run.return(1)
      return
    }
    await send(socket, { line: step.value })
  }
}

function readRequest(socket: Socket): Promise<Request> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error('No command came.')), requestTimeMs)
    socket.setEncoding('utf8')
    socket.on('close', () => {
      clearTimeout(timer)
      reject(new Error('The terminal went away.'))
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end < 0 && text.length <= requestLimit) return
      clearTimeout(timer)
      try {
        resolve(requestSchema.parse(JSON.parse(text.slice(0, Math.max(0, end)))))
      } catch {
        reject(new Error('That is not a command.'))
      }
    })
  })
}

/** Resolves when the other end has room for more, or is gone. */
async function send(socket: Socket, message: Answer): Promise<void> {
  if (socket.destroyed || socket.write(`${JSON.stringify(message)}\n`)) return
  await new Promise<void>(resolve => {
    const go = () => {
      socket.off('drain', go)
      socket.off('close', go)
      resolve()
    }
    socket.on('drain', go)
    socket.on('close', go)
  })
}
