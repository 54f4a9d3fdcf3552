import { anchorKey } from '../audit/anchors.ts'
import type { CommandTable } from '../control/protocol.ts'
import type { Deps } from '../deps.ts'
import { auditVerify } from './audit-verify.ts'
import { runBackup } from './backup.ts'
import { doctor } from './doctor.ts'
import { chosenReconcile } from './reconcile.ts'

/** What the running process does for the terminal, since no second process may open its file. */
export function commandTable(deps: Deps): CommandTable {
  return {
    'audit-verify': args => auditVerify(deps.db.read, args, anchorKey(deps.config)),
    doctor: args => doctor(deps.db, args, deps.clock.now(), deps),
    backup: args => runBackup(deps, args),
    reconcile: args => chosenReconcile(deps, args),
  }
}
