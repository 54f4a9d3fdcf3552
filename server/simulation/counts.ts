/** What was exercised: how often each action was tried and how it ended, and how often each kind of fault was set up and struck. */
export interface Counts {
  actions: Record<string, { tried: number; accepted: number; refused: number; died: number }>
  faults: Record<string, { injected: number; struck: number }>
}

export function noCounts(): Counts {
  return { actions: {}, faults: {} }
}

export function countAction(counts: Counts, action: string, outcome: 'accepted' | 'refused' | 'died'): void {
  const line = counts.actions[action] ?? { tried: 0, accepted: 0, refused: 0, died: 0 }
  counts.actions[action] = line
  line.tried++
  line[outcome]++
}

export function countFault(counts: Counts, fault: string, what: 'injected' | 'struck', times = 1): void {
  const line = counts.faults[fault] ?? { injected: 0, struck: 0 }
  counts.faults[fault] = line
  line[what] += times
}

export function addCounts(sum: Counts, more: Counts): void {
  for (const [action, line] of Object.entries(more.actions)) {
    const so = sum.actions[action] ?? { tried: 0, accepted: 0, refused: 0, died: 0 }
    for (const outcome of ['tried', 'accepted', 'refused', 'died'] as const) so[outcome] += line[outcome]
    sum.actions[action] = so
  }
  for (const [fault, { injected, struck }] of Object.entries(more.faults)) {
    countFault(sum, fault, 'injected', injected)
    countFault(sum, fault, 'struck', struck)
  }
}
