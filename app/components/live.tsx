import { useFetcher, useNavigation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { api } from '#app/api.ts'

/** At least this long between two reads of the page; the server itself gathers changes for half a second. */
const SPACING_MS = 700

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

/**
 * A stable function that reads the loaders again soon: never during a navigation or a post, and not too often. It posts to a route
 * whose clientAction does nothing, because the router's own revalidate() throws away what an action answered: the errors beside a
 * form, the result of a bulk change.
 */
function useReadWhenIdle(): () => void {
  const fetcher = useFetcher({ key: 'live' })
  const navigation = useNavigation()
  const idle = fetcher.state === 'idle' && navigation.state === 'idle'
  const now = useRef({ submit: fetcher.submit, idle, timer: 0, last: 0, wanted: false })
  now.current.submit = fetcher.submit
  now.current.idle = idle

  const readSoon = useRef(() => {
    const at = now.current
    at.wanted = true
    if (!at.idle || at.timer) return
    const read = () => {
      at.timer = 0
      if (!at.idle) return
      at.wanted = false
      at.last = performance.now()
      at.submit(null, { method: 'post', action: '/?index' })
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
