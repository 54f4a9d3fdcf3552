import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { type Fact, Facts } from '#app/components/facts.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Id } from '#app/components/id.tsx'
import { Money } from '#app/components/money.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { periodLabel } from '../payouts/period.ts'
import { usePayoutPage } from './page-data.ts'

/** What an approver should look at twice. */
export function Flags({ flags }: { flags: readonly { code: string; message: string; payoutId?: string }[] }) {
  if (flags.length === 0) return null
  return (
    <section
      aria-label="Worth a second look"
      className="rounded-lg border border-line bg-surface px-3.5 py-3"
      data-card-box=""
    >
      <h2 className="font-semibold">Worth a second look</h2>
      <ul className="mt-1.5 flex flex-col gap-1">
        {flags.map(({ code, message, payoutId }) => (
          <li key={code} className="flex gap-2">
            <Icon name="eye" size={14} className="mt-[0.2em] text-info" />
            <span>
              {message}{' '}
              {payoutId ? (
                <Link to={`/admin/payouts/${payoutId}`} className="link">
                  Open that payout
                </Link>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What it is for; the lines sum to the header. */
export function Lines() {
  const { payout } = usePayoutPage()
  return (
    <Card title="Lines" padding="none">
      <Table
        caption="Lines of this payout"
        rows={payout.lines.map((line, index) => ({ ...line, key: String(index) }))}
        rowKey={line => line.key}
        columns={[
          { key: 'description', header: 'Description', card: 'title', cell: line => line.description },
          {
            key: 'amount',
            header: 'Amount',
            align: 'end',
            card: 'aside',
            cell: line => <Money amount={line.amount} currency={line.currency} />,
          },
        ]}
        footer={{
          description: 'Total',
          amount: <Money amount={payout.amount} currency={payout.currency} />,
        }}
      />
    </Card>
  )
}

/** Facts that don't move: number, period, note, who made it and how. */
export function Details() {
  const { payout, staff, manualMethods } = usePayoutPage()
  const source: Record<string, string> = {
    form: 'By hand',
    api: 'Through the API',
    import: 'From a spreadsheet',
    demo: 'Demo',
  }
  const facts: (Fact | null)[] = [
    { label: 'Number', value: payout.number },
    { label: 'Period', value: payout.period ? periodLabel(payout.period) : null },
    { label: 'Reference', value: payout.reference },
    { label: 'Created', value: <When at={payout.createdAt} />, hint: `by ${staff.createdBy}` },
    {
      label: 'Source',
      value: staff.importId ? (
        <Link to={`/admin/payouts/import/${staff.importId}`} className="link">
          {source.import}
        </Link>
      ) : (
        (source[staff.source] ?? staff.source)
      ),
    },
    payout.paidDetails
      ? {
          label: 'Paid outside Stripe',
          value:
            manualMethods.find(method => method.value === payout.paidDetails?.method)?.label ??
            payout.paidDetails.method,
          hint: `${payout.paidDetails.paidOn}, reference ${payout.paidDetails.reference}`,
        }
      : null,
    payout.amountReversed > 0
      ? { label: 'Taken back', value: <Money amount={-payout.amountReversed} currency={payout.currency} /> }
      : null,
    payout.bankStatus ? { label: 'Bank', value: <StatusBadge of="bank" status={payout.bankStatus} /> } : null,
    staff.destination ? { label: 'Stripe account', value: <Id value={staff.destination} what="account id" /> } : null,
    staff.transferId ? { label: 'Transfer', value: <Id value={staff.transferId} what="transfer id" /> } : null,
  ]
  return (
    <Card title="Details">
      <Facts facts={facts.filter(fact => fact !== null)} />
      {payout.notes ? (
        <div className="mt-3 border-line border-t pt-3">
          <p className="text-muted text-sm">Note, which the partner can read</p>
          <p className="whitespace-pre-wrap break-words">{payout.notes}</p>
        </div>
      ) : null}
    </Card>
  )
}

export function Approvals() {
  const { staff } = usePayoutPage()
  if (staff.approvals.length === 0) return null
  return (
    <Card title="Approvals">
      <ul className="flex flex-col gap-2">
        {staff.approvals.map(({ id, name, approvedAt, voidedAt }) => (
          <li key={id} className="flex gap-2">
            <Icon
              name={voidedAt ? 'undo' : 'check'}
              className={voidedAt ? 'mt-0.5 text-faint' : 'mt-0.5 text-success'}
            />
            <div className="min-w-0">
              <p className={voidedAt ? 'text-muted' : 'font-medium'}>{name}</p>
              <p className="text-muted text-sm">
                <When at={approvedAt} />
                {voidedAt ? (
                  <>
                    ; void since <When at={voidedAt} />
                  </>
                ) : null}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** Every try to move the money, newest first, with the ids that Stripe's support asks for. */
export function Attempts() {
  const { staff } = usePayoutPage()
  if (staff.attempts.length === 0) return null
  return (
    <Card title="Transfer attempts" description="Each has its own key; the same key never moves money twice.">
      <ol className="flex flex-col divide-y divide-line">
        {staff.attempts.map(attempt => (
          <li key={attempt.id} className="flex flex-col gap-1 py-3 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
              <p className="flex items-center gap-2 font-medium">
                Attempt {attempt.number} <StatusBadge of="attempt" status={attempt.state} />
              </p>
              <p className="text-muted text-sm">
                <When at={attempt.lastSentAt ?? attempt.createdAt} />
                {attempt.sends > 1 ? `, asked ${attempt.sends} times` : null}
              </p>
            </div>
            {attempt.failureMessage ? <p>{attempt.failureMessage}</p> : null}
            {attempt.lastError && attempt.lastError !== attempt.failureMessage ? (
              <p className="break-words text-muted text-sm">{attempt.lastError}</p>
            ) : null}
            <dl className="grid gap-x-3 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
              <Mono label="Key" value={attempt.idempotencyKey} />
              <Mono label="Transfer" value={attempt.transferId} />
              <Mono label="Stripe’s request" value={attempt.stripeRequestId} />
              <Mono label="Code" value={attempt.failureCode} />
            </dl>
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Mono({ label, value }: { label: string; value: string | null }) {
  if (!value) return null
  return (
    <div className="contents">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0">
        <Id value={value} what={label.toLowerCase()} />
      </dd>
    </div>
  )
}

export function Releases() {
  const { staff } = usePayoutPage()
  if (staff.releases.length === 0) return null
  return (
    <Card title="What people found at Stripe">
      <ul className="flex flex-col gap-3">
        {staff.releases.map(({ id, name, evidence, createdAt }) => (
          <li key={id}>
            <p className="font-medium">
              {name}{' '}
              <span className="font-normal text-muted text-sm">
                <When at={createdAt} />
              </span>
            </p>
            <p className="whitespace-pre-wrap break-words">{evidence}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}

export function Emails() {
  const { staff } = usePayoutPage()
  return (
    <Card title="Emails">
      {staff.emails.length === 0 ? (
        <p className="text-muted">None yet.</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {staff.emails.map(({ id, subject, recipient, status, createdAt }) => (
            <li key={id} className="min-w-0">
              <Link to={`/admin/emails/${id}`} className="link break-words">
                {subject}
              </Link>
              <p className="break-words text-muted text-sm">{recipient}</p>
              <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-muted text-sm">
                <StatusBadge of="email" status={status} /> <When at={createdAt} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
