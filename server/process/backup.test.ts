import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { payouts } from '#db/schema/index.ts'
import { listBackups } from '../backup/backup.ts'
import { readConfig } from '../config.ts'
import { checkInvariants } from '../invariants/check.ts'
import { checkBooks } from './books.ts'
import { bundle } from './bundle.ts'
import { aCaller, type Caller } from './client.ts'
import { makeCompany, onFile } from './company.ts'
import { aFolder, aPort, settingsFor, start, startRemit, startSimulator, stripeSecrets } from './processes.ts'

const patience = { timeout: 240_000 }
const poll = { timeout: 60_000 }

test(
  'restored from a backup made under load, nothing is sent before Stripe was compared, and nobody is paid twice',
  patience,
  async () => {
    const folder = aFolder()
    const port = await aPort()
    const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
    const env = { ...settingsFor({ folder, port, stripe: simulator.url }), BACKUP_DIR: join(folder, 'backups') }
    const config = readConfig(env)
    const company = await makeCompany(env, simulator, 60)
    const program = await bundle(new URL('../main.ts', import.meta.url), folder)
    const command = async (name: string, ...args: string[]) => {
      const entry = fileURLToPath(new URL(`../commands/${name}.ts`, import.meta.url))
      return start(entry, { env, args }).ended
    }
    const transfers = () => simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
    const markPaid = async (call: Caller, list: { id: string; version: number }[]) => {
      for (const { id: payoutId, version } of list) {
        const { status, message } = await call('payouts.markPaid', { payoutId, version })
        expect(status, message).toBe(200)
      }
    }

    // Half of what is paid before the restore is paid while the backup is made, and the other half after it.
    const remit = startRemit(env, program)
    await remit.said(/Remit is running/)
    const owner = aCaller(config.PUBLIC_URL, company.cookie)
    const [during, after] = [company.payouts.slice(0, 20), company.payouts.slice(20, 40)]
    const [backup] = await Promise.all([command('backup'), markPaid(owner, during)])
    expect(backup.code, backup.output).toBe(0)
    const [made, ...others] = listBackups(env.BACKUP_DIR)
    if (!made) throw new Error('there is no backup')
    expect(others).toEqual([])
    expect(backup.output).toContain(made.file)
    await markPaid(owner, after)
    // One that the backup knows nothing of.
    const created = await aCaller(config.PUBLIC_URL, company.managerCookie)<{ id: string }>('payouts.create', {
      partnerId: company.partnerId,
      amount: 123_456,
    })
    expect((await owner('payouts.approve', { payoutId: created.value.id })).status).toBe(200)
    await markPaid(owner, [{ id: created.value.id, version: 2 }])
    await expect.poll(async () => (await transfers()).length, poll).toBe(41)

    const refused = await command('restore', made.file)
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringContaining(`is open in process ${remit.child.pid}.`),
    })
    remit.child.kill('SIGKILL')
    await remit.ended
    const restored = await command('restore', made.file)
    expect(restored.code, restored.output).toBe(0)
    expect(readdirSync(folder).filter(name => /^remit\.db\.replaced-.*Z$/.test(name))).toHaveLength(1)
    expect(existsSync(`${folder}/remit.db.restoring`)).toBe(false)
    // What the manifest says of the chains' ends still holds, and would show a cut.
    const verified = await command('audit-verify', '--anchors', `${made.file}.json`)
    expect(verified, verified.output).toMatchObject({ code: 0, output: expect.stringContaining('anchored') })
    const { cookies, missing } = await onFile(config, async deps => {
      const rows = await deps.db.read.select({ id: payouts.id, status: payouts.status }).from(payouts)
      const paid = new Set(rows.filter(row => row.status === 'paid').map(row => row.id))
      expect(await checkInvariants(deps.db.read, { now: Date.now() })).toEqual([])
      return {
        cookies: await company.signIn(deps),
        missing: [...during, ...after].filter(({ id }) => !paid.has(id)),
      }
    })
    expect(missing.length).toBeGreaterThanOrEqual(after.length)

    const second = startRemit(env, program)
    await second.said(/Remit is running/)
    expect((await aCaller(config.PUBLIC_URL, company.cookie)('orgs.resumeTransfers', {})).status).toBe(401)
    const again = aCaller(config.PUBLIC_URL, cookies.cookie)
    const wait = company.payouts[40]
    expect(await again('payouts.markPaid', { payoutId: wait?.id })).toMatchObject({
      status: 412,
      message: expect.stringContaining('restored from the backup'),
    })
    expect(await again('orgs.resumeTransfers', {})).toMatchObject({
      status: 412,
      message: expect.stringContaining('Compare with Stripe first, under Reconcile; then resume.'),
    })
    const finished = await again<{ adopted: number; comparison: { differences: { kind: string; says: string }[] } }>(
      'reconcile.afterRestore',
      {},
    )
    expect(finished.status, finished.message).toBe(200)
    // Some may have been settled by themselves meanwhile, by a webhook that came late: each is paid, and none sent again.
    expect(finished.value.adopted).toBeLessThanOrEqual(missing.length)
    expect(finished.value.adopted).toBeGreaterThanOrEqual(after.length)
    expect(finished.value.comparison.differences).toMatchObject([{ kind: 'no_payout' }])
    expect(await transfers()).toHaveLength(41)

    expect((await again('orgs.resumeTransfers', {})).status).toBe(200)
    await markPaid(again, company.payouts.slice(40))
    await expect.poll(async () => (await transfers()).length, poll).toBe(61)
    second.child.kill('SIGTERM')
    const { code, output } = await second.ended
    expect(code, output).toBe(0)
    await onFile(config, async ({ db }) => {
      expect(await checkInvariants(db.read, { now: Date.now() })).toEqual([])
      // It was reported, and is for people to enter.
      expect(await checkBooks(db, await transfers(), false)).toEqual([
        `a transfer of payout_${created.value.id}, which nobody has`,
      ])
    })
  },
)
