import { invalid } from './errors.ts'
import { SECOND, type World } from './world.ts'

/**
 * Ways to spoil webhooks. duplicate: sent twice; drop: never sent; delay: sent `ms` later; reorder: held until the
 * current window of `ms` ends, then sent last first; the others spoil the signature of the first attempt only.
 */
const SWITCH_KINDS = ['duplicate', 'drop', 'delay', 'reorder', 'corrupt_signature', 'wrong_secret', 'stale'] as const
export type SwitchKind = (typeof SWITCH_KINDS)[number]

export interface Switch {
  kind: SwitchKind
  /** An event type, or a pattern such as `transfer.*`; every type when left out. */
  type?: string | null
  /** For delay and reorder; 1000 when left out. */
  ms?: number
  /** How many deliveries it spoils; null means until it is cleared. 1 when left out. */
  count?: number | null
}

interface SwitchRow {
  id: number
  kind: SwitchKind
  type: string | null
  ms: number
  remaining: number | null
}

export function addSwitch(world: World, one: Switch): SwitchRow {
  if (!SWITCH_KINDS.includes(one.kind)) throw invalid(`Unknown kind of webhook switch: ${one.kind}`, { param: 'kind' })
  world.store.run('INSERT INTO webhook_switches (kind, type, ms, remaining) VALUES (?, ?, ?, ?)', [
    one.kind,
    one.type ?? null,
    Math.max(1, one.ms ?? SECOND),
    one.count === undefined ? 1 : one.count,
  ])
  return listSwitches(world).at(-1)!
}

export function listSwitches(world: World): SwitchRow[] {
  return world.store.all<SwitchRow>('SELECT * FROM webhook_switches ORDER BY id')
}

export function clearSwitches(world: World): void {
  world.store.run('DELETE FROM webhook_switches')
}

/** Whether any switch is left to spend: nearly always not, and then nobody has to ask for each kind. */
export function anySwitch(world: World): boolean {
  return (
    world.store.get('SELECT 1 FROM webhook_switches WHERE remaining IS NULL OR remaining > 0 LIMIT 1') !== undefined
  )
}

/** The switch of this kind that applies to this event type, with one of its uses spent. */
export function spendSwitch(world: World, kind: SwitchKind, type: string): SwitchRow | undefined {
  const found = world.store.get<SwitchRow>(
    'SELECT * FROM webhook_switches WHERE kind = ? AND (type IS NULL OR ? GLOB type OR ? = type) AND (remaining IS NULL OR remaining > 0) ORDER BY id LIMIT 1',
    [kind, type, type],
  )
  if (found && found.remaining !== null) {
    world.store.run('UPDATE webhook_switches SET remaining = remaining - 1 WHERE id = ?', [found.id])
  }
  return found
}
