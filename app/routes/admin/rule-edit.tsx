import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { changeOf, textOf } from './read-query.server.ts'
import { refusedFields, refusedRule, ruleChoices } from './rule/change.server.ts'
import { RuleFields } from './rule/fields.tsx'
import { readRuleForm, ruleTexts } from './rule/read-form.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? `Edit ${data.rule.name}` : 'Edit a rule'} · Rules · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const ruleId = args.params.ruleId ?? ''
  return query(args, async api => {
    const [rule, choices] = await Promise.all([api.rules.get({ ruleId }), ruleChoices(api)])
    const draft = rule.versions.find(version => version.status === 'draft')
    if (!draft) throw data({ message: 'This rule has no draft. Start a new version on its page.' }, { status: 404 })
    const about = { name: rule.name, stream: rule.stream, programId: rule.program?.id ?? null }
    return {
      ...choices,
      ...ruleTexts(draft.wording, about),
      rule: { id: rule.id, name: rule.name, renamable: rule.renamable },
      draft: { id: draft.id, number: draft.number, version: draft.version },
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const ruleId = args.params.ruleId ?? ''
  const form = await args.request.formData()
  const rule = await query(args, api => api.rules.get({ ruleId }))
  // The fields that stay are not in the form.
  if (!rule.renamable) {
    form.set('name', rule.name)
    form.set('stream', rule.stream)
    form.set('programId', rule.program?.id ?? '')
  }
  const read = readRuleForm(form)
  if (!read.ok) return refusedFields(read.fields, form)
  const ruleVersionId = textOf(form, 'ruleVersionId')
  const outcome = await mutate(args, api => api.rules.updateDraft({ ruleVersionId, ...read.values, ...changeOf(form) }))
  if (!outcome.ok) return refusedRule(outcome, form)
  return redirectWithToast(args.context, `/admin/rules/${ruleId}`, {
    kind: 'success',
    message: `Draft ${outcome.value.number} is saved.`,
  })
}

export default function EditRule() {
  const { rule, draft, programs, currencies, values, boxes, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const [key] = useState(idempotencyKey)
  return (
    <Page
      title={`Draft ${draft.number} of ${rule.name}`}
      width="narrow"
      breadcrumbs={[
        { label: 'Rules', to: '/admin/rules' },
        { label: rule.name, to: `/admin/rules/${rule.id}` },
      ]}
    >
      <Card>
        <Form
          hidden={{ idempotencyKey: key, ruleVersionId: draft.id, version: draft.version }}
          errors={refusal?.summary}
        >
          <RuleFields
            values={refusal?.values ?? values}
            boxes={refusal?.boxes ?? boxes}
            errors={refusal?.fields ?? {}}
            programs={programs}
            currencies={currencies}
            fixed={!rule.renamable}
          />
          <FormActions>
            <SubmitButton>Save the draft</SubmitButton>
            <LinkButton to={`/admin/rules/${rule.id}`} variant="ghost">
              Cancel
            </LinkButton>
          </FormActions>
        </Form>
      </Card>
    </Page>
  )
}
