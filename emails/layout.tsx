// One by one: what gathers them all also loads a syntax highlighter and a style sheet compiler, most of a second at each start.
import { Container } from '@react-email/container'
import { Head } from '@react-email/head'
import { Heading } from '@react-email/heading'
import { Html } from '@react-email/html'
import { Link } from '@react-email/link'
import { Preview } from '@react-email/preview'
import { Section } from '@react-email/section'
import { Text } from '@react-email/text'
import type { ReactNode } from 'react'
import { Box } from './box.tsx'
import type { EmailFrame } from './template.ts'
import { colors, fonts, styleSheet, wrap } from './theme.ts'

/** The page around every message: who writes, the message in a card, and why the reader gets it. */
export function Layout(props: {
  frame: EmailFrame
  subject: string
  preview: string
  reason: string
  children: ReactNode
}) {
  const { frame, subject, preview, reason, children } = props
  return (
    <Html lang="en" dir="ltr">
      <Head>
        <title>{subject}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <style>{styleSheet}</style>
      </Head>
      <body className="page" style={{ margin: 0, padding: 0, backgroundColor: colors.page }}>
        <Preview>{preview}</Preview>
        <Section className="page" style={{ backgroundColor: colors.page, fontFamily: fonts }}>
          <Container style={{ width: '100%', maxWidth: '600px' }}>
            <Box className="gutter" style={{ padding: '32px 16px 48px' }}>
              {frame.simulated ? <SimulatedBanner /> : null}
              <Text className="ink" style={wordmark}>
                {frame.orgName}
              </Text>
              <Card>{children}</Card>
              <Footer frame={frame} reason={reason} />
            </Box>
          </Container>
        </Section>
      </body>
    </Html>
  )
}

/** What the message says happened, in one line. */
export function Title(props: { children: ReactNode }) {
  return (
    <Heading
      as="h1"
      className="ink"
      style={{ margin: '0 0 16px', fontSize: '20px', lineHeight: '28px', fontWeight: 600, color: colors.ink, ...wrap }}
    >
      {props.children}
    </Heading>
  )
}

function Card(props: { children: ReactNode }) {
  return (
    <Box
      className="card"
      style={{
        backgroundColor: colors.card,
        border: `1px solid ${colors.line}`,
        borderRadius: '12px',
        overflow: 'hidden',
      }}
    >
      <div
        className="stripe"
        style={{ height: '4px', backgroundColor: colors.accent, fontSize: 0, lineHeight: '4px' }}
      />
      <Box className="inner" style={{ padding: '32px' }}>
        {props.children}
      </Box>
    </Box>
  )
}

function SimulatedBanner() {
  return (
    <div style={{ paddingBottom: '24px' }}>
      <Box className="warning" style={banner}>
        <Text
          className="warning-ink"
          style={{ margin: 0, fontSize: '14px', lineHeight: '20px', color: colors.warningInk }}
        >
          <strong>SIMULATED</strong> – no real money moves. This installation runs against a payment simulator.
        </Text>
      </Box>
    </div>
  )
}

function Footer(props: { frame: EmailFrame; reason: string }) {
  const { frame, reason } = props
  const small = { margin: '0 0 8px', fontSize: '13px', lineHeight: '20px', color: colors.muted, ...wrap }
  const home = frame.publicUrl.replace(/\/$/, '')
  const link = { color: colors.accent, textDecoration: 'underline' }
  return (
    <div style={{ padding: '24px 4px 0' }}>
      <Text className="muted" style={small}>
        You get this because {reason}
      </Text>
      {frame.supportEmail ? (
        <Text className="muted" style={small}>
          Questions? Write to{' '}
          <Link className="link" href={`mailto:${frame.supportEmail}`} style={link}>
            {frame.supportEmail}
          </Link>
          .
        </Text>
      ) : null}
      <Text className="muted" style={small}>
        {frame.orgName} ·{' '}
        <Link className="link" href={home} style={link}>
          {home}
        </Link>
      </Text>
    </div>
  )
}

const wordmark = {
  margin: '0 0 16px 4px',
  fontSize: '16px',
  lineHeight: '24px',
  fontWeight: 700,
  color: colors.ink,
  ...wrap,
} as const

const banner = {
  padding: '12px 16px',
  backgroundColor: colors.warningCard,
  border: `1px solid ${colors.warningLine}`,
  borderRadius: '8px',
} as const
