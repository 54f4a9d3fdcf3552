import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { ErrorSummary, Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { percentDigits, percentWords } from '#server/lib/percent.ts'
import { describeProgram } from '#server/programs/rules.ts'
import { readProgram, refused } from './program/change.server.ts'
import { ProgramFields } from './program/fields.tsx'
import { programTexts } from './program/read-form.ts'
import { changeOf, textOf } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.program.name} · Programs · Remit` : 'Program · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const program = await query(args, api => api.programs.get({ programId: args.params.programId ?? '' }))
  const { name, model, timeZone, protectionDays, debtCapBp, parameters } = program
  return {
    program,
    says: describeProgram(model, parameters),
    values: {
      ...programTexts(parameters),
      ...{ name, model, timeZone, protectionDays: String(protectionDays), debtCap: percentDigits(debtCapBp) },
    } as Record<string, string>,
    timeZones: [...new Set(['UTC', timeZone, ...Intl.supportedValuesOf('timeZone')])],
    idempotencyKey: args.context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const programId = args.params.programId ?? ''
  const form = await args.request.formData()
  const intent = textOf(form, 'intent')
  const change = { programId, ...changeOf(form) }
  const to = `/admin/programs/${programId}`
  if (intent === 'archive' || intent === 'restore') {
    const outcome = await mutate(args, api => api.programs[intent](change))
    if (!outcome.ok) return data({ ...refused(outcome, form).data, intent }, { status: outcome.status })
    const message = `${outcome.value.name} is ${intent === 'archive' ? 'archived: it takes no more deals' : 'back'}.`
    return redirectWithToast(args.context, to, { kind: 'success', message })
  }
  const read = await readProgram(args, form)
  if (!read.ok) return data({ ...read.answer.data, intent }, { status: 400 })
  const outcome = await mutate(args, api => api.programs.update({ ...change, ...read.values }))
  if (!outcome.ok) return data({ ...refused(outcome, form).data, intent }, { status: outcome.status })
  return redirectWithToast(args.context, to, { kind: 'success', message: `${outcome.value.name} is saved.` })
}

export default function ProgramPage() {
  const { program, says } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const archived = program.archivedAt !== null
  return (
    <Page
      title={program.name}
      width="narrow"
      aside={archived ? <Badge icon="ban">Archived</Badge> : null}
      breadcrumbs={[{ label: 'Programs', to: '/admin/programs' }]}
      actions={<LinkButton to={`/admin/deals?programId=${program.id}`}>Its deals</LinkButton>}
    >
      {refusal && refusal.intent !== 'save' ? <ErrorSummary errors={refusal.summary} /> : null}
      <Card title="What it does">
        <p>{says.join(' ')}</p>
      </Card>
      {program.mayEdit ? (
        <>
          <EditForm />
          <Archive />
        </>
      ) : (
        <Terms />
      )}
    </Page>
  )
}

function EditForm() {
  const { program, values, timeZones, idempotencyKey } = useLoaderData<typeof loader>()
  const answer = useAnswer<typeof action>()
  const refusal = answer?.intent === 'save' ? answer : null
  return (
    <Card title="Settings">
      {/* Saved, the fields come back with new values: the key makes them show. */}
      <Form
        key={program.version}
        hidden={{ intent: 'save', version: program.version, idempotencyKey }}
        errors={refusal?.summary}
      >
        <Banner tone="info" title="A change decides from now on">
          Deals that are won already keep their credit. One that is corrected or recalculated later is attributed by
          what stands here then.
        </Banner>
        <ProgramFields
          values={refusal?.values ?? values}
          excludedTypes={refusal?.excludedTypes ?? program.parameters.excludedTypes}
          excluded={program.excluded}
          errors={refusal?.fields ?? {}}
          timeZones={timeZones}
        />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
          <LinkButton to="/admin/programs" variant="ghost">
            Cancel
          </LinkButton>
        </FormActions>
      </Form>
    </Card>
  )
}

function Archive() {
  const { program, idempotencyKey } = useLoaderData<typeof loader>()
  const archived = program.archivedAt !== null
  return (
    <Card
      title={archived ? 'Restore' : 'Archive'}
      description={
        archived
          ? 'It takes new deals again.'
          : 'It takes no more deals. Those it has go on: they can be won, corrected and paid.'
      }
    >
      <Form hidden={{ intent: archived ? 'restore' : 'archive', version: program.version, idempotencyKey }}>
        <FormActions>
          <SubmitButton variant={archived ? 'secondary' : 'danger-quiet'}>
            {archived ? 'Restore the program' : 'Archive the program'}
          </SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

function Terms() {
  const { program } = useLoaderData<typeof loader>()
  return (
    <Card title="Terms">
      <Facts
        facts={[
          { label: 'Protection of a registered deal', value: `${program.protectionDays} days` },
          { label: 'The most of one payout that debts may take', value: percentWords(program.debtCapBp) },
          { label: 'Time zone', value: program.timeZone.replaceAll('_', ' ') },
          ...(program.excluded.length > 0
            ? [{ label: 'Partners left out', value: program.excluded.map(({ name }) => name).join(', ') }]
            : []),
        ]}
      />
    </Card>
  )
}
