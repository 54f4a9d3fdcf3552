/** Basis points as people write a percentage, exactly: `1500` → `15 %`, `1250` → `12.5 %`. */
export function percentWords(bp: number): string {
  const digits = String(bp).padStart(3, '0')
  const fraction = digits.slice(-2).replace(/0+$/, '')
  return `${digits.slice(0, -2)}${fraction && `.${fraction}`} %`
}

/** Basis points as a field holds them: `6154` → `61.54`. */
export function percentDigits(bp: number): string {
  return percentWords(bp).replace(' %', '')
}

/** What a person typed as a percentage, in basis points; null for anything else, also for more than two decimals. */
export function readPercent(text: string): number | null {
  const match = /^(\d{1,3})(?:[.,](\d{1,2}))?\s*%?$/.exec(text.trim())
  if (!match) return null
  const bp = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
  return bp <= 10_000 ? bp : null
}
