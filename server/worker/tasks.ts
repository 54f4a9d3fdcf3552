import { anchorTask } from '../audit/anchors.ts'
import { deleteExpired } from '../auth/sessions.ts'
import { backUpWhenDue } from '../backup/backup.ts'
import { bookDue } from '../commissions/installments.ts'
import { deleteAbandoned } from '../imports/upload.ts'
import { invariantsTask } from '../invariants/watch.ts'
import { remindUnfinished } from '../partners/reminders.ts'
import { watchProtection } from '../registrations/protection.ts'
import { expireSplits } from '../splits/deadlines.ts'
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
  { name: 'registrations', everyMs: 10 * minute, run: watchProtection },
  { name: 'splits', everyMs: minute, run: expireSplits },
  { name: 'abandoned uploads', everyMs: 60 * minute, run: deleteAbandoned },
  { name: 'months that came due', everyMs: 10 * minute, run: bookDue },
  invariantsTask(),
  { name: 'backup', everyMs: 10 * minute, run: backUpWhenDue },
  anchorTask(),
]
