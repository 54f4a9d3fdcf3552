import { retrieveDestination } from './endpoints.ts'
import { emitThin, type ThinEvent } from './events.ts'
import { enqueue } from './webhooks.ts'
import type { World } from './world.ts'

/** Sends a ping to this event destination alone. */
export function pingDestination(world: World, id: string): ThinEvent {
  retrieveDestination(world, id)
  const related = { id, type: 'v2.core.event_destination', url: `/v2/core/event_destinations/${id}` }
  const event = emitThin(world, 'v2.core.event_destination.ping', related)
  world.store.run('DELETE FROM deliveries WHERE event = ?', [event.id])
  enqueue(world, event.id, event.type, id)
  return event
}
