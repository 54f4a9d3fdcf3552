import { createHash } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import nodemailer, { type SendMailOptions } from 'nodemailer'

/** One message to one person, rendered. */
export interface OutgoingMail {
  /** A bare address: one mailbox, no list. */
  to: string
  toName?: string
  subject: string
  html: string
  text: string
  /** Given by the caller and the same on every attempt, so that a message sent twice can be told to be one. */
  messageId: string
  /** The Message-IDs this one belongs to, separated by spaces; a payout's emails then form one conversation. */
  references?: string
  replyTo?: string
  headers?: Record<string, string>
  /** Only for emails that people may turn off. */
  unsubscribe?: { url: string; mailto?: string }
}

export interface Mailer {
  /**
   * Hands the message over and returns its Message-ID, and the file when it was written to a folder.
   * @throws InvalidMailError before anything is sent; otherwise the transport's error, see isPermanentMailError. After a
   * time-out the server may have accepted the message all the same.
   */
  send(mail: OutgoingMail): Promise<{ messageId: string; path?: string }>
  /** Lets the messages being handed over finish, then closes the connections. */
  close(): Promise<void>
}

export interface MailerOptions {
  /** smtp:// or smtps://, with the credentials in it. */
  smtpUrl?: string
  /** Where messages are written as .eml files while there is no server. */
  mailDir?: string
  /** 'Remit <payouts@example.com>' */
  from: string
  /** How long to wait for a connection, a greeting or an answer, in milliseconds; a whole delivery may take three times that. */
  timeoutMs?: number
}

/** The message itself can't be sent as it is; no attempt will change that. */
export class InvalidMailError extends Error {
  override name = 'InvalidMailError'
}

/**
 * True when trying again is pointless: the message is malformed, or a server refused it or its recipient for good (5xx).
 * A refusal of our credentials or of the connection is about the configuration, not this message: it stays transient.
 */
export function isPermanentMailError(error: unknown): boolean {
  if (error instanceof InvalidMailError) return true
  if (!(error instanceof Error)) return false
  const { code, responseCode } = error as Error & { code?: unknown; responseCode?: unknown }
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return false
  // Without a server's answer these two codes mean that the client itself found no usable recipient or message.
  if (typeof responseCode !== 'number') return true
  return responseCode >= 500 && !authenticationCodes.has(responseCode)
}

/** RFC 4954: authentication required, too weak, refused or unencrypted. */
const authenticationCodes = new Set([530, 534, 535, 538])

/**
 * Sends through SMTP when there is a server, else writes .eml files.
 * @throws InvalidMailError when neither is given or the sender is malformed
 */
export function createMailer(options: MailerOptions): Mailer {
  refuseControlCharacters('from', options.from)
  if (!/^(?:[^<>]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>,]+@[^\s@<>,]+)$/.test(options.from.trim())) {
    throw new InvalidMailError('The sender must be one address, such as "Remit <payouts@example.com>".')
  }
  if (options.smtpUrl) return smtpMailer(options.smtpUrl, options)
  if (options.mailDir) return folderMailer(options.mailDir, options.from)
  throw new InvalidMailError('Emails need an SMTP server or a folder to be written to.')
}

function smtpMailer(url: string, options: MailerOptions): Mailer {
  const timeout = Math.min(options.timeoutMs ?? 20_000, 20_000)
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 3,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    // The outbox retries, with backoff and a record of it.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const inFlight = new Set<Promise<unknown>>()
  let closed = false
  return {
    async send(mail) {
      if (closed) throw new Error('The mailer is closed.')
      // The signal ends what no socket time-out notices: a server that trickles its answers.
      const sending = transport.sendMail({
        ...compose(mail, options.from),
        signal: AbortSignal.timeout(3 * timeout),
      })
      inFlight.add(sending)
      try {
        return { messageId: (await sending).messageId }
      } finally {
        inFlight.delete(sending)
      }
    },
    async close() {
      closed = true
      await Promise.allSettled(inFlight)
      transport.close()
    },
  }
}

function folderMailer(folder: string, from: string): Mailer {
  const transport = nodemailer.createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  let attempts = 0
  return {
    async send(mail) {
      const { message, messageId } = await transport.sendMail(compose(mail, from))
      // The files hold invitation and reset links: nobody but the owner reads them.
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = join(folder, fileName(messageId))
      attempts += 1
      // Renamed when complete, so that a reader never sees half a message.
      const unfinished = `${path}.${process.pid}-${attempts}.tmp`
      try {
        await writeFile(unfinished, message as Buffer, { mode: 0o600, flush: true })
        await rename(unfinished, path)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
      return { messageId, path }
    },
    async close() {
      transport.close()
    },
  }
}

/** A message sent again overwrites its own file; the hash keeps ids apart that differ in what a file name can't hold. */
function fileName(messageId: string): string {
  const readable = messageId
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
  return `${readable}-${createHash('sha256').update(messageId).digest('hex').slice(0, 8)}.eml`
}

function compose(mail: OutgoingMail, from: string): SendMailOptions {
  checkMail(mail)
  const headers: Record<string, string> = { ...mail.headers, 'Auto-Submitted': 'auto-generated' }
  if (mail.unsubscribe) {
    const { url, mailto } = mail.unsubscribe
    headers['List-Unsubscribe'] = [url, mailto && `mailto:${mailto}`]
      .filter(Boolean)
      .map(target => `<${target}>`)
      .join(', ')
    // RFC 8058 allows the one-click form over https only.
    if (url.startsWith('https:')) headers['List-Unsubscribe-Post'] = 'List-Unsubscribe=One-Click'
  }
  return {
    from,
    // An object is taken as it is; a string would be parsed, and could name a second recipient.
    to: { name: mail.toName ?? '', address: mail.to },
    replyTo: mail.replyTo ? { name: '', address: mail.replyTo } : undefined,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    textEncoding: 'quoted-printable',
    messageId: withBrackets(mail.messageId),
    references: mail.references?.split(/ +/).map(withBrackets),
    headers,
  }
}

const withBrackets = (id: string) => `<${id.replace(/^<|>$/g, '')}>`

/** What this file sets itself; a caller's header of the same name would contradict it. */
const ownHeaders = new Set(
  'from sender to cc bcc reply-to subject date message-id references in-reply-to auto-submitted mime-version'
    .concat(' content-type content-transfer-encoding list-unsubscribe list-unsubscribe-post')
    .split(' '),
)

const address = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/
const messageIds = /^<?[^\s<>@]+@[^\s<>@]+>?(?: +<?[^\s<>@]+@[^\s<>@]+>?)*$/

function checkMail(mail: OutgoingMail): void {
  const bound: Record<string, string | undefined> = {
    to: mail.to,
    toName: mail.toName,
    subject: mail.subject,
    messageId: mail.messageId,
    references: mail.references,
    replyTo: mail.replyTo,
    'unsubscribe.url': mail.unsubscribe?.url,
    'unsubscribe.mailto': mail.unsubscribe?.mailto,
  }
  for (const [name, value] of Object.entries(mail.headers ?? {})) {
    if (!/^[A-Za-z0-9-]+$/.test(name))
      throw new InvalidMailError('A header’s name holds letters, digits and hyphens only.')
    if (ownHeaders.has(name.toLowerCase())) throw new InvalidMailError(`The mailer sets the header ${name} itself.`)
    bound[`headers.${name}`] = value
  }
  for (const [field, value] of Object.entries(bound)) refuseControlCharacters(field, value)

  for (const field of ['to', 'replyTo', 'unsubscribe.mailto']) {
    const value = bound[field]
    if (value !== undefined && !address.test(value))
      throw new InvalidMailError(`${field} must be one bare email address.`)
  }
  if (!messageIds.test(mail.messageId) || mail.messageId.includes(' ')) {
    throw new InvalidMailError('messageId must look like id@host.')
  }
  if (mail.references !== undefined && !messageIds.test(mail.references)) {
    throw new InvalidMailError('references must be Message-IDs separated by spaces.')
  }
  if (mail.unsubscribe && !/^https?:\/\/[^\s<>,]+$/i.test(mail.unsubscribe.url)) {
    throw new InvalidMailError('unsubscribe.url must be an absolute http(s) address.')
  }
  if (!mail.subject.trim()) throw new InvalidMailError('The subject is empty.')
  if (!mail.text.trim() || !mail.html.trim())
    throw new InvalidMailError('Both the text and the HTML part are required.')
}

/** A line break in a header starts a new header, and so a new recipient (header injection). */
function refuseControlCharacters(field: string, value: string | undefined): void {
  if (value !== undefined && /[\r\n\0]/.test(value)) {
    throw new InvalidMailError(`${field} must not contain a line break or NUL.`)
  }
}
