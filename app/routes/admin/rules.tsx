import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'
import { Overlaps, RuleOrder, UnmatchedDeals } from './rules/parts.tsx'

export const meta: MetaFunction = () => [{ title: 'Rules · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  return query(args, async api => {
    const [list, unmatched] = await Promise.all([
      api.rules.list(),
      api.rules.unmatched({ cursor: cursorOf(params), limit: 25 }),
    ])
    return { ...list, unmatched, mayDraft: allows(args.context.viewer?.role ?? 'partner', 'rules.draft') }
  })
}

export default function Rules() {
  const { rules, overlaps, drafts, unmatched, mayDraft } = useLoaderData<typeof loader>()
  return (
    <Page
      title="Rules"
      description="What partners earn from won deals. The first rule that matches pays; a spiff comes on top."
      actions={mayDraft && rules.length > 0 ? <NewRule /> : null}
    >
      {drafts > 0 ? (
        <Banner
          tone="info"
          title={drafts === 1 ? 'A draft waits for publication' : `${drafts} drafts wait for publication`}
        >
          A draft pays nobody until a second person publishes it.
        </Banner>
      ) : null}
      <Overlaps overlaps={overlaps} />
      {rules.length === 0 ? (
        <Card padding="none">
          <Empty icon="filter" title="No rules yet" action={mayDraft ? <NewRule /> : null}>
            Until a rule matches, a partner earns its default rate, or nothing. A rule says who earns how much on which
            deals; somebody else than its author puts it in force.
          </Empty>
        </Card>
      ) : null}
      <RuleOrder
        title="Base"
        says="Asked from top to bottom; the first that matches pays."
        rules={rules.filter(rule => rule.stream === 'base')}
      />
      <RuleOrder
        title="Spiffs"
        says="On top of the base; again the first that matches."
        rules={rules.filter(rule => rule.stream === 'spiff')}
      />
      <Card
        title="Won deals that no rule matched"
        description="Partners with credit, without a rule and without a default rate: they earn nothing. After a rule is published, recalculate the deal."
        padding="none"
      >
        <UnmatchedDeals rows={unmatched.rows} />
      </Card>
      <ListEnd shown={unmatched.rows.length} next={unmatched.next} />
    </Page>
  )
}

function NewRule() {
  return (
    <LinkButton to="/admin/rules/new" icon="plus" variant="primary">
      New rule
    </LinkButton>
  )
}
