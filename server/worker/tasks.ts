import { anchorTask } from '../audit/verify.ts'
import { deleteExpired } from '../auth/sessions.ts'
import { remindUnfinished } from '../partners/reminders.ts'
import { catchUp } from '../stripe/catch-up.ts'
import { sweep } from '../stripe/sweeper.ts'
import type { PeriodicTask } from './periodic.ts'

const minute = 60_000

/** What the worker does without being asked. Each begins at the start, and again so long after its last run has ended. */
export const tasks: PeriodicTask[] = [
  { name: 'sweep', everyMs: minute, run: sweep },
  { name: 'catch-up', everyMs: 60 * minute, run: catchUp },
  { name: 'reminders', everyMs: 60 * minute, run: remindUnfinished },
  { name: 'expired sessions', everyMs: 60 * minute, run: deleteExpired },
  anchorTask(),
]
