// Noise fails tests: whatever writes to console.error or console.warn during a test fails it. A test that expects it
// says so: `vi.spyOn(console, 'error').mockImplementation(() => {})`, and asserts on the calls.
import { format } from 'node:util'
import { afterAll, afterEach, beforeEach } from 'vitest'

const original = { error: console.error, warn: console.warn }
let noise: string[] = []

function listen(): void {
  for (const level of ['error', 'warn'] as const)
    console[level] = (...args: unknown[]) => {
      noise.push(`console.${level}: ${format(...args)}`)
      original[level](...args)
    }
}

function complain(): void {
  const heard = noise
  noise = []
  if (heard.length > 0) throw new Error(`Unexpected output fails a test.\n${heard.join('\n')}`)
}

// From the start, since modules can be noisy when they load; and again for each test, since one may leave its spy behind.
listen()
beforeEach(listen)
afterEach(complain)
afterAll(complain)
// The next file of this process listens for itself.
afterAll(() => {
  Object.assign(console, original)
})
