import { ownPath } from './return-path.ts'

/**
 * What somebody was about to do when they were asked to prove who they are, or to set up a second factor: a page to see or a form to
 * send. The form's fields travel along in hidden inputs, so that nothing that was typed is lost, with or without scripts.
 */
export interface Errand {
  to: string | null
  post: boolean
  fields: [name: string, value: string][]
}

/** Ours are told from the form's own by this. */
export const ownPrefix = 'remit.'
const postField = `${ownPrefix}post`

/** Reads the errand of a request to one of our pages; `form` is what was posted, null for a GET. */
export function readErrand(request: { url: string }, form: FormData | null): Errand {
  const to = ownPath(new URL(request.url).searchParams.get('to'))
  // What came without a word of ours was sent here from where it was refused.
  const post = form !== null && to !== null && form.get(postField) !== 'no'
  const fields = [...(form ?? [])].filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith(ownPrefix),
  )
  return { to, post, fields }
}

/** The hidden inputs that carry an errand through one of our forms. */
export function fieldsOf({ post, fields }: Errand): [name: string, value: string][] {
  return [...fields, [postField, post ? 'yes' : 'no']]
}
