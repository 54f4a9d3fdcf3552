import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { readSignInId } from '../auth/lucia.ts'
import { createCaller } from '../router.ts'
import { callerFor, contextFor } from '../test/callers.ts'
import { testConfig, testDeps } from '../test/deps.ts'
import { aMember } from '../test/factories.ts'
import { anApp, recoveryCodesFor } from '../test/second-factors.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'

/** Every setting that is a secret, by its name; a new one that is called so is planted without a line here. */
const secretName = /SECRET|TOKEN|PASSWORD|KEY|SMTP_URL/

/** Thirty-two bytes, as the configuration wants them. */
const sealingKey = Buffer.from('canary-key-that-seals-all-others').toString('base64')

/** Settings that must look like what they are. */
const shaped: Record<string, string> = {
  SMTP_URL: 'smtp://mailer:canary-smtp-0@mail.example:587',
  SECRETS_KEY: sealingKey,
}

const settings = Object.fromEntries(
  Object.keys(testConfig())
    .concat('DATABASE_AUTH_TOKEN', 'SMTP_URL', 'SECRETS_KEY', 'METRICS_TOKEN', 'AUDIT_ANCHOR_KEY')
    .filter(name => secretName.test(name))
    .map((name, at) => [name, shaped[name] ?? `canary-setting-${at}-of-this-installation`]),
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
  'canary-recovery-code-of-nobody',
  Buffer.from(sealingKey, 'base64').toString(),
  ...Object.values(typed).map(value => value.split('=').at(-1) ?? value),
]

test('what is secret in settings, forms and links stands in no log line, mail, refusal, export or row', async () => {
  const deps = await testDeps({ config: testConfig(settings) })
  const owner = await aMember(deps, { role: 'owner', password: typed.password })
  const careful = await aMember(deps, { role: 'admin', password: typed.password })
  const app = await anApp(deps, careful.user)
  const recoveryCodes = await recoveryCodesFor(deps, careful.user)
  const codes = [app.secret, ...recoveryCodes]
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
  const half = contextFor(deps, null)
  await hear(createCaller(half).auth.signIn({ email: careful.user.email, password: typed.password }))
  const signInId = readSignInId(deps, half.cookies[0]?.split(';')[0])
  const step = createCaller(contextFor(deps, null, { signInId }))
  await hear(step.auth.finishSignIn({ by: 'recovery', code: 'canary-recovery-code-of-nobody' }))
  await hear(step.auth.finishSignIn({ by: 'recovery', code: recoveryCodes[0] ?? '' }))
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
  expect(planted.length + codes.length).toBeGreaterThanOrEqual(20)
  expect(deps.mailer.sent.length).toBeGreaterThan(0)
  const places = {
    logs: JSON.stringify(deps.log.lines, (_, value) => (value instanceof Error ? `${value.stack}` : value)),
    mails: JSON.stringify(deps.mailer.sent),
    answers: said.join('\n'),
    database: JSON.stringify(rows),
  }
  for (const [place, text] of Object.entries(places))
    for (const canary of [...planted, ...codes])
      expect(text.includes(canary), `${canary} stands in the ${place}`).toBe(false)
})
