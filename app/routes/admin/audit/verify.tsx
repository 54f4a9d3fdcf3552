import { useEffect, useRef } from 'react'
import type { Refusal } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { FieldRow, Form, FormActions, type FormErrors } from '#app/components/form.tsx'
import { Code } from '#app/components/id.tsx'
import { Input } from '#app/components/input.tsx'
import type { Verification } from '#server/audit/verify.ts'

/** Starts the walk; an end of the chain that was kept elsewhere makes it tell whether the log's own end was cut off, too. */
export function VerifyButton({ refusal }: { refusal: (Refusal & { summary: FormErrors }) | null }) {
  return (
    <Dialog
      key={refusal ? 'refused' : 'fresh'}
      trigger="Verify"
      icon="audit"
      variant="primary"
      title="Verify the audit log"
      description="Reads the whole log and computes every hash again. Nothing is changed."
      keepOpen={refusal !== null}
    >
      <Form errors={refusal?.summary}>
        <FieldRow>
          <Input
            name="seq"
            label="A kept entry’s number"
            optional
            inputMode="numeric"
            autoComplete="off"
            error={refusal?.fields['anchor.seq']}
          />
          <Input
            name="hash"
            label="Its hash"
            optional
            autoComplete="off"
            spellCheck={false}
            error={refusal?.fields['anchor.hash']}
          />
        </FieldRow>
        <p className="text-muted text-sm">
          The server writes the log’s last number and hash to its own output every minute. With a pair that was kept
          elsewhere, cutting off or rewriting the end shows as well.
        </p>
        <FormActions>
          <SubmitButton name="intent" value="verify">
            Verify now
          </SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

/** What the walk found. It takes the focus: the result of a button press must not be missed. */
export function VerificationResult({ verification, anchored }: { verification: Verification; anchored: boolean }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [verification])
  const { ok, entries, head, firstProblem } = verification
  const count = `${entries.toLocaleString('en-US')} ${entries === 1 ? 'entry' : 'entries'}`
  return (
    <div ref={box} tabIndex={-1} role="status">
      {ok ? (
        <Banner tone="success" icon="audit" title={`The log is whole: ${count} read, every hash right`}>
          {head ? (
            <p>
              It ends with entry {head.seq}, hash <Code>{head.hash}</Code>. Keep this pair somewhere else to prove later
              that the end was not cut off{anchored ? '; the pair you gave is in the chain' : ''}.
            </p>
          ) : (
            <p>Nothing has been recorded yet.</p>
          )}
        </Banner>
      ) : (
        <Banner tone="danger" title={`The log is not as it was written: ${firstProblem?.says ?? 'it does not fit.'}`}>
          <p>
            {count} read.{' '}
            {head ? (
              <>
                The last good one is entry {head.seq}, hash <Code>{head.hash}</Code>.
              </>
            ) : (
              'Not even the first one fits.'
            )}{' '}
            {anchored ? 'If the pair you gave is this log’s, somebody' : 'Somebody'} changed the database by hand, or it
            is damaged. Keep a copy of the file, and compare it with a backup before you trust what comes after.
          </p>
        </Banner>
      )}
    </div>
  )
}
