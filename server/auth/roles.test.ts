import { expect, test } from 'vitest'
import { type Permission, permissions, roleLabels, takesFreshProof } from './rules.ts'

/** docs/roles.md is this table; `npm test -- unit server/auth/roles -u` writes it anew. */
test('docs/roles.md is the permission table in words', async () => {
  const names = Object.keys(roleLabels) as (keyof typeof roleLabels)[]
  const lines = [
    '# Who may do what',
    '',
    'Generated from `server/auth/rules.ts`, the table that every procedure asks.',
    '',
    ...names.map(name => `- **${roleLabels[name].name}**: ${roleLabels[name].says}.`),
    '',
    `| | ${names.map(name => roleLabels[name].name).join(' | ')} |`,
    `|---|${names.map(() => ':-:').join('|')}|`,
    ...Object.entries(permissions).map(([permission, { says, roles }]) => {
      const list: readonly string[] = roles
      const fresh = takesFreshProof(permission as Permission) ? ' *' : ''
      return `| ${says}${fresh} | ${names.map(name => (list.includes(name) ? 'yes' : '')).join(' | ')} |`
    }),
    '',
    '\\* takes a second factor from the last ten minutes. An organization can do without, for people who have none; new ones ask for it. Changing your own second factors takes a fresh proof too: one of them, or the password for the first.',
    'Exchange rates, months, imports and the shares of deals take none: what they change is shown by a run, and approved, before money moves.',
    '',
    'Whoever created or last edited a payout can’t approve it, unless the organization allows it under Settings. Nobody approves a payout to themselves.',
    'What isn’t yours can’t be told apart from what doesn’t exist: the answer is “not found”.',
    '',
  ]
  await expect(lines.join('\n')).toMatchFileSnapshot('../../docs/roles.md')
})
