export interface Step<Status extends string, Role extends string> {
  from: readonly Status[]
  /** Where it leads; several where an answer decides. */
  to: readonly Status[]
  by: readonly (Role | 'system')[]
  label: string
  tone?: 'primary' | 'danger' | 'neutral'
}

/** A state machine as a table: services, pages, the database's trigger and the tests all read the same rows. */
export function machine<Status extends string, Role extends string>() {
  return <Action extends string>(table: Record<Action, Step<Status, Role>>) => ({
    table,
    actions: Object.keys(table) as Action[],
    /** The actions a role may ask for in a status, in the table's order. */
    from(status: Status, role: Role): Action[] {
      return (Object.keys(table) as Action[]).filter(
        action => table[action].from.includes(status) && table[action].by.includes(role),
      )
    },
    allows(action: Action, status: Status): boolean {
      return table[action].from.includes(status)
    },
    /** Every legal pair of statuses, as the database's trigger must list them. */
    edges(): [Status, Status][] {
      const edges = new Map<string, [Status, Status]>()
      for (const step of Object.values<Step<Status, Role>>(table))
        for (const from of step.from) for (const to of step.to) if (from !== to) edges.set(`${from}>${to}`, [from, to])
      return [...edges.values()]
    },
  })
}
