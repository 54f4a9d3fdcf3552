import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { dayOf } from '#server/lib/period.ts'
import { blankWording } from '#server/rules/rules.ts'
import { changeOf } from './read-query.server.ts'
import { refusedFields, refusedRule, ruleChoices } from './rule/change.server.ts'
import { RuleFields } from './rule/fields.tsx'
import { readRuleForm, ruleTexts } from './rule/read-form.ts'

export const meta: MetaFunction = () => [{ title: 'New rule · Rules · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const { viewer, timeZone, newKey } = args.context
  const choices = await query(args, ruleChoices)
  const wording = blankWording(dayOf(Date.now(), timeZone))
  return {
    ...choices,
    ...ruleTexts(wording, { name: '', stream: 'base', programId: null }),
    mayDraft: allows(viewer?.role ?? 'partner', 'rules.draft'),
    idempotencyKey: newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const read = readRuleForm(form)
  if (!read.ok) return refusedFields(read.fields, form)
  const { idempotencyKey } = changeOf(form)
  const outcome = await mutate(args, api => api.rules.create({ ...read.values, idempotencyKey }))
  if (!outcome.ok) return refusedRule(outcome, form)
  return redirectWithToast(args.context, `/admin/rules/${outcome.value.ruleId}`, {
    kind: 'success',
    message: 'The draft is saved. It pays nobody until somebody else publishes it.',
  })
}

export default function NewRule() {
  const { programs, currencies, values, boxes, mayDraft, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const [key] = useState(idempotencyKey)
  return (
    <Page title="New rule" width="narrow" breadcrumbs={[{ label: 'Rules', to: '/admin/rules' }]}>
      {mayDraft ? (
        <Card>
          <Form hidden={{ idempotencyKey: key }} errors={refusal?.summary}>
            <RuleFields
              values={refusal?.values ?? values}
              boxes={refusal?.boxes ?? boxes}
              errors={refusal?.fields ?? {}}
              programs={programs}
              currencies={currencies}
            />
            <FormActions>
              <SubmitButton>Save the draft</SubmitButton>
              <LinkButton to="/admin/rules" variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role doesn’t write rules">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
