/** The mark and the name. */
export function Logo({ markOnly = false }: { markOnly?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2 font-semibold text-ink text-lg tracking-tight">
      <svg viewBox="0 0 32 32" width={24} height={24} aria-hidden="true" focusable="false" className="shrink-0">
        <rect width="32" height="32" rx="8" className="fill-accent-solid" />
        <g fill="none" stroke="#fff" strokeWidth={3} strokeLinecap="round" strokeLinejoin="round">
          <path d="M9 23V9h7.5a4.75 4.75 0 0 1 0 9.5H9" />
          <path d="m18 18.5 4.5 4.5" />
        </g>
        <circle cx="23" cy="23" r="2.25" fill="#8fe0da" />
      </svg>
      <span className={markOnly ? 'sr-only' : undefined}>Remit</span>
    </span>
  )
}
