import { CopyButton } from '#app/components/copy-button.tsx'

/** The codes, this once: to copy, to save or to print. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const text = codes.join('\n')
  return (
    <div className="rounded-lg border border-line bg-sunken p-3">
      <ol aria-label="Recovery codes" className="flex flex-col gap-1 font-mono text-xs sm:text-sm">
        {codes.map(code => (
          <li key={code} className="break-words">
            {code}
          </li>
        ))}
      </ol>
      <p className="mt-3 flex flex-wrap items-center gap-x-3 text-sm">
        <a
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(`Recovery codes for Remit; each works once.\n\n${text}\n`)}`}
          download="remit-recovery-codes.txt"
          className="link inline-flex min-h-6 items-center"
        >
          Save as a file
        </a>
        <CopyButton text={text} what="the codes" />
      </p>
    </div>
  )
}
