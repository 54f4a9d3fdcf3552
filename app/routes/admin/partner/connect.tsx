import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { type Fact, Facts } from '#app/components/facts.tsx'
import { Form } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Id } from '#app/components/id.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { useHidden, usePartnerPage } from './page-data.ts'

/** Where the partner stands with Stripe, what Stripe still asks for and until when, and what staff can do about it. */
export function Connect() {
  const { partner } = usePartnerPage()
  const { connect, may } = partner
  const remind = useHidden('remind')
  const sync = useHidden('sync')
  const facts: (Fact | null)[] = [
    connect.accountId ? { label: 'Stripe account', value: <Id value={connect.accountId} what="account id" /> } : null,
    connect.syncedAt ? { label: 'Last read from Stripe', value: <When at={connect.syncedAt} /> } : null,
    connect.destinationChangedAt
      ? { label: 'Payout details changed', value: <When at={connect.destinationChangedAt} /> }
      : null,
    partner.onHold ? { label: 'On hold until', value: <When at={partner.holdUntil} /> } : null,
  ]
  const known = facts.filter(fact => fact !== null)
  return (
    <Card
      title="Payouts with Stripe"
      actions={
        <>
          {may.sync ? (
            <Form hidden={sync}>
              <SubmitButton name="do" value="sync" variant="secondary" size="sm" icon="refresh">
                Ask Stripe now
              </SubmitButton>
            </Form>
          ) : null}
          {may.remind ? (
            <Form hidden={remind}>
              <SubmitButton name="do" value="remind" variant="secondary" size="sm" icon="mail">
                Remind to finish
              </SubmitButton>
            </Form>
          ) : null}
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <StatusBadge of="partner" status={partner.transfersStatus} label={partner.label} />
          <span>{partner.says}.</span>
        </p>
        {partner.requirements.length > 0 ? (
          <div>
            <p className="font-medium">Stripe still asks {partner.name} for</p>
            <ul className="mt-1 flex flex-col gap-1">
              {partner.requirements.map(({ code, text, deadline }) => (
                <li key={code} className="flex gap-2">
                  <Icon name="circle-dashed" size={14} className="mt-[0.2em] text-warning" />
                  <span>
                    {text}
                    {deadline ? (
                      <span className="text-muted">
                        , by <When at={deadline} mode="date" />
                      </span>
                    ) : null}
                  </span>
                </li>
              ))}
            </ul>
            <p className="mt-1 text-muted text-sm">
              Only they can give it, at Stripe, from their portal’s set-up page.
            </p>
          </div>
        ) : null}
        {partner.onHold ? (
          <p className="flex gap-2">
            <Icon name="pause" className="mt-0.5 text-warning" />
            <span>
              Where the money goes was changed lately, so nothing is sent before <When at={partner.holdUntil} />. Ask
              them by a way you trust whether it was them.
            </span>
          </p>
        ) : null}
        {known.length > 0 ? (
          <div className="border-line border-t pt-3">
            <Facts facts={known} />
          </div>
        ) : null}
      </div>
    </Card>
  )
}
