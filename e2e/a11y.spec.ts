import type { Page } from 'playwright/test'
import { isClean } from './axe.ts'
import { expect, testIn } from './fixtures.ts'
import { fullHouse } from './world/full-house.ts'
import type { People } from './world/people.ts'
import { allRoutes } from './world/routes.ts'

const test = testIn(fullHouse)
type House = People & Awaited<ReturnType<typeof fullHouse>>

/** Whose eyes see each page of routes.ts, and at which addresses. A page without a line here fails the first test. */
const pages: Record<string, { as: 'owner' | 'partner' | 'nobody'; at: (house: House) => string[] }> = {
  '/': { as: 'nobody', at: () => ['/'] },
  '/login': { as: 'nobody', at: () => ['/login'] },
  '/verify': { as: 'nobody', at: () => ['/verify'] },
  '/confirm': { as: 'owner', at: () => ['/confirm'] },
  '/two-factor': { as: 'owner', at: () => ['/two-factor'] },
  '/forgot': { as: 'nobody', at: () => ['/forgot', '/forgot?sent'] },
  '/reset/:token': { as: 'nobody', at: () => [`/reset/${'x'.repeat(43)}`] },
  '/invitations/:token': { as: 'nobody', at: house => [house.invitationPath, `/invitations/${'x'.repeat(43)}`] },
  '/admin': { as: 'owner', at: () => ['/admin'] },
  '/admin/payouts': {
    as: 'owner',
    at: () => [
      '/admin/payouts',
      '/admin/payouts?q=INV&currency=USD&status=paid',
      '/admin/payouts?q=nothing-is-called-so',
    ],
  },
  '/admin/payouts/new': { as: 'owner', at: () => ['/admin/payouts/new'] },
  '/admin/payouts/import': { as: 'owner', at: () => ['/admin/payouts/import'] },
  '/admin/payouts/import/:importId': {
    as: 'owner',
    at: ({ importId, brokenImportId }) => [importId, brokenImportId].map(id => `/admin/payouts/import/${id}`),
  },
  '/admin/payouts/:payoutId': {
    as: 'owner',
    at: ({ payouts }) => Object.values(payouts).map(({ id }) => `/admin/payouts/${id}`),
  },
  '/admin/payouts/:payoutId/edit': {
    as: 'owner',
    at: ({ payouts }) => [`/admin/payouts/${payouts.approved.id}/edit`, `/admin/payouts/${payouts.paid.id}/edit`],
  },
  '/admin/registrations': { as: 'owner', at: () => ['/admin/registrations', '/admin/registrations?all=yes'] },
  '/admin/registrations/:registrationId': {
    as: 'owner',
    at: ({ negotiated: { registrationId, waitingId } }) =>
      [registrationId, waitingId].map(id => `/admin/registrations/${id}`),
  },
  '/admin/runs': { as: 'owner', at: () => ['/admin/runs'] },
  '/admin/runs/new': { as: 'owner', at: () => ['/admin/runs/new'] },
  '/admin/runs/minimums': { as: 'owner', at: () => ['/admin/runs/minimums'] },
  '/admin/runs/:runId': { as: 'owner', at: ({ runId }) => [`/admin/runs/${runId}`] },
  '/admin/rates': { as: 'owner', at: () => ['/admin/rates'] },
  '/admin/periods': { as: 'owner', at: () => ['/admin/periods'] },
  '/admin/rules': { as: 'owner', at: () => ['/admin/rules'] },
  '/admin/rules/new': { as: 'owner', at: () => ['/admin/rules/new'] },
  '/admin/rules/:ruleId': { as: 'owner', at: ({ ruleId }) => [`/admin/rules/${ruleId}`] },
  '/admin/rules/:ruleId/edit': { as: 'owner', at: ({ ruleId }) => [`/admin/rules/${ruleId}/edit`] },
  '/admin/commissions': { as: 'owner', at: () => ['/admin/commissions', '/admin/commissions?q=nothing-is-called-so'] },
  '/admin/commissions/:commissionId': {
    as: 'owner',
    at: ({ negotiated }) => [`/admin/commissions/${negotiated.commissionId}`],
  },
  '/admin/disputes': { as: 'owner', at: () => ['/admin/disputes'] },
  '/admin/deals': {
    as: 'owner',
    at: () => ['/admin/deals', '/admin/deals?stage=won&currency=USD&min=1', '/admin/deals?q=nothing-is-called-so'],
  },
  '/admin/deals/new': { as: 'owner', at: () => ['/admin/deals/new'] },
  '/admin/deals/:dealId': { as: 'owner', at: ({ negotiated }) => [`/admin/deals/${negotiated.dealId}`] },
  '/admin/deals/:dealId/edit': { as: 'owner', at: ({ negotiated }) => [`/admin/deals/${negotiated.dealId}/edit`] },
  '/admin/deals/:dealId/shares': { as: 'owner', at: ({ negotiated }) => [`/admin/deals/${negotiated.dealId}/shares`] },
  '/admin/programs': { as: 'owner', at: () => ['/admin/programs', '/admin/programs?archived=yes'] },
  '/admin/programs/new': { as: 'owner', at: () => ['/admin/programs/new'] },
  '/admin/programs/:programId': { as: 'owner', at: ({ org }) => [`/admin/programs/prg_${org.id}`] },
  '/admin/deals/:dealId/split': { as: 'owner', at: ({ negotiated }) => [`/admin/deals/${negotiated.dealId}/split`] },
  '/admin/partners': { as: 'owner', at: () => ['/admin/partners'] },
  '/admin/partners/new': { as: 'owner', at: () => ['/admin/partners/new'] },
  '/admin/partners/:partnerId': {
    as: 'owner',
    at: ({ payable, fresh }) => [payable, fresh].map(({ partner }) => `/admin/partners/${partner.id}`),
  },
  '/admin/partners/:partnerId/edit': { as: 'owner', at: ({ fresh }) => [`/admin/partners/${fresh.partner.id}/edit`] },
  '/admin/imports': { as: 'owner', at: () => ['/admin/imports'] },
  '/admin/imports/new': { as: 'owner', at: () => ['/admin/imports/new?kind=partners'] },
  '/admin/imports/:importId': {
    as: 'owner',
    at: ({ imports }) => [
      ...Object.values(imports).map(id => `/admin/imports/${id}`),
      `/admin/imports/${imports.ready}?only=problems`,
    ],
  },
  '/admin/imports/:importId/mapping': {
    as: 'owner',
    at: ({ imports }) => [imports.mapping, imports.committed].map(id => `/admin/imports/${id}/mapping`),
  },
  '/admin/imports/:importId/report': {
    as: 'owner',
    at: ({ imports }) => [`/admin/imports/${imports.committed}/report`],
  },
  '/admin/emails': { as: 'owner', at: () => ['/admin/emails'] },
  '/admin/emails/:emailId': { as: 'owner', at: ({ emailId }) => [`/admin/emails/${emailId}`] },
  '/admin/jobs': { as: 'owner', at: () => ['/admin/jobs'] },
  '/admin/audit': { as: 'owner', at: () => ['/admin/audit'] },
  '/admin/reconcile': { as: 'owner', at: () => ['/admin/reconcile'] },
  '/admin/team': { as: 'owner', at: () => ['/admin/team'] },
  '/admin/settings': { as: 'owner', at: () => ['/admin/settings'] },
  '/admin/account': { as: 'owner', at: () => ['/admin/account'] },
  '/portal': { as: 'partner', at: () => ['/portal'] },
  '/portal/payouts': { as: 'partner', at: () => ['/portal/payouts', '/portal/payouts?period=1999-01'] },
  '/portal/payouts/:payoutId': {
    as: 'partner',
    at: ({ payouts: { pending, rejected, paid } }) =>
      [pending, rejected, paid].map(({ id }) => `/portal/payouts/${id}`),
  },
  '/portal/setup': { as: 'partner', at: () => ['/portal/setup'] },
  '/portal/commissions': { as: 'partner', at: () => ['/portal/commissions', '/portal/commissions?state=paid'] },
  '/portal/commissions/:commissionId': {
    as: 'partner',
    at: ({ negotiated }) => [`/portal/commissions/${negotiated.commissionId}`],
  },
  '/portal/deals': { as: 'partner', at: () => ['/portal/deals'] },
  '/portal/deals/:dealId': { as: 'partner', at: ({ negotiated }) => [`/portal/deals/${negotiated.dealId}`] },
  '/portal/registrations/new': { as: 'partner', at: () => ['/portal/registrations/new'] },
  '/portal/registrations/:registrationId': {
    as: 'partner',
    at: ({ negotiated: { registrationId, waitingId, draftId } }) =>
      [registrationId, waitingId, draftId].map(id => `/portal/registrations/${id}`),
  },
  '/portal/splits/:splitId': { as: 'partner', at: ({ negotiated }) => [`/portal/splits/${negotiated.splitId}`] },
  '/portal/account': { as: 'partner', at: () => ['/portal/account'] },
  '/*': { as: 'owner', at: () => ['/nowhere', '/admin/payouts/pay_nobody'] },
}

test('every page of routes.ts has a line in the table, and every line a page', () => {
  expect(
    allRoutes
      .filter(route => route.isPage)
      .map(({ pattern }) => pattern)
      .sort(),
  ).toEqual(Object.keys(pages).sort())
})

/** Error pages are pages too. */
function statusOf(address: string, { brokenImportId }: House): number {
  if (address.endsWith(brokenImportId)) return 500
  return address === '/nowhere' || address.includes('nobody') || address.startsWith('/invitations/xxx') ? 404 : 200
}

const widths = [320, 1280]

for (const [pattern, { as, at }] of Object.entries(pages))
  test(`${pattern}: axe finds nothing, light and dark, 320 and 1280 px wide, dialogs open`, async ({
    world,
    browse,
    tolerate,
  }) => {
    if (pattern === '/admin/payouts/import/:importId') tolerate(/(page|procedure) failed/)
    tolerate(/status of (404|500)/)
    test.setTimeout(120_000)
    const person = { owner: world.owner, partner: world.payable.person, nobody: null }[as]
    const page = await browse(person)
    const opened = new Set<string>()
    for (const address of at(world)) {
      await page.setViewportSize({ width: 1280, height: 900 })
      const answer = await page.goto(address)
      expect(answer?.status(), address).toBe(statusOf(address, world))
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 })
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow, `${address} is not wider than ${width} px`).toBeLessThanOrEqual(0)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await isClean(page, `${address}, ${width} px, ${colorScheme}`, colorScheme === 'dark')
        }
      }
      await page.setViewportSize({ width: 320, height: 900 })
      await eachDialog(page, opened, async title => {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          const where = `${address}, the dialog “${title}”, ${colorScheme}`
          await isClean(page, where, colorScheme === 'dark', 'dialog:modal')
        }
      })
    }
  })

/** Opens each of a page's dialogs in turn, one of each kind: 'Disable …' stands beside every member of a team. */
async function eachDialog(page: Page, opened: Set<string>, look: (title: string) => Promise<void>): Promise<void> {
  const triggers = page.getByRole('main').locator('details:has(> dialog) > summary')
  const count = await triggers.count()
  for (let index = 0; index < count; index++) {
    const kind = ((await triggers.nth(index).textContent()) ?? '').split(' ').slice(0, 2).join(' ')
    if (opened.has(kind)) continue
    opened.add(kind)
    await triggers.nth(index).click()
    const dialog = page.locator('dialog:modal')
    await expect(dialog).toBeVisible()
    await look((await dialog.getByRole('heading').first().textContent()) ?? '')
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
  }
}
