import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form as PlainForm, useActionData, useLoaderData, useSubmit } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { mutate, query, redirectWithToast, refuse } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { ErrorSummary, Form } from '#app/components/form.tsx'
import { Page } from '#app/components/page.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { Missing, SetupSteps } from './setup-steps.tsx'

export const meta: MetaFunction = () => [{ title: 'Set-up · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url)
  const me = await query(args, api => api.partners.me())
  return {
    orgName: args.context.viewer?.orgName ?? '',
    setup: me.setup,
    // Coming back from Stripe proves nothing, and reading a page must change nothing: the page asks for the look itself.
    returned: searchParams.has('return'),
    linkExpired: searchParams.has('refresh'),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  if (form.get('intent') === 'start') {
    const started = await mutate(args, api => api.partners.startSetup())
    // Stripe's own page, which the procedure has checked to be one.
    return started.ok ? redirect(started.value.url, 303) : refuse(started)
  }
  const refreshed = await mutate(args, api => api.partners.refreshSetup())
  if (!refreshed.ok) return refuse(refreshed)
  const { payable, says } = refreshed.value.setup
  return redirectWithToast(args.context, '/portal/setup', { kind: payable ? 'success' : 'info', message: says })
}

export default function Setup() {
  const { orgName, setup, returned, linkExpired } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  if (returned && !refusal) return <Returned />
  return (
    <Page
      title="Set-up"
      width="narrow"
      description={`${orgName} pays you through Stripe. Your bank details stay with Stripe; we never see them.`}
      aside={<StatusBadge of="partner" status={setup.holdUntil === null ? setup.status : 'on_hold'} />}
    >
      <ErrorSummary errors={refusal} />
      {linkExpired ? (
        <Banner title="That link to Stripe had expired">
          Such links work once and for minutes only. Go on here to get a new one.
        </Banner>
      ) : null}
      {setup.holdUntil === null ? null : (
        <Banner tone="warning" icon="pause" title="Payouts wait for a while">
          Your payout details changed. To keep anyone from redirecting your money, payouts go on only after{' '}
          <When at={setup.holdUntil} />. If it was not you, tell {orgName} now.
        </Banner>
      )}
      <Card title={setup.says}>
        <div className="flex flex-col gap-5">
          {setup.payable ? setup.missing.length > 0 ? <Missing setup={setup} /> : null : <SetupSteps setup={setup} />}
          {setup.action ? (
            <Form>
              <input type="hidden" name="intent" value="start" />
              <div>
                <SubmitButton size="lg" icon="external" variant={setup.payable ? 'secondary' : 'primary'}>
                  {setup.action}
                </SubmitButton>
                <p className="mt-2 text-muted text-sm">This opens Stripe’s own page. You come back here afterwards.</p>
              </div>
            </Form>
          ) : null}
        </div>
      </Card>
      {setup.syncedAt === null ? null : (
        <Card title="What Stripe said last">
          <Facts
            facts={[
              { label: 'Status', value: <StatusBadge of="partner" status={setup.status} /> },
              { label: 'Looked at', value: <When at={setup.syncedAt} /> },
            ]}
          />
          <Form className="mt-4">
            <input type="hidden" name="intent" value="refresh" />
            <div>
              <SubmitButton variant="secondary" size="lg" icon="refresh">
                Look again
              </SubmitButton>
            </div>
          </Form>
        </Card>
      )}
    </Page>
  )
}

/** Back from Stripe: asks it at once what is missing still, or by the button where scripts don't run. */
function Returned() {
  const submit = useSubmit()
  const form = useRef<HTMLFormElement>(null)
  const sent = useRef(false)
  useEffect(() => {
    if (sent.current || !form.current) return
    sent.current = true
    submit(form.current, { replace: true })
  }, [submit])
  return (
    <Page title="Checking with Stripe" width="narrow">
      <Card>
        <p>We ask Stripe whether everything is there. This takes a moment.</p>
        <PlainForm ref={form} method="post" action="/portal/setup" className="mt-4">
          <input type="hidden" name="intent" value="refresh" />
          <SubmitButton size="lg">See where I stand</SubmitButton>
        </PlainForm>
      </Card>
    </Page>
  )
}
