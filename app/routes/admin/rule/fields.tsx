import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { FieldRow } from '#app/components/form.tsx'
import { DateInput, Input, Select, Textarea } from '#app/components/input.tsx'
import { partnerTypeLabels, readRule, streamLabels, tierLabels } from '#server/rules/rules.ts'
import { bracketRows, readRuleForm } from './read-form.ts'

export interface RuleFieldsProps {
  values: Record<string, string>
  boxes: Record<string, readonly string[]>
  errors: Record<string, string | undefined>
  programs: readonly { value: string; label: string }[]
  currencies: readonly string[]
  /** Name, kind and program of a rule that was published stay. */
  fixed?: boolean
}

const dealTypes = { new: 'New business', expansion: 'Expansion', renewal: 'Renewal' }

/** A rule's wording. Works without scripts: all ways to pay are there then, and the chosen one counts. */
export function RuleFields({ values, boxes, errors, programs, currencies, fixed = false }: RuleFieldsProps) {
  const { box, pay, says } = useReading(values.pay ?? 'percent', programs)
  const shown = (kind: string) => pay === null || pay === kind
  const given = (name: string) => ({ name, defaultValue: values[name], error: errors[name] })
  const rows = Math.min(20, Math.max(bracketRows, countBrackets(values) + 1))
  return (
    <div ref={box} className="flex flex-col gap-5">
      {fixed ? null : (
        <Group legend="The rule">
          <Input
            {...given('name')}
            label="Name"
            required
            maxLength={120}
            hint="It stands in the sentence that partners read: “15 % (Gold, rule v4 from 1 Jan 2026)”."
          />
          <ChoiceGroup legend="Kind">
            {Object.entries(streamLabels).map(([stream, { label, says: hint }]) => (
              <Checkbox
                key={stream}
                type="radio"
                name="stream"
                id={`stream-${stream}`}
                value={stream}
                label={label}
                hint={hint}
                defaultChecked={(values.stream ?? 'base') === stream}
              />
            ))}
          </ChoiceGroup>
          <Select {...given('programId')} label="Program" placeholder="Every program" options={programs} />
        </Group>
      )}

      <Group legend="When it matches" hint="What is left empty matches everything.">
        <Boxes name="partnerTypes" legend="Partners of type" labels={partnerTypeLabels} chosen={boxes.partnerTypes} />
        <Boxes name="tiers" legend="Partners of tier" labels={tierLabels} chosen={boxes.tiers} />
        <Boxes name="dealTypes" legend="Deals of type" labels={dealTypes} chosen={boxes.dealTypes} />
        <FieldRow>
          <Textarea {...given('products')} label="Products" optional rows={2} hint="Separated by commas." />
          <Textarea {...given('territories')} label="Territories" optional rows={2} hint="Separated by commas." />
        </FieldRow>
        <FieldRow>
          <Input
            {...given('sizeFrom')}
            label="Deals from"
            optional
            inputMode="decimal"
            hint="Included."
            className="num"
          />
          <Input
            {...given('sizeTo')}
            label="Deals up to"
            optional
            inputMode="decimal"
            hint="Included."
            className="num"
          />
        </FieldRow>
        <FieldRow>
          <Select
            {...given('currency')}
            label="Currency"
            placeholder="Every currency"
            options={currencies.map(code => ({ value: code, label: code }))}
            hint="Needed as soon as there is an amount anywhere in the rule."
          />
          <Input
            {...given('priority')}
            label="Priority"
            required
            inputMode="numeric"
            hint="The lowest number that matches wins."
            className="num"
          />
        </FieldRow>
      </Group>

      <Group legend="What it pays">
        <ChoiceGroup legend="How">
          {(
            [
              ['percent', 'A percentage of the credited amount'],
              ['flat', 'An amount a deal, shared by credit'],
              ['brackets', 'Percentages in brackets: each part of the credited amount at its own'],
            ] as const
          ).map(([kind, label]) => (
            <Checkbox
              key={kind}
              type="radio"
              name="pay"
              id={`pay-${kind}`}
              value={kind}
              label={label}
              defaultChecked={(values.pay ?? 'percent') === kind}
            />
          ))}
        </ChoiceGroup>
        <div hidden={!shown('percent')}>
          <Input
            {...given('rate')}
            label="Percentage"
            inputMode="decimal"
            hint="15 means 15 %."
            className="num sm:max-w-40"
          />
        </div>
        <div hidden={!shown('flat')}>
          <Input {...given('flat')} label="Amount a deal" inputMode="decimal" className="num sm:max-w-40" />
        </div>
        <div hidden={!shown('brackets')} className="flex flex-col gap-2">
          <p className="text-muted text-sm">
            From the first bracket on; the last one has no end. Empty rows don’t count.
          </p>
          {Array.from({ length: rows }, (_, row) => (
            <div key={row} className="grid max-w-md grid-cols-2 items-start gap-3">
              <Input
                {...given(`bracketTo${row}`)}
                label={`Bracket ${row + 1}: up to`}
                inputMode="decimal"
                placeholder="the rest"
                className="num"
              />
              <Input {...given(`bracketRate${row}`)} label="Percent" inputMode="decimal" className="num" />
            </div>
          ))}
        </div>
        <FieldRow>
          <Input
            {...given('floor')}
            label="At least"
            optional
            inputMode="decimal"
            hint="Lifts what is less."
            className="num"
          />
          <Input
            {...given('cap')}
            label="At most"
            optional
            inputMode="decimal"
            hint="Cuts what is more."
            className="num"
          />
        </FieldRow>
        <Input
          {...given('months')}
          label="For so many months"
          required
          inputMode="numeric"
          hint="1 pays once. 12 pays the same again each month for a year, the month of the close being the first."
          className="num sm:max-w-40"
        />
      </Group>

      <Group legend="Terms">
        <FieldRow>
          <Input
            {...given('holdingDays')}
            label="Holding period, in days"
            required
            inputMode="numeric"
            hint="So long after the close it waits before a run may pay it."
            className="num"
          />
          <Input
            {...given('clawbackDays')}
            label="Refunds count for, in days"
            required
            inputMode="numeric"
            hint="A refund after that takes nothing back."
            className="num"
          />
        </FieldRow>
        <FieldRow>
          <DateInput {...given('effectiveFrom')} label="For deals closed from" required />
          <DateInput {...given('effectiveTo')} label="Until" optional hint="This day included." />
        </FieldRow>
      </Group>

      {says ? (
        <div aria-live="polite" className="rounded-lg border border-line bg-sunken p-3.5">
          <p className="font-medium text-sm">What this comes to</p>
          <p className="break-words text-muted text-sm">{says}</p>
        </div>
      ) : null}
    </div>
  )
}

function countBrackets(values: Record<string, string>): number {
  return Object.keys(values).filter(name => name.startsWith('bracketRate') && values[name] !== '').length
}

function Boxes({
  name,
  legend,
  labels,
  chosen = [],
}: {
  name: string
  legend: string
  labels: Record<string, string>
  chosen?: readonly string[]
}) {
  return (
    <ChoiceGroup legend={legend}>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {Object.entries(labels).map(([value, label]) => (
          <Checkbox
            key={value}
            name={name}
            id={`${name}-${value}`}
            value={value}
            label={label}
            defaultChecked={chosen.includes(value)}
          />
        ))}
      </div>
    </ChoiceGroup>
  )
}

function Group({ legend, hint, children }: { legend: string; hint?: string; children: ReactNode }) {
  return (
    <fieldset className="flex flex-col gap-4 border-line border-t pt-4 first:border-t-0 first:pt-0">
      <legend className="float-start w-full font-semibold">{legend}</legend>
      {hint ? <p className="clear-both text-muted text-sm">{hint}</p> : null}
      {children}
    </fieldset>
  )
}

/** The way to pay that is chosen, and what the form comes to in words while somebody fills it in; null before scripts run. */
function useReading(first: string, programs: RuleFieldsProps['programs']) {
  const box = useRef<HTMLDivElement>(null)
  const [pay, setPay] = useState<string | null>(null)
  const [says, setSays] = useState<string | null>(null)
  useEffect(() => {
    const form = box.current?.closest('form')
    if (!form) return
    const read = () => {
      const data = new FormData(form)
      setPay(String(data.get('pay') ?? first))
      const result = readRuleForm(data)
      if (!result.ok) return setSays(null)
      const { wording, stream, programId } = result.values
      const programName = programs.find(program => program.value === programId)?.label ?? null
      setSays(readRule(wording, { stream, programName }))
    }
    read()
    form.addEventListener('input', read)
    return () => form.removeEventListener('input', read)
  }, [first, programs])
  return { box, pay, says }
}
