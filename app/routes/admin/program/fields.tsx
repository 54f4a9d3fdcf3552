import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { FieldError } from '#app/components/field.tsx'
import { FieldRow } from '#app/components/form.tsx'
import { useHydrated } from '#app/components/hydrated.ts'
import { Input, Select, Textarea } from '#app/components/input.tsx'
import { type AttributionModel, modelLabels, roleLabels, touchLabels } from '#server/attribution/rules.ts'
import { partnerTypeLabels } from '#server/partners/rules.ts'
import { describeProgram, partnerClassLabels, partnerTierLabels } from '#server/programs/rules.ts'
import { readProgramForm } from './read-form.ts'

export interface ProgramFieldsProps {
  /** By field name: what is saved, or what was typed. */
  values: Partial<Record<string, string>>
  excludedTypes: readonly string[]
  excluded: readonly { id: string; name: string }[]
  errors: Record<string, string>
  timeZones: readonly string[]
}

/** The fields of a program. With scripts only the chosen model's own parameters show; without, all of them. */
export function ProgramFields({ values, excludedTypes, excluded, errors, timeZones }: ProgramFieldsProps) {
  const hydrated = useHydrated()
  const { box, model, says } = useChosen((values.model ?? 'equal_split') as AttributionModel)
  const number = { values, errors }
  // Hidden, not left out: what is saved for another model must outlive a save of this one.
  const shows = (one: AttributionModel) => !hydrated || one === model
  return (
    <div ref={box} className="flex flex-col gap-5">
      <Input
        name="name"
        label="Name"
        required
        maxLength={120}
        autoComplete="off"
        defaultValue={values.name}
        error={errors.name}
        hint="Partners read it."
      />
      <ChoiceGroup legend="Who gets the credit of a won deal">
        {Object.entries(modelLabels).map(([key, { label, says }]) => (
          <Checkbox
            key={key}
            type="radio"
            name="model"
            id={`model-${key}`}
            value={key}
            label={label}
            hint={says}
            defaultChecked={key === (values.model ?? 'equal_split')}
          />
        ))}
        <FieldError id="model-error" message={errors.model} />
      </ChoiceGroup>
      <Group shown={shows('time_decay')} legend={`${modelLabels.time_decay.label}: parameters`}>
        <WholeNumber {...number} name="halfLifeDays" label="Half-life in days" />
      </Group>
      <Group
        shown={shows('role_based')}
        legend={`${modelLabels.role_based.label}: weights`}
        hint="They count relative to each other; 0 leaves out."
      >
        <Numbers {...number} group="touchWeights" labels={touchLabels} />
      </Group>
      <Group
        shown={shows('position_based')}
        legend={`${modelLabels.position_based.label}: weights`}
        hint="With two touches, first and last only."
      >
        <Numbers
          {...number}
          group="positions"
          labels={{ first: 'First touch', last: 'Last touch', middle: 'All between, together' }}
        />
      </Group>
      <Group
        shown={shows('role_weighted')}
        legend={`${modelLabels.role_weighted.label}: pools`}
        hint="They count relative to each other. A partner takes its highest role; pools that nobody is in are left out."
      >
        <Numbers {...number} group="rolePools" labels={roleLabels} />
      </Group>
      <Group
        shown={shows('cosell_split')}
        legend={`${modelLabels.cosell_split.label}: pools`}
        hint="By the class that is set on each partner. Pools that nobody is in are left out."
      >
        <Numbers {...number} group="classPools" labels={partnerClassLabels} />
      </Group>
      <Group
        shown={shows('custom')}
        legend={`${modelLabels.custom.label}: percent`}
        hint="A touch weighs its type’s × its partner’s type’s × its partner’s tier’s percent; 0 leaves out."
      >
        <Numbers {...number} group="customTypePercent" labels={touchLabels} />
        <Numbers {...number} group="customPartnerTypePercent" labels={partnerTypeLabels} />
        <Numbers {...number} group="customTierPercent" labels={partnerTierLabels} />
      </Group>

      <Group legend="Which touches count">
        <FieldRow>
          <Select
            name="cutoff"
            label="Up to"
            defaultValue={values.cutoff ?? 'close'}
            options={[
              { value: 'close', label: 'The deal’s close' },
              { value: 'qualified', label: 'Its qualification, if that was earlier' },
            ]}
          />
          <Input
            name="lookbackDays"
            label="Not older than, in days"
            optional
            inputMode="numeric"
            defaultValue={values.lookbackDays}
            error={errors.lookbackDays}
            hint="Before that moment. Empty: however old."
          />
        </FieldRow>
        <Checkbox
          name="countsCrmSync"
          value="yes"
          label="Touches synced from the CRM count"
          hint="They often say only that a record was updated."
          defaultChecked={values.countsCrmSync === 'yes'}
        />
        <ChoiceGroup legend="Types that never count">
          <div className="grid gap-2 sm:grid-cols-2">
            {Object.entries(touchLabels).map(([type, label]) => (
              <Checkbox
                key={type}
                name="excludedTypes"
                id={`excluded-${type}`}
                value={type}
                label={label}
                defaultChecked={excludedTypes.includes(type)}
              />
            ))}
          </div>
        </ChoiceGroup>
        {excluded.length > 0 ? (
          <ChoiceGroup legend="Partners that are left out" hint="Untick one to let it count again.">
            {excluded.map(({ id, name }) => (
              <Checkbox key={id} name="excluded" id={`excluded-${id}`} value={id} label={name} defaultChecked />
            ))}
          </ChoiceGroup>
        ) : null}
        <Textarea
          name="excludedMore"
          label="Leave partners out"
          optional
          rows={2}
          hint="By name or email address, one a line."
          defaultValue={values.excludedMore}
          error={errors.excludedMore}
        />
      </Group>

      <Group legend="Terms">
        <FieldRow>
          <Input
            name="protectionDays"
            label="Protection of a registered deal, in days"
            inputMode="numeric"
            defaultValue={values.protectionDays ?? '90'}
            error={errors.protectionDays}
          />
          <Input
            name="debtCap"
            label="The most of one payout that debts may take, in percent"
            inputMode="decimal"
            defaultValue={values.debtCap ?? '100'}
            error={errors.debtCap ?? errors.debtCapBp}
            hint="The rest is carried to the next payout."
          />
        </FieldRow>
        <Select
          name="timeZone"
          label="Time zone"
          defaultValue={values.timeZone}
          options={timeZones.map(zone => ({ value: zone, label: zone.replaceAll('_', ' ') }))}
          error={errors.timeZone}
          hint="Its days and months are calendar days and months there."
        />
      </Group>

      {says ? (
        <div aria-live="polite" className="rounded-lg border border-line bg-sunken p-3.5">
          <p className="font-medium text-sm">What this comes to</p>
          <p className="text-muted text-sm">{says}</p>
        </div>
      ) : null}
    </div>
  )
}

/** The chosen model, and what the form comes to in words while somebody fills it in; null before scripts run. */
function useChosen(first: AttributionModel) {
  const box = useRef<HTMLDivElement>(null)
  const [model, setModel] = useState(first)
  const [says, setSays] = useState<string | null>(null)
  useEffect(() => {
    const form = box.current?.closest('form')
    if (!form) return
    const read = () => {
      const result = readProgramForm(new FormData(form))
      setSays(result.ok ? sentences(result.values) : null)
      const chosen = new FormData(form).get('model')
      if (typeof chosen === 'string' && chosen in modelLabels) setModel(chosen as AttributionModel)
    }
    read()
    form.addEventListener('input', read)
    return () => form.removeEventListener('input', read)
  }, [])
  return { box, model, says }
}

function sentences(values: Extract<ReturnType<typeof readProgramForm>, { ok: true }>['values']): string {
  const { model, parameters } = values
  return parameters ? describeProgram(model, parameters as Parameters<typeof describeProgram>[1]).join(' ') : ''
}

function Group({
  legend,
  hint,
  shown = true,
  children,
}: {
  legend: string
  hint?: string
  shown?: boolean
  children: ReactNode
}) {
  return (
    <fieldset hidden={!shown} className="flex flex-col gap-3 border-line border-t pt-4">
      <legend className="float-start w-full font-semibold">{legend}</legend>
      {hint ? <p className="clear-both text-muted text-sm">{hint}</p> : null}
      {children}
    </fieldset>
  )
}

type NumberProps = Pick<ProgramFieldsProps, 'values' | 'errors'>

function WholeNumber({ values, errors, name, label }: NumberProps & { name: string; label: string }) {
  return (
    <Input
      name={name}
      label={label}
      inputMode="numeric"
      autoComplete="off"
      defaultValue={values[name]}
      error={errors[name]}
      className="num sm:max-w-40"
    />
  )
}

function Numbers({ group, labels, ...rest }: NumberProps & { group: string; labels: Record<string, string> }) {
  return (
    <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {Object.entries(labels).map(([key, label]) => (
        <WholeNumber key={key} {...rest} name={`${group}.${key}`} label={label} />
      ))}
    </div>
  )
}
