import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longSplit, names, type SplitProps, sampleSplit } from './split.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface SplitOpenedProps extends SplitProps {
  deadline: string
}

function SplitOpened(props: SplitOpenedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Agree on your shares of {props.dealName}</Title>
      <Paragraph>
        {props.frame.orgName} asks the partners on this deal to agree on who gets how much of the credit. Propose
        shares, or wait for a proposal and accept it. Without an agreement by {props.deadline}, the program’s model
        decides.
      </Paragraph>
      <Facts
        rows={[
          ['Deal', `${props.dealName} (${props.reference})`],
          ['Partners', props.shares.join(', ')],
          ['Until', props.deadline],
        ]}
      />
      <Action href={props.splitUrl}>Propose shares</Action>
    </>
  )
}

export const splitOpened: Template<SplitOpenedProps> = {
  audience: 'partner',
  subject: props => `Agree on your shares of ${clip(props.dealName, 34)}`,
  preview: props => `Until ${props.deadline}; after that the program’s model decides.`,
  reason: (_props, frame) => `you are on a deal with ${frame.orgName} that others are on, too.`,
  component: SplitOpened,
  sampleProps: {
    ordinary: { ...sampleSplit, shares: names.ordinary, deadline: '16 Mar 2026' },
    longNames: { ...longSplit, shares: names.long, deadline: '16 Mar 2026' },
  },
}
