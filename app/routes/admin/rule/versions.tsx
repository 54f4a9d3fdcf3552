import { useMemo } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Diff } from '#app/components/diff.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'
import type { RuleVersionView } from '#server/rules/view.ts'
import { RuleBadge } from '../rules/state-badge.tsx'
import { useRefusal, useRulePage } from './page-data.ts'
import { gainAndLose } from './preview.tsx'

/** One version: how it reads, what changed, who wrote and published it, and for a draft what can be done. */
export function Version({ version }: { version: RuleVersionView }) {
  const { rule } = useRulePage()
  const action = (name: RuleVersionView['actions'][number]['action']) =>
    version.actions.find(one => one.action === name)
  const publish = action('publish')
  return (
    <div id={version.id} className="scroll-mt-16">
      <Card
        title={`Version ${version.number}`}
        description={
          <>
            Written by {version.writtenBy}, <When at={version.createdAt} />
            {version.publishedBy ? (
              <>
                ; published by {version.publishedBy}, <When at={version.publishedAt} />
              </>
            ) : null}
          </>
        }
        actions={<RuleBadge state={version.status} />}
      >
        <p className="break-words">{version.reads}</p>
        {version.differences.length > 0 ? (
          <div className="mt-3">
            <h3 className="mb-1 font-medium text-sm">What changed</h3>
            <Diff changes={version.differences} />
          </div>
        ) : null}
        {version.status === 'draft' ? (
          <div className="mt-4 flex flex-col gap-3">
            {publish?.refusal ? (
              <Banner icon="lock" title="Someone else has to publish it">
                {publish.refusal}
              </Banner>
            ) : null}
            <div className="flex flex-wrap gap-2">
              {publish && !publish.refusal ? <Publish version={version} /> : null}
              {action('edit') ? (
                <LinkButton to={`/admin/rules/${rule.id}/edit`} icon="edit">
                  Edit the draft
                </LinkButton>
              ) : null}
              {action('discard') ? <Discard version={version} /> : null}
            </div>
          </div>
        ) : null}
      </Card>
    </div>
  )
}

function useErrors(intent: string) {
  const refusal = useRefusal(intent)
  // The same object for as long as the answer stands: a new one would take the focus away.
  const errors = useMemo(() => (refusal ? { message: refusal.message } : null), [refusal])
  return { refusal, errors }
}

function Publish({ version }: { version: RuleVersionView }) {
  const { rule, preview, idempotencyKey } = useRulePage()
  const { refusal, errors } = useErrors('publish')
  return (
    <Dialog
      trigger="Publish"
      icon="check"
      variant="primary"
      title={`Publish version ${version.number} of ${rule.name}?`}
      keepOpen={refusal !== null}
    >
      <Form
        errors={errors}
        hidden={{ intent: 'publish', ruleVersionId: version.id, version: version.version, idempotencyKey }}
      >
        <ConfirmBox
          label="I have read the rule and what it would have paid."
          error={refusal?.fields.confirmed}
          warning="A published version never changes. What is booked stays as it is; deals that close on its days, and that nobody was booked for yet, are paid by it."
        >
          <p className="break-words">{version.reads}</p>
          {preview && preview.deals > 0 ? (
            <ul className="mt-2 text-muted text-sm">
              {preview.totals
                .filter(({ before, after }) => before !== after)
                .map(({ currency, before, after }) => (
                  <li key={currency}>
                    <Money amount={after - before} currency={currency} sign /> on the last 90 days
                  </li>
                ))}
              <li>{gainAndLose(preview)}</li>
            </ul>
          ) : null}
        </ConfirmBox>
        <FormActions>
          <SubmitButton>Publish version {version.number}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function Discard({ version }: { version: RuleVersionView }) {
  const { rule, idempotencyKey } = useRulePage()
  const { refusal, errors } = useErrors('discard')
  return (
    <Dialog
      trigger="Discard the draft"
      variant="danger-quiet"
      title={`Discard draft ${version.number} of ${rule.name}?`}
      keepOpen={refusal !== null}
    >
      <Form
        errors={errors}
        hidden={{ intent: 'discard', ruleVersionId: version.id, version: version.version, idempotencyKey }}
      >
        <p>It stays in the history and is never in force. The next version gets a new number.</p>
        <FormActions>
          <SubmitButton variant="danger">Discard the draft</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}
