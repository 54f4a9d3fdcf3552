import { useNavigation } from '@remix-run/react'
import { useEffect, useRef, useState } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { useAnnounce } from '#app/components/live-region.tsx'
import { payoutLooks } from '#app/components/status-badge.tsx'
import { usePayoutPage } from './page-data.ts'
import { actionLabel } from './words.ts'

/**
 * Says that somebody else, or Stripe, changed this payout while the page was open: live updates must not swap what a person is
 * about to agree to without a word.
 */
export function ChangedNotice() {
  const { payout, staff, viewerName } = usePayoutPage()
  const navigation = useNavigation()
  const announce = useAnnounce()
  const seen = useRef({ id: payout.id, version: payout.version })
  const posted = useRef(false)
  const [notice, setNotice] = useState<string | null>(null)
  if (navigation.formMethod === 'POST') posted.current = true

  const [last] = staff.history
  useEffect(() => {
    const before = seen.current
    seen.current = { id: payout.id, version: payout.version }
    if (before.id !== payout.id || posted.current) {
      posted.current = false
      setNotice(null)
    } else if (before.version !== payout.version && last && last.actor !== viewerName) {
      const words = `${last.actor} just changed this payout: ${actionLabel(last.action).toLowerCase()}. It is ${payoutLooks[payout.status].label.toLowerCase()} now.`
      setNotice(words)
      announce(words)
    }
  }, [payout.id, payout.version, payout.status, last, viewerName, announce])

  return notice ? <Banner tone="info" icon="refresh" title={notice} /> : null
}
