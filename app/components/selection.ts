import { useCallback, useEffect, useState } from 'react'

/**
 * The rows checked in a table whose checkboxes belong to the form `formId`. The DOM is the state: the boxes are
 * uncontrolled, so what was checked before scripts ran, and through live updates of the rows, stays checked.
 * Adds shift-click ranges and select-all. `rows` is whatever changes when rows come or go.
 */
export function useSelection(formId: string, rows: unknown) {
  const [ids, setIds] = useState<readonly string[]>([])

  const read = useCallback(() => {
    const now = boxes(formId)
      .filter(box => box.checked)
      .map(box => box.value)
    setIds(last => (last.length === now.length && last.every((id, index) => id === now[index]) ? last : now))
    const all = document.querySelector<HTMLInputElement>(`input[data-select-all="${formId}"]`)
    if (all) {
      const total = boxes(formId).length
      all.checked = total > 0 && now.length === total
      all.indeterminate = now.length > 0 && now.length < total
    }
  }, [formId])

  // Whoever checked "all" before scripts ran meant all; this comes before the first reading, which would uncheck it.
  useEffect(() => {
    if (document.querySelector<HTMLInputElement>(`input[data-select-all="${formId}"]`)?.checked)
      for (const box of boxes(formId)) box.checked = true
  }, [formId])

  // Rows are the trigger, not an input
  useEffect(read, [read, rows])

  useEffect(() => {
    let anchor: string | null = null
    const onClick = (event: MouseEvent) => {
      const box = event.target
      if (!(box instanceof HTMLInputElement) || box.type !== 'checkbox') return
      if (box.dataset.selectAll === formId) {
        for (const one of boxes(formId)) one.checked = box.checked
        read()
      } else if (box.dataset.select === formId) {
        if (event.shiftKey && anchor !== null) checkRange(boxes(formId), anchor, box)
        anchor = box.value
        read()
      }
    }
    document.addEventListener('click', onClick)
    return () => document.removeEventListener('click', onClick)
  }, [formId, read])

  const uncheck = useCallback(
    (gone: readonly string[]) => {
      for (const box of boxes(formId)) if (gone.includes(box.value)) box.checked = false
      read()
    },
    [formId, read],
  )
  const clear = useCallback(() => {
    for (const box of boxes(formId)) box.checked = false
    read()
  }, [formId, read])

  return { ids, uncheck, clear }
}

function boxes(formId: string): HTMLInputElement[] {
  const found = document.querySelectorAll<HTMLInputElement>(`input[data-select="${formId}"]`)
  return [...found].filter(box => !box.disabled)
}

function checkRange(all: HTMLInputElement[], anchor: string, box: HTMLInputElement) {
  const [from, to] = [all.findIndex(one => one.value === anchor), all.indexOf(box)].sort((a, b) => a - b)
  if (from === undefined || to === undefined || from < 0) return
  for (const one of all.slice(from, to + 1)) one.checked = box.checked
}
