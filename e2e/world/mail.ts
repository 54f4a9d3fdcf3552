import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser'
import { expect } from 'playwright/test'
import { SMTPServer } from 'smtp-server'

/** A mail as it left: `to` are the envelope's recipients, `link` is the first address in it that leads into Remit. */
export interface Mail {
  to: string[]
  subject: string
  text: string
  html: string
  messageId: string
}

export interface Mailbox {
  /** Where the app sends. */
  url: string
  mails: Mail[]
  /** Waits for one mail to this address whose subject matches; fails when there are several. */
  anEmailTo(address: string, subject: RegExp): Promise<Mail>
  /** All mails to this address that are here by now. */
  to(address: string): Mail[]
  close(): Promise<void>
}

/** A real SMTP server on 127.0.0.1 that keeps what it takes. */
export async function startMailbox(): Promise<Mailbox> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      simpleParser(stream)
        .then(parsed => {
          mails.push(
            read(
              parsed,
              session.envelope.rcptTo.map(({ address }) => address),
            ),
          )
          done()
        })
        .catch(done)
    },
  })
  // A client that hangs up is its own business.
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('the SMTP server has no port')
  const to = (wanted: string) => mails.filter(mail => mail.to.includes(wanted))
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    to,
    async anEmailTo(wanted, subject) {
      const matching = () => to(wanted).filter(mail => subject.test(mail.subject))
      await expect
        .poll(() => matching().length, {
          message: `a mail to ${wanted} with the subject ${subject}; here are: ${mails.map(mail => `${mail.to}: ${mail.subject}`).join(' | ') || 'none'}`,
          timeout: 20_000,
        })
        .toBeGreaterThan(0)
      const [mail, ...more] = matching()
      if (!mail || more.length > 0) throw new Error(`${more.length + 1} mails to ${wanted} match ${subject}`)
      return mail
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
}

function read(parsed: ParsedMail, to: string[]): Mail {
  const header = [parsed.to ?? []].flat() as AddressObject[]
  if (header.length === 0) throw new Error('a mail without To')
  return {
    to,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html || '',
    messageId: parsed.messageId ?? '',
  }
}

/** The first address in a mail's plain text that starts with `prefix`. */
export function linkIn(mail: Mail, prefix: string): string {
  const link = /https?:\/\/[^\s<>)\]]+/g
  const found = (mail.text.match(link) ?? []).find(url => url.startsWith(prefix))
  if (!found) throw new Error(`no link to ${prefix} in “${mail.subject}”:\n${mail.text}`)
  return found
}
