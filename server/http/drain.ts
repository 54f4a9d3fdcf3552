import type { Server, ServerResponse } from 'node:http'

/**
 * Follows what a server is answering, so that it can stop without cutting anybody off. The returned function takes no more
 * connections, answers what is in flight, and resolves when nobody is left; whoever is still there after `graceMs` is cut off.
 */
export function drainable(server: Server): (graceMs: number) => Promise<void> {
  const answering = new Set<ServerResponse>()
  let draining = false
  // Before the app's own listener, which may answer at once.
  server.prependListener('request', (_request, response) => {
    answering.add(response)
    response.once('close', () => answering.delete(response))
    if (draining) response.setHeader('Connection', 'close')
  })
  return async graceMs => {
    draining = true
    const closed = new Promise(resolve => server.close(resolve))
    for (const response of answering) {
      // Live pages never end by themselves; they come back, to the next process.
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) response.destroy()
      else if (!response.headersSent) response.setHeader('Connection', 'close')
    }
    // `close` ends only the connections that are idle at that moment; kept-alive ones become so after it, too.
    const idle = setInterval(() => server.closeIdleConnections(), 50)
    const late = setTimeout(() => server.closeAllConnections(), graceMs)
    await closed
    clearInterval(idle)
    clearTimeout(late)
  }
}
