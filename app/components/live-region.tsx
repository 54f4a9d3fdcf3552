import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'

const Announce = createContext<(message: string) => void>(() => {})

/** Says a message to screen readers, politely: results that sighted people see happen. */
export function useAnnounce(): (message: string) => void {
  return useContext(Announce)
}

/** The document's one status region. It is in the page from the start, because regions added later stay silent. */
export function LiveRegion({ children }: { children: ReactNode }) {
  const [{ message, turn }, setMessage] = useState({ message: '', turn: 0 })
  const announce = useCallback((message: string) => setMessage(last => ({ message, turn: last.turn + 1 })), [])
  return (
    <Announce.Provider value={announce}>
      {children}
      <div role="status" className="sr-only" data-live-region="">
        {/* A new key replaces the node, so the same message twice is said twice. */}
        <span key={turn}>{message}</span>
      </div>
    </Announce.Provider>
  )
}
