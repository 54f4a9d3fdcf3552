import type { World } from './world.ts'

/** Things that happen by themselves when simulated time comes. */
type Action = 'payout.automatic' | 'payout.advance' | 'topup.succeed'

export interface Scheduled {
  seq: number
  due: number
  action: Action
  target: string
}

/** Plans one action (`due` in UTC milliseconds); planning the same again changes nothing. */
export function plan(world: World, due: number, action: Action, target: string): void {
  const planned = world.store.get('SELECT 1 FROM schedule WHERE action = ? AND target = ?', [action, target])
  if (!planned) world.store.run('INSERT INTO schedule (due, action, target) VALUES (?, ?, ?)', [due, action, target])
}

export function unplan(world: World, action: Action, target: string): void {
  world.store.run('DELETE FROM schedule WHERE action = ? AND target = ?', [action, target])
}

/** Takes the earliest action that is due. */
export function takeDue(world: World): Scheduled | undefined {
  const next = world.store.get<Scheduled>('SELECT * FROM schedule WHERE due <= ? ORDER BY due, seq LIMIT 1', [
    world.now(),
  ])
  if (next) world.store.run('DELETE FROM schedule WHERE seq = ?', [next.seq])
  return next
}

export function nextPlanned(world: World): number | null {
  return world.store.get<{ due: number | null }>('SELECT min(due) AS due FROM schedule')?.due ?? null
}
