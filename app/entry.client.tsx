import { RemixBrowser } from '@remix-run/react'
import { StrictMode, startTransition, useEffect } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { holdBackDeeds } from '#app/components/before-hydration.ts'
import { RequestContext, readRequestFromDocument } from '#app/components/request-context.ts'

const request = readRequestFromDocument()
const letThrough = holdBackDeeds()

/** Rendered beside the page: its effect runs when all of it is hydrated. */
function Hydrated() {
  useEffect(letThrough, [])
  return null
}

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <RequestContext.Provider value={request}>
        <RemixBrowser />
        <Hydrated />
      </RequestContext.Provider>
    </StrictMode>,
  )
})
