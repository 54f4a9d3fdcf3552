import { RemixBrowser } from '@remix-run/react'
import { StrictMode, startTransition } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { RequestContext, readRequestFromDocument } from '#app/components/request-context.ts'

const request = readRequestFromDocument()

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <RequestContext.Provider value={request}>
        <RemixBrowser />
      </RequestContext.Provider>
    </StrictMode>,
  )
})
