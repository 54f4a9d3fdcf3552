import axe from 'axe-core'
import { expect, type Page } from 'playwright/test'

declare global {
  interface Window {
    axe: typeof axe
  }
}

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** What can differ between the two themes; everything else was looked at in the light. */
const aboutColours = ['color-contrast', 'link-in-text-block']

/**
 * Fails with what axe finds on a page, rules of WCAG 2.2 A and AA.
 * @param within a selector: an open dialog is looked at alone, since the page behind it is out of reach and was looked at before
 */
export async function isClean(page: Page, where: string, coloursOnly: boolean, within = ':root'): Promise<void> {
  // Colours fade from one theme to the other, some of them a frame later; what is measured on the way is in neither.
  await page.evaluate(async () => {
    // A frame may never come, and an animation that is never seen never ends: both are waited for, but not for ever.
    const within = (wanted: Promise<unknown>) => Promise.race([wanted, new Promise(over => setTimeout(over, 1_000))])
    for (let look = 0; look < 10; look++) {
      await within(new Promise(seen => requestAnimationFrame(() => requestAnimationFrame(seen))))
      const fading = document
        .getAnimations()
        .filter(
          ({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().activeDuration !== Infinity,
        )
      if (fading.length === 0) return
      await within(Promise.allSettled(fading.map(animation => animation.finished)))
    }
  })
  // Once a document: the script is large, and a page is looked at many times.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const runOnly = coloursOnly ? { type: 'rule' as const, values: aboutColours } : { type: 'tag' as const, values: tags }
  const violations = await page.evaluate(
    async ({ within, runOnly }) => {
      // A mail's frame is locked in a sandbox where no script runs, axe's neither.
      const context = { include: [within], exclude: ['iframe[sandbox]'] }
      return (await window.axe.run(context, { runOnly, resultTypes: ['violations'], iframes: false })).violations
    },
    { within, runOnly },
  )
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, html, failureSummary }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${html}\n  ${failureSummary}`,
    ),
  )
  expect(found, where).toEqual([])
}
