/** Initials in a circle; decorative, the name stands beside it. */
export function Avatar({ name, size = 'md' }: { name: string; size?: 'sm' | 'md' }) {
  return (
    <span
      aria-hidden="true"
      className={`grid shrink-0 select-none place-items-center rounded-full bg-accent-soft font-semibold text-accent text-xs ${
        size === 'sm' ? 'size-6' : 'size-8'
      }`}
    >
      {initials(name)}
    </span>
  )
}

/** 'Ana María López' → 'AL'; one word gives one letter. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(word => (word ? [...word][0] : ''))
  return letters.join('').toUpperCase()
}
