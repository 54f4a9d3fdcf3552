import { Action, Amount, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longSplit, type SplitProps, sampleSplit } from './split.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface SplitProposedProps extends SplitProps {
  proposedBy: string
  /** The reader's own part, for example '40 %'. */
  ownShare: string
  deadline: string
}

function SplitProposed(props: SplitProposedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>
        {props.proposedBy} proposes shares of {props.dealName}
      </Title>
      <Amount>{props.shares}</Amount>
      <Paragraph>
        You would get {props.ownShare}. Accept it, or propose other shares, until {props.deadline}. Answers to earlier
        proposals no longer count.
      </Paragraph>
      <Facts rows={[['Deal', `${props.dealName} (${props.reference})`]]} />
      <Action href={props.splitUrl}>Answer the proposal</Action>
    </>
  )
}

export const splitProposed: Template<SplitProposedProps> = {
  audience: 'partner',
  subject: props => `${props.ownShare} of ${clip(props.dealName, 28)} proposed for you`,
  preview: props => `${props.proposedBy} proposes; accept or propose other shares until ${props.deadline}.`,
  reason: (_props, frame) => `you are on a deal with ${frame.orgName} that others are on, too.`,
  component: SplitProposed,
  sampleProps: {
    ordinary: { ...sampleSplit, proposedBy: 'Northwind Referrals', ownShare: '40 %', deadline: '16 Mar 2026' },
    longNames: { ...longSplit, proposedBy: longSplit.dealName, ownShare: '33.34 %', deadline: '16 Mar 2026' },
  },
}
