/** From nothing to the TRANSACTION state: connect, greeting, CAPA, TLS, login (RFC 1939 section 4). */
import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { withoutPassword } from '../base/mask.ts'
import { capaOctets } from './budget.ts'
import { type DialMemory, dialServer, type Lookup } from './dial.ts'
import { greetingFault, pop3LoginFault, type Status, sessionFault, showStatus } from './pop3-answers.ts'
import { Capabilities } from './pop3-capabilities.ts'
import type { Command } from './pop3-command.ts'
import { Pop3Connection } from './pop3-connection.ts'
import type { Pop3Deadlines } from './pop3-deadlines.ts'
import { takeLines } from './pop3-listing.ts'
import { secureSocket } from './secure.ts'
import type { MailboxSettings } from './settings.ts'

export interface EnterOptions {
  readonly mailbox: MailboxSettings
  readonly password: string
  readonly clock: Clock
  readonly deadlines: Pop3Deadlines
  readonly signal: AbortSignal
  readonly memory: DialMemory
  readonly lookup: Lookup | undefined
  /** False on servers that cannot bear CAPA. */
  readonly askCapa: boolean
}

/** A connection in the TRANSACTION state and what the server announced last. */
export async function enterMaildrop(options: EnterOptions): Promise<{
  readonly connection: Pop3Connection
  readonly capabilities: Capabilities
}> {
  const { connection, step } = await connectServer(options)
  try {
    const { askCapa, mailbox, deadlines, signal } = options
    const greeting = await step('greeting', undefined, deadlines.greetingMs)
    if (!greeting.ok) throw greetingFault(greeting, makeWhere(mailbox, 'greeting'))
    let capabilities = await askCapabilities(connection, options)
    if (mailbox.server.security === 'starttls') {
      const refused = (words: string) =>
        new Fault('source.tls-not-offered', { facts: { ...makeWhere(mailbox, 'tls'), words } })
      if (capabilities.known && !capabilities.has('STLS')) throw refused('')
      const status = await step('tls', 'STLS', deadlines.commandMs)
      if (!status.ok) throw sessionFault(status, makeWhere(mailbox, 'tls')) ?? refused(showStatus(status))
      await connection.startTls(signal)
      // RFC 2595 section 4: what was said in clear text must be forgotten.
      capabilities = await askCapabilities(connection, options)
    }
    // RFC 6856 section 2.1, only before the login; without it Courier replaces mail with 8-bit headers.
    if (capabilities.has('UTF8')) await step('login', 'UTF8', deadlines.commandMs)
    await logIn(options, step, greeting, capabilities)
    // RFC 2449 section 6.5 and others: some capabilities are the user's and known only now.
    if (askCapa && capabilities.known) {
      const after = await askCapabilities(connection, options)
      if (after.known) capabilities = after
    }
    return { connection, capabilities }
  } catch (error) {
    connection.drop()
    throw withoutPassword(error, options.mailbox.user, options.password)
  }
}

type Step = (phase: string, line: Command['line'], deadlineMs: number, more?: boolean) => Promise<Status>

async function connectServer(options: EnterOptions): Promise<{ connection: Pop3Connection; step: Step }> {
  const { mailbox, clock, deadlines, signal, memory, lookup } = options
  const { server } = mailbox
  const { connectMs, tlsMs } = deadlines
  const socket = await dialServer(server, { clock, connectMs, signal, memory, ...(lookup && { lookup }) })
  const ready =
    server.security === 'tls' ? await secureSocket(socket, server, { clock, tlsMs, signal }) : socket
  const connection = new Pop3Connection(ready, server, clock, deadlines)
  const step: Step = (phase, line, deadlineMs, more = false) =>
    connection.send({ phase, line, deadlineMs, signal, more })
  return { connection, step }
}

const makeWhere = ({ server }: MailboxSettings, phase: string) => ({
  host: server.host,
  port: server.port,
  phase,
})

/** Some dozen are in use. */
const mostCapabilities = 1000

/** RFC 2449 section 5. A refusal is an answer: no capabilities known. */
async function askCapabilities(connection: Pop3Connection, options: EnterOptions): Promise<Capabilities> {
  const { askCapa, deadlines, signal } = options
  if (!askCapa) return new Capabilities(undefined)
  const lines: string[] = []
  const body = takeLines('capa', mostCapabilities, (line, cut) => {
    if (!cut) lines.push(line)
  })
  const status = await connection.send({
    phase: 'capa',
    line: 'CAPA',
    deadlineMs: deadlines.capaMs,
    signal,
    body,
    mostOctets: () => capaOctets,
  })
  return new Capabilities(status.ok ? lines : undefined)
}

async function logIn(
  options: EnterOptions,
  step: Step,
  greeting: Status,
  capabilities: Capabilities,
): Promise<void> {
  const { mailbox, password, clock, deadlines } = options
  const { user } = mailbox
  const { loginMs } = deadlines
  // A line break would be a command of its own; NUL separates the parts of PLAIN (RFC 4616 section 2).
  if (/[\r\n\0]/.test(user + password)) {
    const facts = { what: 'MAIL_USER, MAIL_PASSWORD', reason: 'a line break or NUL in it' }
    throw new Fault('config.invalid', { scope: 'mailbox', facts })
  }
  const facts = { ...makeWhere(mailbox, 'login'), user }
  const check = (status: Status): void => {
    if (status.ok) return
    const delayMs = capabilities.loginDelayMs
    const delay = delayMs && { seconds: delayMs / 1000, notBeforeMs: clock.nowMs() + delayMs }
    throw pop3LoginFault(status, { ...facts, ...tlsFact(options, capabilities) }, delay || undefined)
  }
  // RFC 1939 section 7: a greeting with a timestamp offers APOP; printable ASCII only (CVE-2007-1558).
  const [timestamp] = /<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]*>/.exec(greeting.words) ?? []
  const apop = async (stamp: string): Promise<void> => {
    const digest = createHash('md5')
      .update(stamp + password, 'utf8')
      .digest('hex')
    check(await step('login', Buffer.from(`APOP ${user} ${digest}`), loginMs))
  }
  const offersUser = capabilities.has('USER')
  const offersPlain = capabilities.parameters('SASL').includes('PLAIN')
  // USER takes one word in ASCII (RFC 1939 section 7); PLAIN takes UTF-8 (RFC 4616).
  const plainIsSafer = /[^\x21-\x7e]/.test(user) || /[^\x20-\x7e]/.test(password)
  if (offersPlain && (!offersUser || plainIsSafer)) {
    const initial = Buffer.from(`\0${user}\0${password}`).toString('base64')
    // RFC 5034 section 4: a command line has at most 255 octets, else the response waits for `+ `.
    const short = initial.length <= 240
    const status = await step('login', short ? `AUTH PLAIN ${initial}` : 'AUTH PLAIN', loginMs, true)
    check(status.more ? await step('login', initial, loginMs) : status)
    return
  }
  if (capabilities.known && !offersUser && timestamp !== undefined) return apop(timestamp)
  // RFC 5034 section 3: SASL names every mechanism there is. The password is not shown to a server that takes none of
  // ours; one that says nothing of mechanisms is asked by USER, and has to ask for the password itself.
  if (!offersUser && capabilities.has('SASL')) {
    const words = capabilities.lines.find(line => /^SASL\b/.test(line)) ?? ''
    throw new Fault('source.login-method', {
      facts: { ...facts, ...tlsFact(options, capabilities), words: words.trim() },
    })
  }
  const named = await step('login', Buffer.from(`USER ${user}`), loginMs)
  // APOP where it is the only way: its MD5 is no protection worth preferring to TLS.
  if (!named.ok && named.code === '' && timestamp !== undefined) return apop(timestamp)
  check(named)
  check(await step('login', Buffer.from(`PASS ${password}`), loginMs))
}

/** RFC 2595 section 4: servers offer logins only once the connection is under TLS. */
function tlsFact({ mailbox }: EnterOptions, capabilities: Capabilities): { readonly starttls?: string } {
  return mailbox.server.security === 'none' && capabilities.has('STLS') ? { starttls: 'STLS' } : {}
}
