import type { ReactNode } from 'react'
import { ActionButtons, type ActionItem } from '#app/components/action-buttons.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Money } from '#app/components/money.tsx'
import type { PayoutAction } from '#server/payouts/rules.ts'
import type { Offer } from '#server/payouts/view.ts'
import { ApproveDialog, CancelDialog, MarkPaidDialog, RejectDialog, SendBackDialog } from './dialogs.tsx'
import { DecideReversalDialog, ManualPaymentDialog, ReleaseDialog } from './more-dialogs.tsx'
import { usePayoutPage } from './page-data.ts'
import { forStaff } from './words.ts'

/** What moves the payout on stands first; what changes its course, below. */
const next: readonly PayoutAction[] = ['approve', 'reject', 'markPaid', 'release']

/** The one next step in words, and every action the procedure offers; refused ones with their reason. */
export function PayoutActions() {
  const { payout, staff, mayDecide } = usePayoutPage()
  const forward = payout.actions.filter(offer => next.includes(offer.action))
  const others = payout.actions.filter(offer => !next.includes(offer.action))
  const decision = staff.undecidedReversal > 0
  return (
    <section id="next" aria-label="Next step" className="scroll-mt-16">
      <Card>
        <p className="flex items-start gap-2">
          <Icon name="arrow-right" className="mt-0.5 text-accent" />
          <span>
            <NextStep />
          </span>
        </p>
        {decision && mayDecide ? (
          <div className="mt-3">
            <DecideReversalDialog />
          </div>
        ) : null}
        {forward.length > 0 ? (
          <div className="mt-3">
            <Buttons offers={forward} />
          </div>
        ) : null}
        {others.length > 0 ? (
          <div className="mt-3 border-line border-t pt-3">
            <Buttons offers={others} size="sm" />
          </div>
        ) : null}
      </Card>
    </section>
  )
}

function Buttons({ offers, size }: { offers: readonly Offer[]; size?: 'sm' }) {
  const { payout } = usePayoutPage()
  const items: ActionItem[] = offers.map(({ action, label, tone, refusal }) => ({
    action,
    label,
    tone,
    disabled: refusal ? [refusal] : null,
  }))
  const dialogs: Partial<Record<PayoutAction, (item: ActionItem) => ReactNode>> = {
    approve: item => <ApproveDialog item={item} />,
    reject: item => <RejectDialog item={item} />,
    markPaid: item => <MarkPaidDialog item={item} />,
    markPaidManually: item => <ManualPaymentDialog item={item} size={size} />,
    release: item => <ReleaseDialog item={item} />,
    unapprove: item => <SendBackDialog item={item} size={size} />,
    cancel: item => <CancelDialog item={item} size={size} />,
    update: item => (
      <LinkButton to={`/admin/payouts/${payout.id}/edit`} icon="edit" size={size}>
        {item.label}
      </LinkButton>
    ),
  }
  return <ActionButtons actions={items} replace={dialogs} size={size} />
}

function NextStep() {
  const { payout, staff } = usePayoutPage()
  const standing = staff.approvals.filter(approval => approval.voidedAt === null).length
  switch (payout.status) {
    case 'pending_approval':
      return staff.approvalsRequired > 1 ? (
        <>
          Waiting for approval: {standing} of {staff.approvalsRequired}.
        </>
      ) : (
        <>Waiting for someone to approve it.</>
      )
    case 'approved':
      return payout.blockers.length > 0 ? (
        <>Approved, but it can’t be sent yet.</>
      ) : (
        <>Approved. The next step is to send it.</>
      )
    case 'processing':
      return staff.needsReview ? (
        <>Look the transfer up at Stripe. Two people have to say what they found before anything is sent again.</>
      ) : (
        <>On its way. Stripe’s answer settles it; there is nothing to do.</>
      )
    case 'failed':
      return <>{payout.failureMessage ?? 'The transfer was refused.'} No money moved.</>
    case 'paid':
      if (staff.undecidedReversal > 0) return <Undecided />
      return <>{forStaff(payout.says)}. Nothing is left to do.</>
    case 'reversed':
      return staff.undecidedReversal > 0 ? <Undecided /> : <>The money was taken back. Nothing is left to do.</>
    default:
      return <>This payout is closed. If the partner is owed after all, create a new one.</>
  }
}

function Undecided() {
  const { payout, staff } = usePayoutPage()
  return (
    <>
      <Money amount={staff.undecidedReversal} currency={payout.currency} /> was taken back. Someone has to say whether{' '}
      {payout.partner.name} is owed it again.
    </>
  )
}
