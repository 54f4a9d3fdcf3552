import { z } from 'zod'

type Issue = Parameters<NonNullable<ReturnType<typeof z.config>['localeError']>>[0]

const kinds: Record<string, string> = {
  string: 'This must be text.',
  number: 'This must be a number.',
  int: 'This must be a whole number.',
  boolean: 'This must be true or false.',
  array: 'This must be a list.',
  object: 'This must be an object with named fields.',
  record: 'This must be an object with named fields.',
  date: 'This must be a date.',
}

/**
 * What is wrong with an input, for a person, where the schema itself has no sentence for it: zod's own words are for programmers.
 * The field's name stands beside the sentence, so it need not be in it.
 */
export function plainWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'This is missing.'
        : (kinds[issue.expected] ?? 'This is not what is expected here.')
    case 'too_small':
      return bound('at least', 'more than', issue.minimum, issue)
    case 'too_big':
      return bound('at most', 'less than', issue.maximum, issue)
    case 'invalid_format':
      return issue.format === 'email' ? 'That is not an email address.' : 'This is not written the way it has to be.'
    case 'not_multiple_of':
      return `This must be a multiple of ${issue.divisor}.`
    case 'unrecognized_keys':
      return `There is no field ${issue.keys.map(key => `“${key.slice(0, 40)}”`).join(' or ')} here.`
    case 'invalid_value':
      return issue.values.length === 1
        ? `This must be ${String(issue.values[0])}.`
        : `Choose one of these: ${issue.values.map(String).join(', ')}.`
    case 'invalid_union':
      return 'This has none of the forms it may have.'
    default:
      return 'This is not right.'
  }
}

function bound(
  including: string,
  excluding: string,
  limit: number | bigint,
  { origin, inclusive = true }: { origin: string; inclusive?: boolean },
): string {
  const number = limit.toLocaleString('en')
  if (origin === 'string') return `This must have ${including} ${number} ${limit === 1 ? 'character' : 'characters'}.`
  if (origin === 'array' || origin === 'set' || origin === 'map')
    return `This must have ${including} ${number} ${limit === 1 ? 'entry' : 'entries'}.`
  return `This must be ${inclusive ? including : excluding} ${number}.`
}

z.config({ localeError: plainWords })
