import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'

const test = testIn(async ({ deps, payable, manager }) => ({
  payout: await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id }),
}))

test('keys and clicks while the page wakes up don’t keep it from waking up', async ({ world, browse }) => {
  const page = await browse(world.owner)
  // As fast as they can be made, from the first moment on; nobody's fingers would hit the right one reliably.
  await page.addInitScript(() => {
    const until = performance.now() + 1_500
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      const target = document.activeElement ?? document.body
      for (const name of ['keydown', 'keyup'])
        target?.dispatchEvent(new KeyboardEvent(name, { key: 'j', bubbles: true }))
      for (const name of ['pointerdown', 'mousedown']) target?.dispatchEvent(new Event(name, { bubbles: true }))
      if (performance.now() < until) port2.postMessage(null)
    }
    port2.postMessage(null)
  })
  for (let load = 0; load < 4; load++) {
    await page.goto('/admin/payouts')
    // Only scripts know this key, and a page whose hydration broke off stays without them.
    await expect
      .poll(async () => {
        await page.keyboard.press('j')
        return page.evaluate(() => document.activeElement?.classList.contains('row-link'))
      })
      .toBe(true)
  }
})
