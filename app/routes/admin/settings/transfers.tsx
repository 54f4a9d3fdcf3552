import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { ErrorSummary, Form, FormActions } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Textarea } from '#app/components/input.tsx'
import { When } from '#app/components/when.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

/** The stop button. `#transfers` is where other pages point to. */
export function Transfers() {
  const { settings } = useSettingsPage()
  const resume = useSettingsRefusal('resume')
  const { paused, mayPause } = settings
  return (
    <div id="transfers" className="scroll-mt-16">
      <Card
        title="Transfers"
        actions={
          mayPause ? (
            paused ? (
              paused.unreconciledSince === null ? (
                <ResumeDialog />
              ) : (
                <CompareFirst />
              )
            ) : (
              <PauseDialog />
            )
          ) : null
        }
      >
        {resume && !paused ? <ErrorSummary errors={resume.summary} /> : null}
        {paused ? (
          <div className="flex gap-2">
            <Icon name="pause" className="mt-0.5 text-danger" />
            <div className="min-w-0">
              <p className="font-medium">All transfers are paused</p>
              <p className="whitespace-pre-wrap break-words">{paused.reason}</p>
              <p className="text-muted text-sm">
                by {paused.by}, since <When at={paused.at} />
              </p>
            </div>
          </div>
        ) : (
          <p className="flex gap-2">
            <Icon name="play" className="mt-0.5 text-success" />
            <span>Transfers run: a payout that is marked paid is sent through Stripe at once.</span>
          </p>
        )}
        {mayPause ? null : (
          <p className="mt-2 flex gap-1.5 text-muted text-sm">
            <Icon name="lock" size={14} className="mt-[0.2em]" />
            An admin or an owner pauses and resumes transfers.
          </p>
        )}
      </Card>
    </div>
  )
}

/** After a restore nothing is resumed before both sides were compared. */
function CompareFirst() {
  return (
    <LinkButton to="/admin/reconcile" icon="refresh">
      Compare with Stripe first
    </LinkButton>
  )
}

function PauseDialog() {
  const refused = useSettingsRefusal('pause')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger="Pause all transfers"
      variant="danger-quiet"
      size="sm"
      icon="pause"
      title="Pause all transfers?"
      keepOpen={refused !== null}
    >
      <Form hidden={useHidden('pause')} errors={refused?.summary}>
        <p>
          From this moment nothing is sent, for no partner. Payouts can still be prepared and approved; those marked
          paid wait, and nothing is lost. What Stripe already has can’t be called back.
        </p>
        <Textarea
          name="reason"
          label="Reason"
          required
          maxLength={500}
          defaultValue={refused?.values.reason}
          error={refused?.refusal.fields.reason}
          hint="The whole team reads it, on every page."
        />
        <FormActions>
          <SubmitButton variant="danger" icon="pause">
            Pause all transfers
          </SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function ResumeDialog() {
  const refused = useSettingsRefusal('resume')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger="Resume transfers"
      variant="primary"
      size="sm"
      icon="play"
      title="Resume transfers?"
      keepOpen={refused !== null}
    >
      <Form hidden={useHidden('resume')} errors={refused?.summary}>
        <p>
          Transfers that wait are sent at once, each after a last look at whether it may be. Make sure that the reason
          for the pause is gone.
        </p>
        {refused?.refusal.fields.reason ? (
          <Textarea
            name="reason"
            label="Why it is safe"
            required
            maxLength={500}
            defaultValue={refused.values.reason}
            error={refused.refusal.fields.reason}
            hint="It is kept in the audit log."
          />
        ) : null}
        <FormActions>
          <SubmitButton icon="play">Resume transfers</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}
