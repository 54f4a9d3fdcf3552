import { Action, Amount, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longSplit, type SplitProps, sampleSplit } from './split.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface SplitAcceptedProps extends SplitProps {
  deadline: string
}

function SplitAccepted(props: SplitAcceptedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>The partners agree on {props.dealName}</Title>
      <Amount>{props.shares}</Amount>
      <Paragraph>
        The shares count once you confirm them, until {props.deadline}; after that the program’s model decides.
      </Paragraph>
      <Facts rows={[['Deal', `${props.dealName} (${props.reference})`]]} />
      <Action href={props.splitUrl}>Review the shares</Action>
    </>
  )
}

const splitUrl = 'https://partners.acme.example/admin/deals/deal_01J8ZQ4T7M'

export const splitAccepted: Template<SplitAcceptedProps> = {
  audience: 'finance',
  subject: props => `Confirm the agreed shares of ${clip(props.dealName, 28)}`,
  preview: props => `All partners have accepted: ${props.shares.join(', ')}.`,
  reason: (_props, frame) => `you confirm what partners agree on at ${frame.orgName}.`,
  component: SplitAccepted,
  sampleProps: {
    ordinary: { ...sampleSplit, splitUrl, deadline: '16 Mar 2026' },
    longNames: { ...longSplit, splitUrl, deadline: '16 Mar 2026' },
  },
}
