import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { ErrorSummary, Form } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { streamLabels } from '#server/rules/rules.ts'
import { changeRule } from './rule/change.server.ts'
import { Preview } from './rule/preview.tsx'
import { Version } from './rule/versions.tsx'
import { Overlaps } from './rules/parts.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.rule.name} · Rules · Remit` : 'Rule · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const rule = await api.rules.get({ ruleId: args.params.ruleId ?? '' })
    const draft = rule.versions.find(version => version.status === 'draft')
    return {
      rule,
      preview: draft ? await api.rules.preview({ ruleVersionId: draft.id }) : null,
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const outcome = await changeRule(args, args.params.ruleId ?? '', form)
  if (!outcome.ok) return data({ ...outcome, intent: String(form.get('intent')) }, { status: outcome.status })
  const { message, to } = outcome.value
  return redirectWithToast(args.context, to, { kind: 'success', message })
}

export default function RulePage() {
  const { rule, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const draft = rule.versions.find(version => version.status === 'draft')
  // Somebody was faster, and the form that was refused is gone.
  const gone = refusal && !(draft && (refusal.intent === 'publish' || refusal.intent === 'discard'))
  return (
    <Page
      title={rule.name}
      aside={<Badge tone={rule.stream === 'spiff' ? 'accent' : 'neutral'}>{streamLabels[rule.stream].label}</Badge>}
      description={rule.program ? `For the program “${rule.program.name}”` : 'For every program'}
      breadcrumbs={[{ label: 'Rules', to: '/admin/rules' }]}
      actions={
        rule.newVersion && !rule.newVersion.refusal ? (
          <Form hidden={{ intent: 'newVersion', idempotencyKey }}>
            <SubmitButton variant="secondary" icon="plus">
              New version
            </SubmitButton>
          </Form>
        ) : null
      }
    >
      {gone ? <ErrorSummary errors={refusal} /> : null}
      <Overlaps overlaps={rule.overlaps} />
      {draft ? (
        <>
          <Banner tone="info" title={`Draft ${draft.number} waits for publication`}>
            It pays nobody until somebody else than its authors publishes it.
          </Banner>
          <Version version={draft} />
          <Preview />
        </>
      ) : null}
      {rule.versions
        .filter(version => version !== draft)
        .map(version => (
          <Version key={version.id} version={version} />
        ))}
    </Page>
  )
}
