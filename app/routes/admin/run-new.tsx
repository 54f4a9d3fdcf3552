import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { FieldRow, Form, FormActions } from '#app/components/form.tsx'
import { DateInput, PeriodInput } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { periodOf, shiftPeriod } from '#server/lib/period.ts'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Plan a run · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const running = periodOf(Date.now(), args.context.timeZone)
  const before = shiftPeriod(running, -1)
  const { programs, month } = await query(args, async api => ({
    programs: await api.programs.list({ limit: 100 }),
    month: await api.periods.get({ period: before }),
  }))
  return {
    programs: programs.rows.map(({ id, name }) => ({ id, name })),
    // The month that is over is what is paid, while its books are open.
    period: month.status === 'closed' ? running : before,
    mayPrepare: allows(args.context.viewer?.role ?? 'partner', 'runs.prepare'),
    idempotencyKey: args.context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const { idempotencyKey } = changeOf(form)
  const programIds = form.getAll('programIds').map(String)
  const every = Number(textOf(form, 'programs'))
  const outcome = await mutate(args, api =>
    api.runs.plan({
      period: textOf(form, 'period'),
      cutoff: textOf(form, 'cutoff') || undefined,
      // All of them is also those that are added while it is a draft.
      programIds: every > 0 && programIds.length < every ? programIds : undefined,
      idempotencyKey,
    }),
  )
  if (!outcome.ok)
    return data(
      { ...outcome, summary: summaryOf(outcome), values: typedIn(form), chosen: programIds },
      { status: outcome.status },
    )
  return redirectWithToast(args.context, `/admin/runs/${outcome.value.id}`, {
    kind: 'success',
    message: `${outcome.value.number} is planned. Nothing is created yet.`,
  })
}

export default function NewRun() {
  const { programs, period, mayPrepare, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const several = programs.length > 1
  return (
    <Page
      title="Plan a run"
      width="narrow"
      breadcrumbs={[{ label: 'Payout runs', to: '/admin/runs' }]}
      description="You see every partner, every line and everything that waits first. Nothing is created until you execute the plan."
    >
      {mayPrepare ? (
        <Card>
          <Form hidden={{ idempotencyKey, programs: several ? programs.length : 0 }} errors={refusal?.summary}>
            <FieldRow>
              <PeriodInput
                name="period"
                label="Period"
                required
                defaultValue={refusal?.values.period ?? period}
                error={refusal?.fields.period}
                hint="The month that the payouts are for."
              />
              <DateInput
                name="cutoff"
                label="Cut-off"
                optional
                defaultValue={refusal?.values.cutoff}
                error={refusal?.fields.cutoff}
                hint="Pays what is released by the end of this day; the period’s last day unless you choose one."
              />
            </FieldRow>
            {several ? (
              <ChoiceGroup legend="Programs">
                {programs.map(({ id, name }) => (
                  <Checkbox
                    key={id}
                    id={`program-${id}`}
                    name="programIds"
                    value={id}
                    label={name}
                    defaultChecked={refusal ? refusal.chosen.includes(id) : true}
                  />
                ))}
              </ChoiceGroup>
            ) : null}
            <FormActions>
              <SubmitButton>Plan it</SubmitButton>
              <LinkButton to="/admin/runs" variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role does not plan runs">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
