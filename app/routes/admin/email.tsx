import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { type Fact, Facts } from '#app/components/facts.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { type EmailTemplate, emailStatusLabels, templateLabels } from '#server/email/rules.ts'
import { withoutStyleSheet } from './emails/shown.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.email.subject} · Emails · Remit` : 'Email · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const asText = new URL(args.request.url).searchParams.get('view') === 'text'
  return query(args, async api => {
    const { html, text, ...email } = await api.emails.get({ emailId: args.params.emailId ?? '' })
    return {
      email: {
        ...email,
        templateName: templateLabels[email.template as EmailTemplate] ?? email.template,
        says: emailStatusLabels[email.status].says,
      },
      body: asText ? { kind: 'text' as const, text } : { kind: 'html' as const, html: withoutStyleSheet(html) },
    }
  })
}

export default function Email() {
  const { email, body } = useLoaderData<typeof loader>()
  const facts: (Fact | null)[] = [
    { label: 'Message', value: email.templateName },
    { label: 'Written', value: <When at={email.createdAt} /> },
    { label: 'Sent', value: <When at={email.sentAt} /> },
    email.payoutId
      ? { label: 'Payout', value: <PageLink to={`/admin/payouts/${email.payoutId}`} label="Open the payout" /> }
      : null,
    email.partnerId
      ? { label: 'Partner', value: <PageLink to={`/admin/partners/${email.partnerId}`} label="Open the partner" /> }
      : null,
  ]
  return (
    <Page
      title={email.subject}
      aside={<StatusBadge of="email" status={email.status} />}
      breadcrumbs={[{ label: 'Emails', to: '/admin/emails' }]}
    >
      {email.status === 'failed' ? (
        <Banner tone="danger" title={`Not sent: ${email.error ?? email.says}`}>
          If the address is wrong, mend it at the partner or the member; later messages then go to the new one.
        </Banner>
      ) : null}
      {email.status === 'sending' ? (
        <Banner tone="info" icon="clock" title={email.says}>
          {email.error ? `The last try: ${email.error}` : null}
        </Banner>
      ) : null}
      <Columns
        main={
          <>
            <Tabs
              label="Parts of the email"
              tabs={[
                { label: 'As it looks', to: '?', current: body.kind === 'html' },
                { label: 'Plain text', to: '?view=text', current: body.kind === 'text' },
              ]}
            />
            <Card padding="none" className="overflow-hidden">
              {body.kind === 'html' ? (
                // No permission at all: no scripts, no forms, no links that lead away.
                <iframe
                  title={`The email “${email.subject}”`}
                  sandbox=""
                  srcDoc={body.html}
                  className="block h-[44rem] max-h-[80dvh] min-h-96 w-full resize-y bg-[#f4f4f5]"
                />
              ) : (
                <pre className="whitespace-pre-wrap break-words p-4 font-mono text-sm">{body.text}</pre>
              )}
            </Card>
            <p className="text-muted text-sm">
              Links that open something by themselves, such as an invitation’s, are taken out of this copy.{' '}
              <a href={`/admin/emails/${email.id}/body`} target="_blank" rel="noreferrer" className="link">
                Open it alone<span className="sr-only"> (opens in a new tab)</span>
              </a>
            </p>
          </>
        }
        side={
          <>
            <Card title="Headers">
              <dl className="flex flex-col gap-2">
                {email.headers.map(({ name, value }) => (
                  <div key={name} className="min-w-0">
                    <dt className="text-muted text-sm">{name}</dt>
                    <dd className="break-words [overflow-wrap:anywhere]">{value}</dd>
                  </div>
                ))}
              </dl>
            </Card>
            <Card title="Details">
              <Facts facts={facts.filter(fact => fact !== null)} />
            </Card>
          </>
        }
      />
    </Page>
  )
}

function PageLink({ to, label }: { to: string; label: string }) {
  return (
    <Link to={to} className="link">
      {label}
    </Link>
  )
}
