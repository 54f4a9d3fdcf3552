import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longSplit, names, type SplitProps, sampleSplit } from './split.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

function SplitExpired(props: SplitProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>The shares of {props.dealName} were not settled in time</Title>
      <Paragraph>
        The deadline has passed, so the program’s model decides who is credited. If you still want to agree on shares,
        ask {props.frame.orgName} to open it again.
      </Paragraph>
      <Facts
        rows={[
          ['Deal', `${props.dealName} (${props.reference})`],
          ['Partners', props.shares.join(', ')],
        ]}
      />
      <Action href={props.splitUrl}>See what was proposed</Action>
    </>
  )
}

export const splitExpired: Template<SplitProps> = {
  audience: 'partner',
  subject: props => `Not settled in time: ${clip(props.dealName, 36)}`,
  preview: () => 'The program’s model decides who is credited.',
  reason: (_props, frame) => `you are on a deal with ${frame.orgName} that others are on, too.`,
  component: SplitExpired,
  sampleProps: {
    ordinary: { ...sampleSplit, shares: names.ordinary },
    longNames: { ...longSplit, shares: names.long },
  },
}
