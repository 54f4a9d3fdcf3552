import { type BrowserContext, type BrowserContextOptions, test as base, expect, type Page } from 'playwright/test'
import type { Person } from './world/people.ts'
import { type Base, startWorld, type World } from './world/world.ts'

export { expect }

interface Fixtures {
  /** A browser of its own for this person (or for nobody), signed in by a session that the seed inserted. */
  browse(person: Person | null, options?: BrowserContextOptions): Promise<Page>
  /** Says that the browser's console or the app's log may complain like this: of a refused request, say. All else fails the test. */
  tolerate(pattern: RegExp): void
}

/**
 * A test in a world of its own: `seed` adds to the people that are always there. One world serves all tests of a file, in order;
 * after a failure the rest get a new one.
 */
export function testIn<Own>(seed: (given: Base) => Promise<Own>, options: { host?: string } = {}) {
  return base.extend<Fixtures & { watched: Watched; report: undefined }, { world: World<Own> }>({
    world: [
      // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
      async ({}, use) => {
        const world = await startWorld(seed, options)
        await use(world)
        await world.stop()
      },
      { scope: 'worker', timeout: 90_000 },
    ],
    baseURL: async ({ world }, use) => use(world.url),
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
    watched: async ({}, use) => {
      const watched: Watched = { noise: [], tolerated: [] }
      await use(watched)
      const unexpected = watched.noise.filter(line => !watched.tolerated.some(pattern => pattern.test(line)))
      expect(unexpected, 'the browser’s console stays silent').toEqual([])
    },
    tolerate: async ({ watched }, use) => use(pattern => watched.tolerated.push(pattern)),
    context: async ({ context, watched }, use) => {
      watch(context, watched)
      await use(context)
    },
    browse: async ({ browser, world, watched }, use) => {
      const contexts: BrowserContext[] = []
      await use(async (person, options) => {
        const context = await browser.newContext({ baseURL: world.url, locale: 'en-US', timezoneId: 'UTC', ...options })
        contexts.push(context)
        watch(context, watched)
        if (person) await signIn(context, person, world.url)
        return context.newPage()
      })
      for (const context of contexts) await context.close()
    },
    report: [
      async ({ world, watched }, use, testInfo) => {
        await use(undefined)
        const complaints = world.newErrors().filter(line => !watched.tolerated.some(pattern => pattern.test(line)))
        if (testInfo.status !== testInfo.expectedStatus) process.stdout.write(`${world.tail()}\n`)
        expect(complaints, 'the app logs no error').toEqual([])
      },
      { auto: true },
    ],
  })
}

interface Watched {
  noise: string[]
  tolerated: RegExp[]
}

/**
 * What Remix itself says, and no page of ours: a link that is pointed at before its map has come is not fetched ahead (the click
 * works), and data that nobody needs any more is aborted, which single fetch lets out.
 */
const harmless = [/^Tried to prefetch .* but no routes matched\.$/, /^AbortError: signal is aborted without reason/]

function watch(context: BrowserContext, { noise }: Watched): void {
  const hear = (kind: string, text: string, where = '') => {
    if (!harmless.some(pattern => pattern.test(text))) noise.push(`${kind}: ${text} ${where}`)
  }
  context.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning')
      hear(message.type(), message.text(), message.location().url)
  })
  context.on('weberror', error => hear('uncaught', error.error().stack ?? error.error().message))
}

/** Puts a person's session into a browser. */
export async function signIn(context: BrowserContext, person: Person, url: string): Promise<void> {
  await context.addCookies([{ ...person.cookie, url, httpOnly: true, sameSite: 'Lax' }])
}
