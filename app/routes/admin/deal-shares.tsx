import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useEffect, useRef, useState } from 'react'
import { mutate, query, type Refusal, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { classNames } from '#app/components/class-names.ts'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input, Textarea } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { percentDigits, percentWords, readPercent } from '#server/lib/percent.ts'
import { badFields } from './deal/bad-fields.server.ts'
import { findPartner } from './deal/find-partner.server.ts'
import { PartnerInput } from './deal/partner-input.tsx'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `Shares of ${data.deal.number} · Deals · Remit` : 'Shares · Deals · Remit' },
]

/** Rows for partners that the deal doesn't know yet. */
const extraRows = [0, 1, 2]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const deal = await api.deals.get({ dealId: args.params.dealId ?? '' })
    const options = await api.partners.options({ limit: 50 })
    const credits = deal.current?.credits ?? []
    const bpOf = new Map(credits.map(({ partnerId, bp }) => [partnerId, bp]))
    const onDeal = new Map([
      ...credits.map(({ partnerId, partnerName }): [string, string] => [partnerId, partnerName]),
      ...deal.touches.map(({ partner }): [string, string] => [partner.id, partner.name]),
    ])
    const { id, number, name, version, amount, currency, overridden, current } = deal
    return {
      deal: {
        id,
        number,
        name,
        version,
        amount,
        currency,
        stage: deal.stage,
        reason: overridden ? current?.reason : null,
      },
      partners: [...onDeal].map(([id, name]) => ({ id, name, bp: bpOf.get(id) ?? 0 })),
      options: options.map(({ name, email }) => ({ name, email })),
      offered: deal.actions.some(({ action }) => action === 'override'),
      mayOverride: deal.mayOverride,
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const dealId = args.params.dealId ?? ''
  const form = await args.request.formData()
  const values = typedIn(form)
  const fields: Record<string, string> = {}
  const shares: { partnerId: string; bp: number }[] = []
  const add = (field: string, partnerId: string, text: string) => {
    const bp = text === '' ? 0 : readPercent(text)
    if (bp === null) fields[field] = 'Write a percentage with at most two decimals, like 33.34.'
    else if (bp > 0) shares.push({ partnerId, bp })
  }
  for (const [name] of form) {
    const partnerId = /^share-(par_\w+)$/.exec(name)?.[1]
    if (partnerId) add(name, partnerId, textOf(form, name))
  }
  for (const row of extraRows) {
    const [typed, share] = [textOf(form, `partner-${row}`), textOf(form, `extra-${row}`)]
    if (!typed && !share) continue
    const partner = await findPartner(args, typed)
    if ('problem' in partner) fields[`partner-${row}`] = partner.problem
    else add(`extra-${row}`, partner.id, share)
  }
  const refused = (refusal: Refusal) =>
    data({ ...refusal, summary: summaryOf(refusal), values }, { status: refusal.status })
  if (Object.keys(fields).length > 0) return refused(badFields(fields))
  const outcome = await mutate(args, api =>
    api.attribution.override({ dealId, ...changeOf(form), shares, reason: textOf(form, 'reason') }),
  )
  if (!outcome.ok) return refused(outcome)
  const { number, attributed, run } = outcome.value
  return redirectWithToast(args.context, `/admin/deals/${dealId}`, {
    kind: 'success',
    message: attributed
      ? `The shares of ${number} are set: version ${run}.`
      : `The shares of ${number} were so already.`,
  })
}

export default function DealShares() {
  const { deal, offered, mayOverride } = useLoaderData<typeof loader>()
  const back = `/admin/deals/${deal.id}`
  return (
    <Page
      title={`Shares of ${deal.number}`}
      width="narrow"
      description={`Set by hand, instead of the program’s model. ${deal.name}.`}
      breadcrumbs={[
        { label: 'Deals', to: '/admin/deals' },
        { label: deal.number, to: back },
      ]}
    >
      {offered ? (
        <SharesForm back={back} />
      ) : (
        <Banner
          icon="lock"
          title={mayOverride ? 'Only the shares of a won deal can be set' : 'Your role doesn’t set shares by hand'}
          action={<LinkButton to={back}>Back to the deal</LinkButton>}
        >
          {mayOverride ? 'Mark it won first.' : 'An admin or an owner does.'}
        </Banner>
      )}
    </Page>
  )
}

function SharesForm({ back }: { back: string }) {
  const { deal, partners, options, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const typed = refusal?.values
  const { form, sum } = useSum(partners.reduce((total, { bp }) => total + bp, 0))
  const errors = refusal?.fields ?? {}
  return (
    <Card>
      <div ref={form}>
        <Form hidden={{ version: deal.version, idempotencyKey }} errors={refusal?.summary}>
          <p>
            <Money amount={deal.amount} currency={deal.currency} className="font-semibold" /> are shared. The difference
            in commissions is booked at once; what was paid stays as it is. The shares stand until you withdraw them,
            also when the deal is corrected.
          </p>
          {partners.map(({ id, name, bp }) => (
            <Input
              key={id}
              name={`share-${id}`}
              label={name}
              inputMode="decimal"
              autoComplete="off"
              hint={`Now ${percentWords(bp)}. Empty or 0 leaves it out.`}
              defaultValue={typed?.[`share-${id}`] ?? (bp > 0 ? percentDigits(bp) : '')}
              error={errors[`share-${id}`]}
              data-share=""
              className="num sm:max-w-40"
            />
          ))}
          <fieldset className="flex flex-col gap-3">
            <legend className="mb-1 font-medium text-sm">Partners without a touch</legend>
            {extraRows.map(row => (
              <div key={row} className="grid items-start gap-2 sm:grid-cols-[minmax(0,1fr)_10rem]">
                <PartnerInput
                  name={`partner-${row}`}
                  label={`Another partner, ${row + 1}`}
                  hideLabel
                  options={options}
                  defaultValue={typed?.[`partner-${row}`]}
                  error={errors[`partner-${row}`]}
                />
                <Input
                  name={`extra-${row}`}
                  label={`Its share in percent, ${row + 1}`}
                  hideLabel
                  inputMode="decimal"
                  autoComplete="off"
                  placeholder="0"
                  defaultValue={typed?.[`extra-${row}`]}
                  error={errors[`extra-${row}`]}
                  data-share=""
                  className="num"
                />
              </div>
            ))}
          </fieldset>
          <p
            aria-live="polite"
            className={classNames('needs-scripts', sum === 10_000 ? 'text-success' : 'text-warning')}
          >
            {sum === null
              ? 'A share is not a percentage with at most two decimals.'
              : sum === 10_000
                ? 'The shares add up to 100 %.'
                : `The shares add up to ${percentWords(sum)}: ${percentWords(Math.abs(10_000 - sum))} ${sum < 10_000 ? 'is missing' : 'too much'}.`}
          </p>
          <Textarea
            name="reason"
            label="Reason"
            required
            maxLength={2000}
            hint="It stays on record, with your name. Partners don’t read it."
            defaultValue={typed?.reason ?? deal.reason ?? ''}
            error={errors.reason ?? errors.shares}
          />
          <FormActions>
            <SubmitButton>Set the shares</SubmitButton>
            <LinkButton to={back} variant="ghost">
              Cancel
            </LinkButton>
          </FormActions>
        </Form>
      </div>
    </Card>
  )
}

/** What the fields sum to while somebody types, in basis points; null where one can't be read. The server sums for itself. */
function useSum(first: number) {
  const form = useRef<HTMLDivElement>(null)
  const [sum, setSum] = useState<number | null>(first)
  useEffect(() => {
    const element = form.current
    const add = () => {
      const fields = [...(element?.querySelectorAll<HTMLInputElement>('[data-share]') ?? [])]
      const parts = fields.map(({ value }) => (value.trim() === '' ? 0 : readPercent(value)))
      setSum(parts.includes(null) ? null : parts.reduce<number>((total, part) => total + (part ?? 0), 0))
    }
    add()
    element?.addEventListener('input', add)
    return () => element?.removeEventListener('input', add)
  }, [])
  return { form, sum }
}
