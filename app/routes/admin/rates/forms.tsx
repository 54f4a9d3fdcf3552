import { useRouteLoaderData } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { FieldRow, Form, FormActions } from '#app/components/form.tsx'
import { Code } from '#app/components/id.tsx'
import { DateInput, FileInput, Input, Select } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import type { loader } from '../rates.tsx'
import type { RatesAnswer } from './change.server.ts'

function useRates() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/rates')
  const answer = useAnswer() as RatesAnswer | undefined
  if (!page) throw new Error('not on the rates’ page')
  const refusedAs = (intents: string[]) => (answer?.done === null && intents.includes(answer.intent) ? answer : null)
  return { page, answer, refusedAs }
}

export function AddRate() {
  const { page, refusedAs } = useRates()
  const refused = refusedAs(['add'])
  const value = (name: string) => refused?.values[name]
  const fields = refused?.refusal.fields ?? {}
  const options = page.currencies.map(code => ({ value: code, label: code }))
  return (
    <Card title="Enter a rate">
      <Form hidden={{ intent: 'add', idempotencyKey: page.idempotencyKey }} errors={refused?.summary}>
        <FieldRow>
          <Select name="base" label="One" defaultValue={value('base') ?? 'EUR'} options={options} error={fields.base} />
          <Select
            name="quote"
            label="is so many"
            defaultValue={value('quote') ?? 'USD'}
            options={options}
            error={fields.quote}
          />
        </FieldRow>
        <FieldRow>
          <Input
            name="rate"
            label="Rate"
            required
            inputMode="decimal"
            autoComplete="off"
            placeholder="1.0842"
            defaultValue={value('rate')}
            error={fields.rate}
          />
          <DateInput
            name="day"
            label="Day"
            required
            max={page.today}
            defaultValue={value('day') ?? page.today}
            error={fields.day}
          />
        </FieldRow>
        <Input
          name="note"
          label="Where it comes from"
          optional
          maxLength={500}
          defaultValue={value('note')}
          error={fields.note}
          hint="It beats the bank’s rate of the same day."
        />
        <FormActions>
          <SubmitButton>Store the rate</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

export function ImportRates() {
  const { page, refusedAs } = useRates()
  const refused = refusedAs(['import', 'check'])
  return (
    <Card title="Import the European Central Bank’s rates">
      <Form
        encType="multipart/form-data"
        hidden={{ idempotencyKey: page.idempotencyKey }}
        errors={refused ? { message: refused.refusal.message } : null}
      >
        <FileInput
          name="file"
          label="CSV file"
          accept=".csv,text/csv"
          hint={
            <>
              <Code>eurofxref.csv</Code> (today) or <Code>eurofxref-hist.csv</Code> (all days), unzipped. Days of the
              last 13 months are taken.
            </>
          }
          error={refused?.refusal.fields.file}
        />
        <FormActions>
          <SubmitButton name="intent" value="import" icon="upload">
            Import
          </SubmitButton>
          <SubmitButton name="intent" value="check" variant="secondary">
            Only look
          </SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

/** What the file had, and what became of it. */
export function Imported() {
  const { answer } = useRates()
  if (!answer?.done) return null
  const { added, known, older, refused, refusedCount, days, dry, since } = answer.done
  const count = (number: number, what: string) => `${number.toLocaleString('en-US')} ${what}`
  return (
    <div role="status">
      <Banner
        tone={refusedCount > 0 ? 'warning' : 'success'}
        title={`${dry ? 'Nothing is stored yet: ' : ''}${count(added, dry ? 'new rates in the file' : added === 1 ? 'rate added' : 'rates added')}`}
      >
        <p>
          {days ? `Of ${days.first}${days.last === days.first ? '' : ` to ${days.last}`}. ` : null}
          {count(known, 'were there already')}
          {older > 0 ? `, ${count(older, `of days before ${since} left out`)}` : null}.
        </p>
        {refusedCount > 0 ? (
          <>
            <p className="mt-1 font-medium">{count(refusedCount, 'could not be taken:')}</p>
            <ul className="list-disc ps-4">
              {refused.map(reason => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </>
        ) : null}
      </Banner>
    </div>
  )
}
