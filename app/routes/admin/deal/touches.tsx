import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { FieldRow } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Input, Select, Textarea } from '#app/components/input.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { defaultRoles, roleLabels, touchLabels } from '#server/attribution/rules.ts'
import type { TouchType } from '#server/deals/rules.ts'
import { ActionDialog } from './dialogs.tsx'
import { localText } from './moment.ts'
import { useDealPage, useRefusal } from './page-data.ts'
import { PartnerInput } from './partner-input.tsx'

type Touch = ReturnType<typeof useDealPage>['deal']['touches'][number]

/** What partners did for the deal, oldest first; what doesn't count says why. */
export function Touches() {
  const { deal } = useDealPage()
  return (
    <Card
      title="Touches"
      description="What partners did for this deal. They decide who is credited."
      actions={deal.mayManage ? <AddTouch /> : null}
    >
      {deal.touches.length === 0 ? (
        <p className="text-muted">No partner has done anything for this deal yet.</p>
      ) : (
        <ol className="flex flex-col divide-y divide-line">
          {deal.touches.map(touch => (
            <TouchRow key={touch.id} touch={touch} />
          ))}
        </ol>
      )}
    </Card>
  )
}

function TouchRow({ touch }: { touch: Touch }) {
  const { deal } = useDealPage()
  return (
    <li id={touch.id} className="scroll-mt-16 py-2.5 first:pt-0 last:pb-0 target:bg-accent-soft">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="flex min-w-0 flex-wrap items-center gap-x-2">
          <Icon
            name={touch.whyNot ? 'circle-dashed' : 'circle-full'}
            className={touch.whyNot ? 'text-faint' : 'text-success'}
          />
          <span className="font-medium">{touchLabels[touch.type]}</span>
          <Link to={`/admin/partners/${touch.partner.id}`} className="link break-words">
            {touch.partner.name}
          </Link>
          <Badge>{roleLabels[touch.role ?? defaultRoles[touch.type]]}</Badge>
          {touch.weight === null ? null : <Badge>Weight {touch.weight}</Badge>}
        </p>
        <p className="text-muted text-sm">
          <When at={touch.at} timeZone={deal.program.timeZone} />
        </p>
      </div>
      {touch.whyNot ? <p className="ps-6 text-sm text-warning">Doesn’t count. {touch.whyNot}</p> : null}
      {touch.note ? <p className="whitespace-pre-line break-words ps-6 text-sm">{touch.note}</p> : null}
      {deal.mayManage ? (
        <div className="mt-1 flex flex-wrap gap-2 ps-6">
          <EditTouch touch={touch} />
          <RemoveTouch touch={touch} />
        </div>
      ) : null}
    </li>
  )
}

/** What follows for a won deal: nobody should be surprised by booked money. */
function Consequence() {
  const { deal } = useDealPage()
  if (deal.stage !== 'won') return null
  return (
    <p className="text-muted text-sm">
      {deal.overridden
        ? 'The shares of this deal were set by hand, so credit stays as it is.'
        : 'The deal is won: if this changes who is credited, it becomes a new version and the difference in commissions is booked.'}
    </p>
  )
}

function AddTouch() {
  const { partners, deal, now } = useDealPage()
  const refusal = useRefusal('addTouch')
  return (
    <ActionDialog
      intent="addTouch"
      trigger="Add a touch"
      size="sm"
      icon="plus"
      variant="secondary"
      submitVariant="primary"
      title={`Add a touch to ${deal.number}`}
      submit="Add the touch"
    >
      <PartnerInput
        name="partner"
        id="addTouch-partner"
        label="Partner"
        required
        options={partners}
        hint="Its name or email address."
        defaultValue={refusal?.values.partner}
        error={refusal?.fields.partner ?? refusal?.fields.partnerId}
      />
      <TouchFields id="addTouch" at={localText(now, deal.program.timeZone)} refusal={refusal} />
      <Consequence />
    </ActionDialog>
  )
}

function EditTouch({ touch }: { touch: Touch }) {
  const { deal } = useDealPage()
  const refusal = useRefusal('updateTouch', touch.id)
  return (
    <ActionDialog
      intent="updateTouch"
      about={touch.id}
      version={touch.version}
      trigger="Edit"
      size="sm"
      icon="edit"
      variant="ghost"
      submitVariant="primary"
      title={`Edit ${touch.partner.name}’s ${touchLabels[touch.type].toLowerCase()}`}
      submit="Save the touch"
    >
      <TouchFields
        id={`edit-${touch.id}`}
        touch={touch}
        at={localText(touch.at, deal.program.timeZone)}
        refusal={refusal}
      />
      <Consequence />
    </ActionDialog>
  )
}

function RemoveTouch({ touch }: { touch: Touch }) {
  const { deal } = useDealPage()
  return (
    <ActionDialog
      intent="removeTouch"
      about={touch.id}
      version={touch.version}
      trigger="Remove"
      size="sm"
      variant="ghost"
      submitVariant="danger"
      title={`Remove ${touch.partner.name}’s ${touchLabels[touch.type].toLowerCase()}?`}
      submit="Remove the touch"
    >
      <p>
        From <When at={touch.at} timeZone={deal.program.timeZone} />. It stays in the history, and versions that counted
        it keep it.
      </p>
      <Consequence />
    </ActionDialog>
  )
}

type TouchFieldsProps = { id: string; touch?: Touch; at: string; refusal: ReturnType<typeof useRefusal> }

const typeOptions = Object.entries(touchLabels).map(([value, label]) => ({ value, label }))
const roleOptions = Object.entries(roleLabels).map(([value, label]) => ({ value, label }))

function TouchFields({ id, touch, at, refusal }: TouchFieldsProps) {
  const { deal } = useDealPage()
  const typed = refusal?.values
  const type = (typed?.type ?? touch?.type ?? 'referral') as TouchType
  return (
    <>
      <FieldRow>
        <Select
          name="type"
          id={`${id}-type`}
          label="What it was"
          required
          options={typeOptions}
          defaultValue={type}
          error={refusal?.fields.type}
        />
        <Input
          name="at"
          id={`${id}-at`}
          type="datetime-local"
          label="When"
          required
          defaultValue={typed?.at ?? at}
          error={refusal?.fields.at}
          hint={`In ${deal.program.timeZone}.`}
        />
      </FieldRow>
      <FieldRow>
        <Select
          name="role"
          id={`${id}-role`}
          label="Role"
          placeholder="The usual one of its type"
          options={roleOptions}
          defaultValue={typed?.role ?? touch?.role ?? ''}
          error={refusal?.fields.role}
        />
        <Input
          name="weight"
          id={`${id}-weight`}
          label="Weight"
          optional
          inputMode="numeric"
          defaultValue={typed?.weight ?? touch?.weight ?? ''}
          error={refusal?.fields.weight}
          hint="Instead of its type’s, where the model weighs types."
        />
      </FieldRow>
      <Textarea
        name="note"
        id={`${id}-note`}
        label="Note"
        optional
        maxLength={2000}
        defaultValue={typed?.note ?? touch?.note ?? ''}
        error={refusal?.fields.note}
      />
    </>
  )
}
