import { join } from 'node:path'
import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { checkInvariants } from '../invariants/check.ts'
import { checkBooks } from './books.ts'
import { bundle } from './bundle.ts'
import { aCaller } from './client.ts'
import { makeCompany, onFile } from './company.ts'
import { aSmallDisk } from './disk.ts'
import { aFolder, aPort, settingsFor, startRemit, startSimulator, stripeSecrets } from './processes.ts'

const patience = { timeout: 240_000 }

test(
  'on a full disk people are told so and nothing is half done; with room again it goes on by itself; read-only, it does not start',
  patience,
  async () => {
    const folder = aFolder()
    const disk = aSmallDisk(16)
    const port = await aPort()
    const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
    const env = {
      ...settingsFor({ folder, port, stripe: simulator.url }),
      DATABASE_URL: `file:${disk.folder}/remit.db`,
      BACKUP_DIR: join(disk.folder, 'backups'),
    }
    const config = readConfig(env)
    const company = await makeCompany(env, simulator, 60)
    const program = await bundle(new URL('../main.ts', import.meta.url), folder)
    const remit = startRemit(env, program)
    await remit.said(/Remit is running/)
    const owner = aCaller(config.PUBLIC_URL, company.cookie)
    const markPaid = ({ id: payoutId, version }: { id: string; version: number }) =>
      owner('payouts.markPaid', { payoutId, version, idempotencyKey: `intent of ${payoutId}` })
    const transfers = () => simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')

    // A transfer is on its way when the room is gone: its answer can't be written down.
    const [sent] = company.payouts
    await simulator.control('POST', '/_sim/faults', {
      kind: 'latency',
      ms: 1_000,
      path: '/v1/transfers',
      contains: sent?.id,
    })
    if (sent) expect((await markPaid(sent)).status).toBe(200)
    await expect.poll(async () => (await transfers()).length, { timeout: 60_000 }).toBe(1)
    disk.fill()
    const answers = []
    for (const payout of company.payouts.slice(1, 40)) answers.push({ payout, ...(await markPaid(payout)) })
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(20)
    for (const { status, message } of refused)
      expect({ status, message }).toEqual({
        status: 503,
        message:
          'Nothing was saved: the disk that Remit writes to is full. Whoever runs Remit has to make room there; then try again.',
      })
    // Whoever only looks is not concerned, and neither is who asks whether it lives.
    const list = await fetch(`${config.PUBLIC_URL}/api/trpc/payouts.list?input=%7B%7D`, {
      headers: { cookie: company.cookie },
    })
    expect(list.status).toBe(200)
    expect((await fetch(`${config.PUBLIC_URL}/livez`)).status).toBe(200)
    await expect
      .poll(() => remit.output(), { timeout: 60_000 })
      .toMatch(/a job could not be put back; its lease will end|the worker could not look for work/)

    disk.free()
    for (const { payout } of answers) expect((await markPaid(payout)).status).toBe(200)
    await expect.poll(async () => (await transfers()).length, { timeout: 120_000 }).toBe(40)
    remit.child.kill('SIGTERM')
    const { code, output } = await remit.ended
    expect(code, output.slice(-3_000)).toBe(0)
    await onFile(config, async ({ db }) => {
      expect(await checkInvariants(db.read, { now: Date.now() })).toEqual([])
      expect(await checkBooks(db, await transfers(), false)).toEqual([])
    })

    const readOnly = aSmallDisk(1)
    readOnly.seal()
    const sealed = await startRemit({ ...env, DATABASE_URL: `file:${readOnly.folder}/remit.db` }, program).ended
    expect(sealed).toMatchObject({ code: 1 })
    expect(sealed.output).toBe(
      `Remit could not start: ${readOnly.folder} can't be written to. Make it writable for the user that runs Remit (is its disk mounted read-only?), then start again.\n`,
    )
  },
)
