import { createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { receiveWebhook } from '../stripe/webhook.ts'
import { testDeps } from '../test/deps.ts'
import { randomFrom } from './races-random.ts'

const body = (id: number) =>
  JSON.stringify({
    id: `evt_${id}`,
    object: 'event',
    type: 'transfer.created',
    created: 1,
    livemode: false,
    data: { object: { id: `tr_${id}` } },
  })
const sign = (secret: string, seconds: number | string, text: string) =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex')}`

test('ten thousand forged, changed, expired and misdirected webhooks are refused, and nothing of them is kept', async () => {
  const deps = await testDeps()
  const random = randomFrom(20_260_302)
  const below = (limit: number) => Math.floor(random() * limit)
  const now = Math.floor(deps.clock.now() / 1000)
  const right = (text: string, at: number | string = now) => sign('whsec_platform', at, text)
  const forgeries: ((text: string) => { signature: string | undefined; sent: string })[] = [
    text => ({ signature: undefined, sent: text }),
    text => ({ signature: sign(`whsec_${below(1e9)}`, now, text), sent: text }),
    text => ({ signature: sign('whsec_connect', now, text), sent: text }),
    text => ({ signature: right(text, now - 301 - below(1e6)), sent: text }),
    text => ({ signature: right(text, now + 301 + below(1e6)), sent: text }),
    text => ({ signature: right(text).replace(/v1=/, 'v0='), sent: text }),
    text => ({ signature: `t=${now - 400},${right(text)}`, sent: text }),
    text => ({ signature: right(text).replace(String(now), String(now - 1 - below(200))), sent: text }),
    text => {
      const at = below(64) + right(text).indexOf('v1=') + 3
      const signature = right(text)
      return {
        signature: signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1),
        sent: text,
      }
    },
    text => {
      const at = below(text.length)
      return {
        signature: right(text),
        sent: `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`,
      }
    },
  ]
  const statuses = new Set<number>()
  for (let number = 0; number < 10_000; number++) {
    const forge = forgeries[number % forgeries.length]
    if (!forge) throw new Error('no forgery')
    const { signature, sent } = forge(body(number))
    statuses.add((await receiveWebhook(deps, 'platform', Buffer.from(sent), signature)).status)
  }
  expect([...statuses]).toEqual([400])
  expect(await deps.db.read.all(sql`SELECT 1 FROM stripe_events UNION ALL SELECT 1 FROM outbox`)).toEqual([])
  expect((await receiveWebhook(deps, 'platform', Buffer.from(body(1)), right(body(1)))).status).toBe(200)
})
