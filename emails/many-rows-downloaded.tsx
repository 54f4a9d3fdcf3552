import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface ManyRowsDownloadedProps {
  personName: string
  personEmail: string
  /** Within 24 hours, as people write numbers: '62,000'. */
  rows: string
  /** The most that one person may download within 24 hours. */
  most: string
  at: string
  /** The audit log's downloads of this person, behind sign-in. */
  reviewUrl: string
}

function title({ personName, rows }: ManyRowsDownloadedProps): string {
  return `${personName} downloaded ${rows} rows`
}

function ManyRowsDownloaded(props: ManyRowsDownloadedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{title(props)}</Title>
      <Paragraph>
        That is more than half of the {props.most} rows that one person may download from {props.frame.orgName} within
        24 hours.
      </Paragraph>
      <Notice tone="warning">
        <strong>What to do:</strong> nothing, if you know why. Otherwise end this person’s sessions under Team, and look
        at what was downloaded.
      </Notice>
      <Facts
        rows={[
          ['Who', props.personName],
          ['Address', props.personEmail],
          ['Rows within 24 hours', props.rows],
          ['When', props.at],
        ]}
      />
      <Action href={props.reviewUrl}>See the downloads</Action>
    </>
  )
}

const reviewUrl = 'https://partners.acme.example/admin/audit?targetType=export'

export const manyRowsDownloaded: Template<ManyRowsDownloadedProps> = {
  audience: 'finance',
  subject: props => title({ ...props, personName: clip(props.personName, 30) }),
  preview: props => `More than half of what one person may download within 24 hours. ${props.at}`,
  reason: (_props, frame) => `you are an owner of ${frame.orgName}. This alert can’t be turned off.`,
  component: ManyRowsDownloaded,
  sampleProps: {
    ordinary: {
      personName: 'Max Manager',
      personEmail: 'max@acme.example',
      rows: '62,000',
      most: '100,000',
      at: '10 March 2026, 09:14 UTC',
      reviewUrl,
    },
    longNames: {
      personName: longName,
      personEmail: 'a.very.long.address.of.somebody@subdomain.of.a.company.example',
      rows: '12,345,678',
      most: '20,000,000',
      at: '10 March 2026, 09:14 UTC',
      reviewUrl,
    },
  },
}
