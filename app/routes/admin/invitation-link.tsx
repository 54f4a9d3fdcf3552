import { Banner } from '#app/components/banner.tsx'
import { CopyButton } from '#app/components/copy-button.tsx'
import { When } from '#app/components/when.tsx'

/** An invitation's link, on the one page that ever shows it. */
export function InvitationLink({ email, url, expiresAt }: { email: string; url: string | null; expiresAt: number }) {
  return (
    <div role="status">
      <Banner tone="success" icon="mail" title={`${email} is invited`}>
        <p>
          The email with a link is on its way. It can be used once, until <When at={expiresAt} />.
        </p>
        {url ? (
          <>
            <p className="mt-1">You can also hand over this link yourself. It is shown only now:</p>
            <p className="mt-1 flex items-center gap-1 text-ink">
              <code className="min-w-0 select-all break-all font-mono text-sm">{url}</code>
              <CopyButton text={url} what="the invitation link" />
            </p>
          </>
        ) : null}
      </Banner>
    </div>
  )
}
