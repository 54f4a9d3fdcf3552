import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { answerSchema, type CommandRun, type Request } from './protocol.ts'

/**
 * Asks the process that owns the database to run a command. Null when no process listens.
 * The run throws what the process answered as an error, or when the process died in the middle.
 */
export async function askRunning(path: string, request: Request): Promise<CommandRun | null> {
  const socket = connect(path)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // No file, or one that a dead process left behind.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null
    throw error
  }
  socket.on('error', () => {})
  socket.write(`${JSON.stringify(request)}\n`)
  return answers()

  async function* answers(): CommandRun {
    try {
      for await (const text of createInterface({ input: socket })) {
        const answer = answerSchema.parse(JSON.parse(text))
        if ('exit' in answer) return answer.exit
        if ('error' in answer) throw new CommandError(answer.error)
        yield answer.line
      }
      throw new CommandError('The running process stopped before it was done.')
    } catch (error) {
      // A connection that breaks, and half a line, are the same news.
      throw error instanceof CommandError ? error : new CommandError('The running process stopped before it was done.')
    } finally {
      socket.destroy()
    }
  }
}

class CommandError extends Error {}
