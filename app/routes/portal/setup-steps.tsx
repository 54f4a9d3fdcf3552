import { classNames } from '#app/components/class-names.ts'
import { Icon, type IconName } from '#app/components/icon.tsx'
import { When } from '#app/components/when.tsx'
import type { Setup } from '#server/partners/setup.ts'

type Step = { key: string; label: string; state: 'done' | 'current' | 'coming' | 'stopped' }

/** The way to being paid, as a checklist: what is done, and the one thing that comes next. */
export function SetupSteps({ setup }: { setup: Setup }) {
  return (
    <ol className="flex flex-col gap-3">
      {stepsOf(setup).map(({ key, label, state }) => (
        <li
          key={key}
          className="flex gap-2.5"
          data-step={state}
          aria-current={state === 'current' ? 'step' : undefined}
        >
          <Icon name={marks[state].icon} size={20} className={marks[state].ink} />
          <div className="min-w-0">
            <p className={classNames(state === 'coming' ? 'text-muted' : 'font-medium')}>
              <span className="sr-only">{marks[state].word}</span>
              {label}
            </p>
            {key === 'details' && setup.missing.length > 0 ? <Missing setup={setup} /> : null}
          </div>
        </li>
      ))}
    </ol>
  )
}

/** The exact items that Stripe still wants. */
export function Missing({ setup }: { setup: Pick<Setup, 'missing'> }) {
  return (
    <ul className="mt-1 list-disc ps-5" aria-label="What Stripe still needs">
      {setup.missing.map(({ text, deadline }) => (
        <li key={text}>
          {text.charAt(0).toUpperCase() + text.slice(1)}
          {deadline === null ? null : (
            <span className="text-muted">
              {' '}
              (by <When at={deadline} mode="date" />)
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

const marks: Record<Step['state'], { icon: IconName; ink: string; word: string }> = {
  done: { icon: 'circle-full', ink: 'text-success', word: 'Done: ' },
  current: { icon: 'circle-half', ink: 'text-info', word: 'Now: ' },
  coming: { icon: 'circle-dashed', ink: 'text-faint', word: 'Then: ' },
  stopped: { icon: 'alert', ink: 'text-danger', word: 'Stopped: ' },
}

function stepsOf({ status, missing, payable, holdUntil }: Setup): Step[] {
  const begun = status !== 'none' && status !== 'disconnected' && status !== 'closed'
  const refused = status === 'rejected' || status === 'unsupported'
  const given = begun && missing.length === 0
  const state = (done: boolean, reached: boolean): Step['state'] => (done ? 'done' : reached ? 'current' : 'coming')
  return [
    {
      key: 'start',
      label: begun ? 'You have started the set-up with Stripe' : 'Start the set-up with Stripe',
      state: state(begun, true),
    },
    {
      key: 'details',
      label: missing.length > 0 ? 'Give Stripe what is missing' : 'Give Stripe your details and your bank account',
      state: status === 'restricted' ? 'stopped' : state(given, begun),
    },
    {
      key: 'check',
      label: refused ? 'Stripe does not pay out to you' : 'Stripe checks your details',
      state: refused ? 'stopped' : state(payable, given && status === 'pending'),
    },
    {
      key: 'payable',
      label: holdUntil === null ? 'You can be paid' : 'You can be paid again, after the wait',
      state: payable && holdUntil === null ? 'done' : payable ? 'current' : 'coming',
    },
  ]
}
