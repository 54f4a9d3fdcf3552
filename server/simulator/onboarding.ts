import { changeAccount } from './account-changes.ts'
import { GOOD_NUMBER, newBank } from './bank-accounts.ts'
import { activated, type ConnectedAccount, findAccount } from './connected-account.ts'
import { parseForm } from './form.ts'
import { expressPage, messagePage, onboardingPage } from './pages.ts'
import { html, type Reply, redirect } from './reply.ts'
import { HOUR, MINUTE, type World } from './world.ts'

const LINK_LIFE = 5 * MINUTE
const SESSION_LIFE = HOUR

interface Grant {
  token: string
  stage: 'link' | 'session'
  account: string
  refresh_url: string
  return_url: string
  expires: number
  used: number
}

/** A link to the hosted onboarding page. It opens once and expires (UTC milliseconds) within minutes. */
export function createLink(
  world: World,
  account: string,
  refreshUrl = '',
  returnUrl = refreshUrl,
): { url: string; expires: number } {
  return grant(world, 'link', { account, refresh_url: refreshUrl, return_url: returnUrl }, LINK_LIFE)
}

/** Serves `/onboarding/…` and `/express/…`: what a partner's browser sees. Returns null for any other path. */
export function servePage(world: World, method: string, path: string, body: string): Reply | null {
  const [, area, token, ...rest] = path.split('/')
  if (rest.length > 0 || !token) return null
  if (area === 'express' && method === 'GET') return serveExpress(world, token)
  if (area !== 'onboarding') return null
  if (method === 'GET') return token.startsWith('link_') ? openLink(world, token) : showSession(world, token)
  if (method === 'POST') return finish(world, token, body)
  return null
}

/** Spends the link and goes on with a session; a spent or expired link leads back to the platform for a new one. */
function openLink(world: World, token: string): Reply {
  const link = find(world, token, 'link')
  if (!link) return html(404, messagePage('This link does not exist.'))
  if (link.used || link.expires <= world.now()) {
    return link.refresh_url ? redirect(link.refresh_url) : html(410, messagePage('This link has expired.'))
  }
  world.store.run('UPDATE onboarding SET used = 1 WHERE token = ?', [token])
  return redirect(grant(world, 'session', link, SESSION_LIFE).url)
}

function showSession(world: World, token: string): Reply {
  const session = find(world, token, 'session')
  const account = session && findAccount(world, session.account)
  if (!session || !account) return html(404, messagePage('This session does not exist.'))
  if (session.expires <= world.now()) return redirect(session.refresh_url)
  return html(200, onboardingPage(account, session.return_url))
}

function finish(world: World, token: string, body: string): Reply {
  const session = find(world, token, 'session')
  const account = session && findAccount(world, session.account)
  if (!session || !account) return html(404, messagePage('This session does not exist.'))
  if (session.expires <= world.now()) return redirect(session.refresh_url)
  const form = parseForm(body)
  const number = typeof form.bank_number === 'string' ? form.bank_number : GOOD_NUMBER
  const change = outcome(world, account, String(form.outcome), number)
  if (!change) return html(400, messagePage('Choose one of the buttons.'))
  changeAccount(world, account, change)
  return redirect(session.return_url)
}

function outcome(
  world: World,
  account: ConnectedAccount,
  name: string,
  bankNumber: string,
): Partial<ConnectedAccount> | null {
  switch (name) {
    case 'complete': {
      const known = account.bank?.number === bankNumber && account.bank.status !== 'errored' ? account.bank : null
      const bank = known ?? newBank(world, account.country, { number: bankNumber, currency: account.currency })
      return activated(bank, account.transfersRequested ?? world.now())
    }
    case 'missing':
      return {
        transfers: 'restricted',
        payouts: 'restricted',
        detailsSubmitted: true,
        due: ['individual.verification.document'],
      }
    case 'reject':
      return {
        transfers: 'rejected',
        payouts: 'rejected',
        detailsSubmitted: true,
        due: [],
        disabledReason: 'rejected.other',
      }
    case 'leave':
      return {}
    default:
      return null
  }
}

function serveExpress(world: World, id: string): Reply {
  const account = findAccount(world, id)
  if (!account || account.deauthorized) return html(404, messagePage('This account does not exist.'))
  const balances = world.store.all<{ currency: string; available: number }>(
    'SELECT currency, available FROM balances WHERE account = ? ORDER BY currency',
    [id],
  )
  return html(200, expressPage(account, balances))
}

function grant(
  world: World,
  stage: Grant['stage'],
  to: Pick<Grant, 'account' | 'refresh_url' | 'return_url'>,
  life: number,
): { url: string; expires: number } {
  const token = world.id(stage)
  const expires = world.now() + life
  world.store.run(
    'INSERT INTO onboarding (token, stage, account, refresh_url, return_url, expires) VALUES (?, ?, ?, ?, ?, ?)',
    [token, stage, to.account, to.refresh_url, to.return_url, expires],
  )
  return { url: `${world.baseUrl}/onboarding/${token}`, expires }
}

function find(world: World, token: string, stage: Grant['stage']): Grant | undefined {
  return world.store.get<Grant>('SELECT * FROM onboarding WHERE token = ? AND stage = ?', [token, stage])
}
