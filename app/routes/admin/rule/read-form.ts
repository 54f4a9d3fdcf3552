import { DomainError } from '#server/lib/errors.ts'
import { decimalText, isCurrency, parseAmount } from '#server/lib/money.ts'
import { percentDigits, readPercent } from '#server/lib/percent.ts'
import {
  type DealType,
  type PartnerTier,
  type PartnerType,
  type RuleStream,
  type Wording,
  wordingSchema,
} from '#server/rules/rules.ts'

export interface RuleValues {
  name: string
  stream: RuleStream
  programId: string | null
  wording: Wording
}

/** So many brackets have fields; a rule with more gets one row more than it has. */
export const bracketRows = 6

/**
 * A rule's form as the procedures take it, or what is wrong with it, by field. Runs in the browser too, for the sentence that says
 * what the form comes to.
 */
export function readRuleForm(
  form: FormData,
): { ok: true; values: RuleValues } | { ok: false; fields: Record<string, string> } {
  const fields: Record<string, string> = {}
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const typed = text('currency').toUpperCase()
  const currency = typed === '' ? null : typed
  const amount = (name: string): number | null => {
    const value = text(name)
    if (value === '') return null
    if (currency === null || !isCurrency(currency)) {
      fields.currency ??= 'Choose the currency of the amounts: they apply to deals in that currency only.'
      return null
    }
    try {
      return parseAmount(value, currency)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      fields[name] = error.message
      return null
    }
  }
  const percent = (name: string): number => {
    const bp = readPercent(text(name))
    if (bp === null) fields[name] = 'Write a percentage from 0 to 100, like 12.5.'
    return bp ?? 0
  }
  const whole = (name: string): number => {
    if (/^\d{1,6}$/.test(text(name))) return Number(text(name))
    fields[name] = 'Write a whole number.'
    return 0
  }
  const words = (name: string) => {
    const list = text(name)
      .split(/[\n;,]/)
      .map(word => word.trim())
      .filter(Boolean)
    return list.length > 0 ? [...new Set(list)] : undefined
  }
  const chosen = <T extends string>(name: string) => {
    const list = form.getAll(name).map(String)
    return list.length > 0 ? (list as T[]) : undefined
  }
  const sizeFrom = amount('sizeFrom')
  const sizeTo = amount('sizeTo')
  const wording = {
    priority: whole('priority'),
    conditions: {
      partnerTypes: chosen<PartnerType>('partnerTypes'),
      tiers: chosen<PartnerTier>('tiers'),
      dealTypes: chosen<DealType>('dealTypes'),
      products: words('products'),
      territories: words('territories'),
      ...(sizeFrom === null ? {} : { sizeFrom }),
      ...(sizeTo === null ? {} : { sizeTo }),
    },
    currency,
    pay: readPay(text('pay'), { fields, text, amount, percent }),
    floor: amount('floor'),
    cap: amount('cap'),
    months: whole('months'),
    holdingDays: whole('holdingDays'),
    clawbackDays: whole('clawbackDays'),
    effectiveFrom: text('effectiveFrom'),
    effectiveTo: text('effectiveTo') || null,
  }
  const parsed = wordingSchema.safeParse(wording)
  // Without a currency no amount could be read, so nothing can be said of them.
  const unread = fields.currency === undefined ? [] : ['bracketTo0', 'flat', 'floor', 'cap', 'sizeFrom', 'sizeTo']
  for (const issue of parsed.error?.issues ?? []) {
    const field = fieldName(issue.path)
    if (!unread.includes(field)) fields[field] ??= issue.message
  }
  if (text('name') === '') fields.name = 'The name is missing.'
  if (!parsed.success || Object.keys(fields).length > 0) return { ok: false, fields }
  return {
    ok: true,
    values: {
      name: text('name'),
      stream: text('stream') === 'spiff' ? 'spiff' : 'base',
      programId: text('programId') || null,
      wording: withoutUndefined(parsed.data),
    },
  }
}

interface Reader {
  fields: Record<string, string>
  text: (name: string) => string
  amount: (name: string) => number | null
  percent: (name: string) => number
}

function readPay(kind: string, { fields, text, amount, percent }: Reader): Wording['pay'] {
  if (kind === 'flat') {
    if (text('flat') === '') fields.flat = 'Enter an amount.'
    return { kind: 'flat', amount: amount('flat') ?? 0 }
  }
  if (kind === 'brackets') {
    const brackets: { upTo: number | null; rateBp: number }[] = []
    for (let row = 0; row < 20; row++) {
      if (text(`bracketRate${row}`) === '' && text(`bracketTo${row}`) === '') continue
      brackets.push({ upTo: amount(`bracketTo${row}`), rateBp: percent(`bracketRate${row}`) })
    }
    return { kind: 'brackets', brackets }
  }
  return { kind: 'percent', rateBp: percent('rate') }
}

/** The form's name of a field that the schema calls by its path. */
export function fieldName(path: readonly PropertyKey[]): string {
  const names = path.map(String).filter(name => name !== 'wording' && name !== 'conditions')
  if (names[0] === 'pay') return names.includes('brackets') ? 'bracketTo0' : names.includes('amount') ? 'flat' : 'rate'
  return names[0] ?? 'name'
}

function withoutUndefined(wording: Wording): Wording {
  const conditions = Object.fromEntries(Object.entries(wording.conditions).filter(([, value]) => value !== undefined))
  return { ...wording, conditions }
}

/** The fields' texts of a rule, by name; lists for boxes. */
export function ruleTexts(
  wording: Wording,
  about: { name: string; stream: RuleStream; programId: string | null },
): { values: Record<string, string>; boxes: Record<string, string[]> } {
  const { conditions, currency, pay } = wording
  const money = (amount: number | null | undefined) =>
    amount === null || amount === undefined || currency === null ? '' : decimalText(amount, currency)
  const brackets = pay.kind === 'brackets' ? pay.brackets : []
  return {
    values: {
      name: about.name,
      stream: about.stream,
      programId: about.programId ?? '',
      priority: String(wording.priority),
      products: conditions.products?.join(', ') ?? '',
      territories: conditions.territories?.join(', ') ?? '',
      sizeFrom: money(conditions.sizeFrom),
      sizeTo: money(conditions.sizeTo),
      currency: currency ?? '',
      pay: pay.kind,
      rate: pay.kind === 'percent' ? percentDigits(pay.rateBp) : '',
      flat: pay.kind === 'flat' ? money(pay.amount) : '',
      ...Object.fromEntries(
        brackets.flatMap(({ upTo, rateBp }, row) => [
          [`bracketTo${row}`, money(upTo)],
          [`bracketRate${row}`, percentDigits(rateBp)],
        ]),
      ),
      floor: money(wording.floor),
      cap: money(wording.cap),
      months: String(wording.months),
      holdingDays: String(wording.holdingDays),
      clawbackDays: String(wording.clawbackDays),
      effectiveFrom: wording.effectiveFrom,
      effectiveTo: wording.effectiveTo ?? '',
    },
    boxes: {
      partnerTypes: conditions.partnerTypes ?? [],
      tiers: conditions.tiers ?? [],
      dealTypes: conditions.dealTypes ?? [],
    },
  }
}
