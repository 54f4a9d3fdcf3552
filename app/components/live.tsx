import { useActionData, useLocation, useNavigation, useRevalidator } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { api } from '#app/api.ts'

/** At least this long between two reads of the page; the server itself gathers changes for half a second. */
const SPACING_MS = 500

/**
 * Reads the page's loaders again when something changed elsewhere. Rows are keyed and checkboxes uncontrolled, so selection,
 * focus and scroll stay. Only a visible tab listens: browsers allow six connections to a host, and hidden tabs would use them up;
 * a tab that comes into view looks for whatever it missed.
 */
export function Live() {
  const readSoon = useReadWhenIdle()
  useEffect(() => {
    let stop: (() => void) | null = null
    const follow = () => {
      if (document.visibilityState === 'hidden') {
        stop?.()
        stop = null
        return
      }
      if (stop) return
      // The first message of each connection may follow changes that nobody told us of; later empty ones are heartbeats.
      let fresh = true
      const subscription = api.live.changes.subscribe(undefined, {
        onConnectionStateChange: ({ state }) => {
          if (state === 'connecting') fresh = true
        },
        onData: ({ what }) => {
          if (fresh || what.length > 0) readSoon()
          fresh = false
        },
        // The session is over, or the server refuses: the page still works, and the next click says what is wrong.
        onError: () => {},
      })
      stop = () => subscription.unsubscribe()
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      stop?.()
    }
  }, [readSoon])
  return null
}

/** A stable function that reads the loaders again soon: never during a navigation or a post, and not too often. */
function useReadWhenIdle(): () => void {
  const { revalidate, state } = useRevalidator()
  const navigation = useNavigation()
  const idle = state === 'idle' && navigation.state === 'idle'
  const now = useRef({ revalidate, idle, timer: 0, last: 0, wanted: false })
  now.current.revalidate = revalidate
  now.current.idle = idle

  const readSoon = useRef(() => {
    const at = now.current
    at.wanted = true
    if (!at.idle || at.timer) return
    const read = () => {
      at.timer = 0
      if (!at.idle || wouldLoseAnAnswer()) return
      at.wanted = false
      at.last = performance.now()
      at.revalidate()
    }
    at.timer = window.setTimeout(read, Math.max(0, at.last + SPACING_MS - performance.now()))
  }).current

  useEffect(() => {
    if (idle && now.current.wanted) readSoon()
  }, [idle, readSoon])
  useEffect(
    () => () => {
      clearTimeout(now.current.timer)
      now.current.timer = 0
    },
    [],
  )
  return readSoon
}

/** How many mounted parts keep their action's answer by themselves. */
let keepers = 0

/**
 * `useActionData` that outlives live updates: the router drops an action's answer (the errors beside a form, the result of a bulk
 * change) whenever it reads the loaders again. This one keeps it until the person goes on.
 */
export function useAnswer<Action>(): ReturnType<typeof useActionData<Action>> {
  const answer = useActionData<Action>()
  // Another post or another page is another location; reading again is not.
  const { key } = useLocation()
  const kept = useRef({ key, answer })
  if (answer !== undefined || kept.current.key !== key) kept.current = { key, answer }
  useEffect(() => {
    keepers++
    return () => {
      keepers--
    }
  }, [])
  return kept.current.answer
}

/** A page that uses plain `useActionData` is not read again while it shows an answer. Remix keeps its router on the window. */
function wouldLoseAnAnswer(): boolean {
  const { __remixRouter } = window as { __remixRouter?: { state?: { actionData?: unknown } } }
  return keepers === 0 && Boolean(__remixRouter?.state?.actionData)
}
