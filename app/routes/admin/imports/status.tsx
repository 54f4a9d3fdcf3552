import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import { type DataImportStatus, statusLabels } from '#server/imports/rules.ts'

const looks: Record<DataImportStatus, { tone: Tone; icon: IconName }> = {
  reading: { tone: 'info', icon: 'circle-half' },
  mapping: { tone: 'neutral', icon: 'edit' },
  checking: { tone: 'info', icon: 'circle-half' },
  ready: { tone: 'accent', icon: 'eye' },
  committing: { tone: 'info', icon: 'circle-half' },
  committed: { tone: 'success', icon: 'check' },
  undoing: { tone: 'warning', icon: 'circle-half' },
  undone: { tone: 'neutral', icon: 'undo' },
}

export function ImportStatus({ status }: { status: DataImportStatus }) {
  return <Badge {...looks[status]}>{statusLabels[status].label}</Badge>
}

/** 'deal' by what the import makes, for counts. */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : one.endsWith('ch') ? 'es' : 's'}`
}
