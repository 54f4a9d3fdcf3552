import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'

type IdProps = {
  value: string
  /** What it is, for the copy button: 'transfer id'. */
  what?: string
  /** Opens the thing elsewhere (Stripe's dashboard). */
  href?: string | null
}

/** An id in mono, selected whole by one click, with a copy button. */
export function Id({ value, what = 'id', href }: IdProps) {
  return (
    <span className="inline-flex min-w-0 max-w-full items-center gap-0.5">
      {href ? (
        <a href={href} target="_blank" rel="noreferrer" className="link inline-flex min-w-0 items-center gap-1">
          <Code>{value}</Code>
          <Icon name="external" size={12} />
          <span className="sr-only">(opens in a new tab)</span>
        </a>
      ) : (
        <Code>{value}</Code>
      )}
      <CopyButton text={value} what={what} />
    </span>
  )
}

/** Mono text: ids, hashes, keys, references. */
export function Code({ children }: { children: string }) {
  return <code className="select-all break-all font-mono text-[0.92em]">{children}</code>
}
