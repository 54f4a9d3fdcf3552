import type { PartnerClass, SeenTouch, TouchRole } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { roleLabels, roleVerbs } from './rules.ts'
import { type CountedDeal, roleOf, type Standing } from './touches.ts'
import type { Weighing } from './weighing.ts'
import { countOf, typeWords } from './words.ts'

// The models with pools: each pool is shared evenly by the partners in it, and pools without partners are left out, so that
// those in use make up the whole.

/** Of two roles with pools of the same size, which one a partner takes. */
const rolesBySeniority: readonly TouchRole[] = ['sourcer', 'closer', 'implementer', 'influencer']

/** role_weighted. A role counts as present where a partner has taken it, not where somebody merely has a touch in it. */
export function roleWeighted({ parameters, standings }: CountedDeal): Weighing {
  const pools = parameters.rolePools
  const members = standings.map(standing => {
    const role = highestRole(standing, pools)
    const touches = standing.touches.filter(touch => roleOf(touch) === role)
    return { standing, key: role, role, touches, name: `${sentence(roleVerbs[role])} (${typeWords(touches)})` }
  })
  return sharePools(members, pools, role => `The ${roleLabels[role].toLowerCase()} pool of this program is 0.`)
}

function highestRole({ touches }: Standing, pools: Record<TouchRole, number>): TouchRole {
  const roles = new Set(touches.map(roleOf))
  const present = rolesBySeniority.filter(role => roles.has(role))
  return present.reduce((highest, role) => (pools[role] > pools[highest] ? role : highest))
}

/** cosell_split, by the class that people set on the partner. */
export function cosellSplit({ parameters, standings }: CountedDeal): Weighing {
  const members = standings.map(standing => {
    const key = standing.partner.class
    return { standing, key, role: null, touches: standing.touches, name: sentence(key) }
  })
  return sharePools(members, parameters.classPools, key => `The ${key} pool of this program is 0.`)
}

interface Member<K> {
  standing: Standing
  key: K
  role: TouchRole | null
  touches: SeenTouch[]
  name: string
}

function sharePools<K extends TouchRole | PartnerClass>(
  members: readonly Member<K>[],
  pools: Record<K, number>,
  whyNone: (key: K) => string,
): Weighing {
  const sharers = new Map([...groupBy(members, member => member.key)].map(([key, group]) => [key, group.length]))
  const inUse = [...sharers.keys()].reduce((sum, key) => sum + pools[key], 0)
  // Everything times all the pools' heads, so that pool ÷ heads stays whole.
  const scale = [...sharers.values()].reduce((product, heads) => product * BigInt(heads), 1n)
  const weighing: Weighing = { weighed: [], weightless: [] }
  for (const { standing, key, role, touches, name } of members) {
    if (pools[key] === 0) {
      weighing.weightless.push(...touches.map(touch => ({ touchId: touch.id, why: whyNone(key) })))
      continue
    }
    const heads = sharers.get(key)!
    const others = heads === 1 ? 'nobody' : countOf(heads - 1, 'other')
    weighing.weighed.push({
      partnerId: standing.partner.id,
      weight: (BigInt(pools[key]) * scale) / BigInt(heads),
      role,
      reason: `${name}; pool of ${pools[key]} shared with ${others}, of ${inUse} in use`,
      touchIds: touches.map(touch => touch.id),
    })
  }
  return weighing
}

function sentence(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
