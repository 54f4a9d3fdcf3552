/** Basis points as people write a percentage, exactly: `1500` → `15 %`, `1250` → `12.5 %`. */
export function percentWords(bp: number): string {
  const digits = String(bp).padStart(3, '0')
  const fraction = digits.slice(-2).replace(/0+$/, '')
  return `${digits.slice(0, -2)}${fraction && `.${fraction}`} %`
}
