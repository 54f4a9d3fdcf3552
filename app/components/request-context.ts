import { createContext, useContext } from 'react'

/** What every page may need of the request it answers: the CSP nonce (server only) and the id to quote to support. */
export type RequestInfo = { nonce: string | undefined; requestId: string | undefined }

export const RequestContext = createContext<RequestInfo>({ nonce: undefined, requestId: undefined })

export function useRequestInfo(): RequestInfo {
  return useContext(RequestContext)
}

/** The browser's copy. The nonce stays out: browsers hide it from scripts, and only the server's own tags need it. */
export function readRequestFromDocument(): RequestInfo {
  return { nonce: undefined, requestId: document.documentElement.dataset.requestId }
}
