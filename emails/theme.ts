/** Hex only: mail clients drop CSS variables and modern colour functions. One accent; amber is kept for warnings. */
export const colors = {
  page: '#f4f4f5',
  card: '#ffffff',
  line: '#e4e4e7',
  ink: '#18181b',
  muted: '#52525b',
  accent: '#0f766e',
  onAccent: '#ffffff',
  warningCard: '#fffbeb',
  warningLine: '#d97706',
  warningInk: '#78350f',
} as const

export const fonts = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

/** Names may be one long word: break it rather than push the page wider than the phone. */
export const wrap = { overflowWrap: 'anywhere', wordBreak: 'break-word' } as const

/**
 * The dark theme and the phone, for clients that read a style sheet; the others get the inline light theme.
 * React escapes text in a style element, so the rules do without quotes and child combinators.
 */
export const styleSheet = `
@media (max-width: 480px) {
  .gutter { padding: 16px 12px 32px !important; }
  .inner { padding: 24px 20px !important; }
  .amount { font-size: 32px !important; line-height: 38px !important; }
  .action { display: block !important; text-align: center !important; }
}
@media (prefers-color-scheme: dark) {
  .page { background-color: #18181b !important; }
  .card { background-color: #242427 !important; border-color: #3f3f46 !important; }
  .stripe { background-color: #2dd4bf !important; }
  .ink { color: #fafafa !important; }
  .muted { color: #b4b4bd !important; }
  .rule { border-color: #3f3f46 !important; }
  .link { color: #5eead4 !important; }
  .action { background-color: #2dd4bf !important; color: #042f2e !important; }
  .notice { background-color: #2e2e33 !important; border-color: #2dd4bf !important; }
  .notice-ink { color: #fafafa !important; }
  .warning { background-color: #3b2a0a !important; border-color: #f59e0b !important; }
  .warning-ink { color: #fde68a !important; }
}
`
