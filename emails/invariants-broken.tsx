import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import type { EmailFrame, Template } from './template.ts'

export interface InvariantsBrokenProps {
  /** What is wrong, a sentence each; the first few of them. */
  found: string[]
  /** How many there are in all. */
  count: number
  foundOn: string
  /** False when somebody has resumed transfers since. */
  stillPaused: boolean
  /** The settings, behind sign-in. */
  reviewUrl: string
}

function title({ count }: InvariantsBrokenProps): string {
  return count === 1 ? 'Something in the books can’t be right' : `${count} things in the books can’t be right`
}

function InvariantsBroken(props: InvariantsBrokenProps & { frame: EmailFrame }) {
  const more = props.count - props.found.length
  return (
    <>
      <Title>{title(props)}</Title>
      <Paragraph>
        Remit holds its database against what must always be so. This is not so, by a bug, a damaged file, or a hand at
        the database:
      </Paragraph>
      {props.found.map(sentence => (
        <Paragraph key={sentence}>{sentence}</Paragraph>
      ))}
      {more > 0 ? <Paragraph>And {more.toLocaleString('en')} more.</Paragraph> : null}
      <Notice tone="warning">
        <strong>What to do:</strong> have whoever runs Remit start <strong>npm run doctor</strong>, which lists
        everything that is wrong, and mend it.{' '}
        {props.stillPaused
          ? 'Until then all transfers are paused; approved payouts wait, and none is lost. When a check finds nothing any more, resume them in the settings.'
          : 'Transfers were resumed meanwhile.'}
      </Notice>
      <Facts rows={[['Found', props.foundOn]]} />
      <Action href={props.reviewUrl}>Open the settings</Action>
    </>
  )
}

export const invariantsBroken: Template<InvariantsBrokenProps> = {
  audience: 'finance',
  subject: props => `${props.stillPaused ? 'Transfers paused: ' : ''}${title(props)}`,
  preview: props => props.found[0] ?? '',
  reason: (_props, frame) => `you may pause and resume transfers at ${frame.orgName}. This alert can’t be turned off.`,
  component: InvariantsBroken,
  sampleProps: {
    ordinary: {
      found: ['payout pay_01J9 is not what was approved: its digest is another one.'],
      count: 1,
      foundOn: '10 March 2026, 09:14 UTC',
      stillPaused: true,
      reviewUrl: 'https://partners.acme.example/admin/settings#transfers',
    },
    longNames: {
      found: [`payout ${longName} is of 124000, and its lines come to 123999 USD in minor units.`],
      count: 42,
      foundOn: '10 March 2026, 09:14 UTC',
      stillPaused: true,
      reviewUrl: 'https://partners.acme.example/admin/settings#transfers',
    },
  },
}
