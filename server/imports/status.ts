import { invalid } from './cells.ts'
import type { StatusMeaning } from './presets.ts'
import type { Reader } from './reader.ts'
import { plain } from './rules.ts'

const words: Record<string, StatusMeaning> = {
  paid: 'paid',
  paidout: 'paid',
  completed: 'paid',
  unpaid: 'unpaid',
  due: 'unpaid',
  approved: 'unpaid',
  payable: 'unpaid',
  pending: 'unpaid',
  open: 'unpaid',
  void: 'void',
  voided: 'void',
  declined: 'void',
  denied: 'void',
  rejected: 'void',
  canceled: 'void',
  cancelled: 'void',
  refunded: 'void',
}

/** Whether it was paid elsewhere: by the preset's words, else by everyone's, else as chosen for rows that don't say. */
export function readStatus(reader: Reader): StatusMeaning | null {
  return reader.readAlways('status', text => {
    if (!text) {
      if (reader.options.status === '') throw invalid('It is missing. Choose whether rows that don’t say were paid.')
      return reader.options.status
    }
    const own = Object.fromEntries(
      Object.entries(reader.preset?.statuses ?? {}).map(([word, meaning]) => [plain(word), meaning]),
    )
    const meaning = own[plain(text)] ?? words[plain(text)]
    if (!meaning) throw invalid(`“${text}” is neither paid nor unpaid.`)
    return meaning
  })
}
