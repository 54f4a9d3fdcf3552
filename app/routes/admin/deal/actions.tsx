import type { ReactNode } from 'react'
import { ActionButtons, type ActionItem } from '#app/components/action-buttons.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'
import { LoseDialog, RecalculateDialog, RefundDialog, ReopenDialog, WinDialog } from './dialogs.tsx'
import { useDealPage } from './page-data.ts'

const next = ['win', 'lose', 'refund']

/** The one next step in words, and every action the procedure offers; refused ones with their reason. */
export function DealActions() {
  const { deal } = useDealPage()
  const items: ActionItem[] = deal.actions.map(({ action, label, tone, refusal }) => ({
    action,
    label,
    tone,
    disabled: refusal ? [refusal] : null,
  }))
  const forward = items.filter(({ action }) => next.includes(action))
  const others = items.filter(({ action }) => !next.includes(action))
  return (
    <section id="next" aria-label="Next step" className="scroll-mt-16">
      <Card>
        <p className="flex items-start gap-2">
          <Icon name="arrow-right" className="mt-0.5 text-accent" />
          <span>
            <NextStep />
          </span>
        </p>
        {forward.length > 0 ? (
          <div className="mt-3">
            <Buttons items={forward} />
          </div>
        ) : null}
        {others.length > 0 ? (
          <div className="mt-3 border-line border-t pt-3">
            <Buttons items={others} />
          </div>
        ) : null}
      </Card>
    </section>
  )
}

function Buttons({ items }: { items: readonly ActionItem[] }) {
  const { deal } = useDealPage()
  const dialogs: Record<string, (item: ActionItem) => ReactNode> = {
    win: ({ label }) => <WinDialog label={label} />,
    lose: ({ label }) => <LoseDialog label={label} />,
    reopen: ({ label }) => <ReopenDialog label={label} />,
    refund: ({ label }) => <RefundDialog label={label} />,
    recalculate: ({ label }) => <RecalculateDialog label={label} />,
    override: ({ label }) => (
      <LinkButton to={`/admin/deals/${deal.id}/shares`} icon="edit">
        {label}
      </LinkButton>
    ),
  }
  return <ActionButtons actions={items} replace={dialogs} />
}

function NextStep() {
  const { deal } = useDealPage()
  switch (deal.stage) {
    case 'open':
      return <>Open. When it is decided, mark it won or lost; until then nobody earns from it.</>
    case 'lost':
      return (
        <>
          Lost on <When at={deal.closedAt} mode="date" timeZone={deal.program.timeZone} />. Nobody earns from it.
        </>
      )
    case 'won':
      return (
        <>
          Won on <When at={deal.closedAt} mode="date" timeZone={deal.program.timeZone} />.{' '}
          {deal.current && deal.current.credits.length > 0
            ? `${deal.current.credits.length === 1 ? 'One partner is' : `${deal.current.credits.length} partners are`} credited.`
            : 'Nobody is credited: add the touch that is missing.'}
          {deal.refunded > 0 ? (
            <>
              {' '}
              <Money amount={deal.refunded} currency={deal.currency} /> was refunded.
            </>
          ) : null}
        </>
      )
  }
}
