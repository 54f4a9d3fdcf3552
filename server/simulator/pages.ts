import { failureOf, GOOD_NUMBER } from './bank-accounts.ts'
import type { ConnectedAccount } from './connected-account.ts'

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1a1f36; background: #f6f8fa }
  .banner { background: #8a4b00; color: #fff; padding: .5rem 1rem; font-weight: 700; letter-spacing: .05em; text-align: center }
  main { max-width: 34rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
  button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem; cursor: pointer }
  label { display: block; margin: 1rem 0 .25rem }
  select { font: inherit; width: 100%; padding: .4rem }
  li { font-family: ui-monospace, monospace }
`

const BANK_CHOICES: [string, string][] = [
  [GOOD_NUMBER, 'Payouts arrive'],
  ['000111111116', 'Payouts fail: no such account'],
  ['000111111113', 'Payouts fail: account closed'],
  ['000222222227', 'Payouts fail: insufficient funds'],
]

/** The form of a partner who sets up payouts. Without scripts: every way out is a button of one form. */
export function onboardingPage(account: ConnectedAccount, returnUrl: string): string {
  const due = account.due.map(field => `<li>${escapeHtml(field)}</li>`).join('')
  const choices = BANK_CHOICES.map(([number, label]) => `<option value="${number}">${number}: ${label}</option>`).join(
    '',
  )
  return page(
    'Set up payouts',
    `<p>Account <code>${escapeHtml(account.id)}</code>${account.displayName ? ` for ${escapeHtml(account.displayName)}` : ''}, ${escapeHtml(account.country)}.
      Transfers are <strong>${escapeHtml(account.transfers ?? 'not requested')}</strong>.</p>
    ${due ? `<p>Missing:</p><ul>${due}</ul>` : ''}
    <form method="post">
      <label for="bank">Bank account number</label>
      <select id="bank" name="bank_number">${choices}</select>
      <button name="outcome" value="complete">Complete</button>
      <button name="outcome" value="missing">Missing information</button>
      <button name="outcome" value="reject">Reject</button>
      ${returnUrl ? '<button name="outcome" value="leave">Leave without finishing</button>' : ''}
    </form>`,
  )
}

/** What a login link leads to. Amounts are shown in minor units: this is no product page. */
export function expressPage(account: ConnectedAccount, balances: { currency: string; available: number }[]): string {
  const rows = balances
    .map(row => `<li>${row.available} ${escapeHtml(row.currency.toUpperCase())} (minor units)</li>`)
    .join('')
  const failure = account.bank && failureOf(account.bank)
  return page(
    'Express dashboard',
    `<p>Account <code>${escapeHtml(account.id)}</code>${account.displayName ? `, ${escapeHtml(account.displayName)}` : ''}</p>
    <p>Balance:</p><ul>${rows || '<li>nothing</li>'}</ul>
    <p>Bank account: ${account.bank ? `ends in ${escapeHtml(account.bank.number.slice(-4))}${failure ? `; payouts fail (${escapeHtml(failure.code)})` : ''}` : 'none'}</p>`,
  )
}

export function messagePage(message: string): string {
  return page('Simulated Stripe', `<p>${escapeHtml(message)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} (simulated)</title><style>${STYLE}</style></head>
<body><div class="banner">SIMULATED: this is not Stripe, and no real money moves</div><main><h1>${escapeHtml(title)}</h1>${body}</main></body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
