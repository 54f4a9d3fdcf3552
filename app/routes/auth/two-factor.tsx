import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { mutate, query } from '#app/api.server.ts'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { CopyButton } from '#app/components/copy-button.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { homeOf } from '#server/auth/rules.ts'
import { AddPasskey } from './add-passkey.tsx'
import { fieldsOf, readErrand } from './errand.ts'
import { Carried, GoOn } from './go-on.tsx'
import { CodeInput } from './prove-forms.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

export const meta: MetaFunction = () => [{ title: 'Set up a second factor · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const account = `${homeOf(args.context.viewer?.role ?? 'viewer')}/account`
  return query(args, async api => {
    const { totp, passkeysPossible } = await api.auth.factors()
    const offer = await api.auth.offerTotp({})
    return {
      offer,
      account,
      hasApp: totp !== null,
      passkeysPossible,
      errand: readErrand(args.request, null),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const text = (name: string) => String(form.get(`remit.${name}`) ?? '')
  const errand = readErrand(args.request, form)
  const sealed = text('sealed') || undefined
  const offered = await mutate(args, api => api.auth.offerTotp({ sealed }))
  if (!offered.ok) throw data({ message: offered.message }, { status: offered.status })
  const offer = offered.value
  if (text('by') === 'passkey') {
    const outcome = await mutate(args, api =>
      api.auth.addPasskey({
        response: text('passkey'),
        name: text('name'),
        endOtherSessions: form.has('remit.endOtherSessions'),
      }),
    )
    if (!outcome.ok) return data({ errand, offer, refusal: outcome, saved: null }, { status: outcome.status })
    return data({ errand, offer: null, refusal: null, saved: outcome.value })
  }
  if (!sealed) return data({ errand, offer, refusal: null, saved: null })
  const outcome = await mutate(args, api =>
    api.auth.addTotp({
      sealed,
      code: text('code').replace(/\s/g, ''),
      endOtherSessions: form.has('remit.endOtherSessions'),
    }),
  )
  if (!outcome.ok) return data({ errand, offer, refusal: outcome, saved: null }, { status: outcome.status })
  return data({ errand, offer: null, refusal: null, saved: outcome.value })
}

export default function TwoFactor() {
  const page = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const errand = answer?.errand ?? page.errand
  if (answer?.saved)
    return <Saved codes={answer.saved.codes} errand={errand.to === null ? { ...errand, to: page.account } : errand} />
  const offer = answer?.offer ?? page.offer
  return (
    <AuthShell
      title={page.hasApp ? 'Set up another app' : 'Set up a second factor'}
      description={
        page.hasApp
          ? 'It replaces the app you have.'
          : 'Signing in, and whatever moves money, then takes your phone as well as your password. It takes a minute, and you go on where you were.'
      }
    >
      {offer ? (
        <form method="post" className="flex flex-col gap-5">
          <ErrorSummary errors={answer?.refusal && { message: answer.refusal.message }} />
          <Carried fields={[...fieldsOf(errand), ['remit.sealed', offer.sealed]]} />
          <div>
            <h2 className="font-semibold">1. Scan this with an authenticator app</h2>
            <QrCode {...offer.qr} />
            <p className="text-muted text-sm">Can’t scan it? Type this key into the app instead:</p>
            <p className="mt-1 flex items-center gap-1">
              <code className="break-words font-mono text-sm">{offer.secret}</code>
              <CopyButton text={offer.secret.replaceAll(' ', '')} what="the key" />
            </p>
            <p className="mt-1 text-sm">
              On this phone?{' '}
              <a href={offer.uri} className="link">
                Open it in the app
              </a>
            </p>
          </div>
          <div className="flex flex-col gap-4">
            <h2 className="font-semibold">2. Type the code that it shows</h2>
            <CodeInput label="Code of the app" error={answer?.refusal?.fields.code} />
            <Checkbox
              name="remit.endOtherSessions"
              id="endOtherSessions"
              label="Sign me out everywhere else"
              defaultChecked
            />
          </div>
          <SubmitButton size="lg" block>
            {page.hasApp ? 'Use this app' : 'Turn it on'}
          </SubmitButton>
        </form>
      ) : null}
      {page.passkeysPossible ? (
        <details
          id="passkey"
          className="mt-5"
          open={answer?.refusal?.fields.response || answer?.refusal?.fields.name ? true : undefined}
        >
          <summary className="link inline-flex min-h-11 cursor-pointer items-center text-sm">
            Add a passkey instead
          </summary>
          <div className="mt-2">
            <AddPasskey carried={fieldsOf(errand)} refusal={answer?.refusal} />
          </div>
        </details>
      ) : null}
    </AuthShell>
  )
}

/** Dark on white in both themes: readers want it so. */
function QrCode({ size, path }: { size: number; path: string }) {
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the key below"
      shapeRendering="crispEdges"
      className="mx-auto my-3 size-48 rounded-md border border-line"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

function Saved({ codes, errand }: { codes: string[] | null; errand: Parameters<typeof GoOn>[0]['errand'] }) {
  if (!codes)
    return (
      <AuthShell title="That is set up" description="From now on Remit asks for it.">
        <GoOn errand={errand} label="Go on" atOnce />
      </AuthShell>
    )
  return (
    <AuthShell
      title="Save your recovery codes"
      description="It is on. If you ever lose the device, one of these codes signs you in; each works once. They are shown only now."
    >
      <RecoveryCodes codes={codes} />
      <div className="mt-5">
        <GoOn errand={errand} label="I have saved them: go on" />
      </div>
    </AuthShell>
  )
}
