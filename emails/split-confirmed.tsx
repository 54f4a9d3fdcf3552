import { Action, Amount, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longSplit, type SplitProps, sampleSplit } from './split.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

function SplitConfirmed(props: SplitProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your shares of {props.dealName} are settled</Title>
      <Amount>{props.shares}</Amount>
      <Paragraph>
        {props.frame.orgName} has confirmed what you agreed on. It decides who is credited for the deal.
      </Paragraph>
      <Facts rows={[['Deal', `${props.dealName} (${props.reference})`]]} />
      <Action href={props.splitUrl}>See the shares</Action>
    </>
  )
}

export const splitConfirmed: Template<SplitProps> = {
  audience: 'partner',
  subject: props => `Settled: your shares of ${clip(props.dealName, 34)}`,
  preview: props => `Confirmed: ${props.shares.join(', ')}.`,
  reason: (_props, frame) => `you are on a deal with ${frame.orgName} that others are on, too.`,
  component: SplitConfirmed,
  sampleProps: { ordinary: sampleSplit, longNames: longSplit },
}
