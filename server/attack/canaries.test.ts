import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { callerFor } from '../test/callers.ts'
import { testConfig, testDeps } from '../test/deps.ts'
import { aMember } from '../test/factories.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'

/** Every setting that is a secret, by its name; a new one that is called so is planted without a line here. */
const secretName = /SECRET|TOKEN|PASSWORD|KEY|SMTP_URL/

const settings = Object.fromEntries(
  Object.keys(testConfig())
    .concat('DATABASE_AUTH_TOKEN', 'SMTP_URL')
    .filter(name => secretName.test(name))
    .map((name, at) => [
      name,
      name === 'SMTP_URL' ? 'smtp://mailer:canary-smtp-0@mail.example:587' : `canary-setting-${at}`,
    ]),
)

const typed = {
  password: 'canary password of four rivers',
  wrong: 'canary guess that is wrong',
  next: 'canary password that comes next',
  token: 'canary-token-of-a-reset-link-0123456789abcd',
  cookie: 'remit_session=canary-cookie-0123456789abcdef',
}
const planted = [
  ...Object.values(settings).map(value => /canary-[\w-]+/.exec(value)?.[0] ?? value),
  ...Object.values(typed).map(value => value.split('=').at(-1) ?? value),
]

test('what is secret in settings, forms and links stands in no log line, mail, refusal, export or row', async () => {
  const deps = await testDeps({ config: testConfig(settings) })
  const owner = await aMember(deps, { role: 'owner', password: typed.password })
  const said: string[] = []
  const hear = async (call: Promise<unknown>) => {
    try {
      said.push(JSON.stringify(await call) ?? '')
    } catch (error) {
      said.push(String(error), JSON.stringify(error))
    }
  }
  const nobody = await callerFor(deps, null)
  const api = await callerFor(deps, owner.viewer)
  await hear(nobody.auth.signIn({ email: owner.user.email, password: typed.wrong }))
  await hear(nobody.auth.signIn({ email: owner.user.email, password: typed.password }))
  await hear(nobody.auth.resetPassword({ token: typed.token, password: typed.next }))
  await hear(nobody.auth.invitation({ token: typed.token }))
  await hear(nobody.auth.forgotPassword({ email: owner.user.email }))
  await hear(api.auth.changePassword({ current: typed.wrong, password: typed.next }))
  await hear(api.auth.changePassword({ current: typed.password, password: typed.next }))
  await hear(api.orgs.invite({ email: 'new@example.com', role: 'admin' }))
  await hear(api.orgs.settings())
  await hear(api.reconcile.run({}))
  await hear(api.audit.list({}))
  await createWorker(deps, handlers).runUntilIdle()

  const rows: unknown[] = []
  for (const { name } of await deps.db.read.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
  ))
    rows.push(await deps.db.read.all(sql`SELECT * FROM ${sql.identifier(name)}`))
  expect(planted.length).toBeGreaterThanOrEqual(10)
  expect(deps.mailer.sent.length).toBeGreaterThan(0)
  const places = {
    logs: JSON.stringify(deps.log.lines, (_, value) => (value instanceof Error ? `${value.stack}` : value)),
    mails: JSON.stringify(deps.mailer.sent),
    answers: said.join('\n'),
    database: JSON.stringify(rows),
  }
  for (const [place, text] of Object.entries(places))
    for (const canary of planted) expect(text.includes(canary), `${canary} stands in the ${place}`).toBe(false)
})
