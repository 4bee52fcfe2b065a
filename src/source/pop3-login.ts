/** From nothing to the TRANSACTION state: connect, greeting, CAPA, TLS, login (RFC 1939 section 4). */
import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { withoutPassword } from '../base/mask.ts'
import { capaOctets } from './budget.ts'
import { dialServer, type Lookup } from './dial.ts'
import type { OpenSockets } from './open-sockets.ts'
import { greetingFault, pop3LoginFault, type Status, sessionFault, showStatus } from './pop3-answers.ts'
import { Capabilities } from './pop3-capabilities.ts'
import type { Command } from './pop3-command.ts'
import { Pop3Connection } from './pop3-connection.ts'
import type { Pop3Deadlines } from './pop3-deadlines.ts'
import { takeLines } from './pop3-listing.ts'
import type { Pop3Memory } from './pop3-memory.ts'
import { authenticateByToken } from './pop3-token.ts'
import { chooseTokenMechanism, type LoginSecret, type TokenMechanism, tokenFault } from './sasl-token.ts'
import { secureSocket } from './secure.ts'
import type { MailboxSettings } from './settings.ts'

export interface EnterOptions {
  readonly mailbox: MailboxSettings
  readonly secret: LoginSecret
  readonly clock: Clock
  readonly deadlines: Pop3Deadlines
  readonly signal: AbortSignal
  readonly memory: Pop3Memory
  readonly lookup: Lookup | undefined
  readonly sockets: OpenSockets | undefined
}

/**
 * A connection in the TRANSACTION state and what the server announced last. Where a login was accepted before, what was
 * announced then is believed, and the same commands leave in one packet; the first one is done step by step.
 */
export async function enterMaildrop(options: EnterOptions): Promise<{
  readonly connection: Pop3Connection
  readonly capabilities: Capabilities
  /** How the login was done, where by a token. */
  readonly mechanism: TokenMechanism | undefined
}> {
  const { connection, step } = await connectServer(options)
  try {
    const { mailbox, deadlines, signal, memory } = options
    const greeting = await step('greeting', undefined, deadlines.greetingMs)
    if (!greeting.ok) throw greetingFault(greeting, makeWhere(mailbox, 'greeting'))
    const accepted = memory.login
    let capabilities = accepted?.before ?? (await askCapabilities(connection, options))
    if (mailbox.server.security === 'starttls') {
      const refused = (words: string) =>
        new Fault('source.tls-not-offered', { facts: { ...makeWhere(mailbox, 'tls'), words } })
      if (accepted === undefined && capabilities.known && !capabilities.has('STLS')) throw refused('')
      const status = await step('tls', 'STLS', deadlines.commandMs)
      if (!status.ok) throw sessionFault(status, makeWhere(mailbox, 'tls')) ?? refused(showStatus(status))
      await connection.startTls(signal)
      // RFC 2595 section 4: what was said in clear text must be forgotten.
      capabilities = accepted?.before ?? (await askCapabilities(connection, options))
    }
    const isQuick = accepted !== undefined && capabilities.has('PIPELINING') && memory.quickLogin.isKept
    if (isQuick) connection.window = loginWindow
    // RFC 6856 section 2.1, only before the login; without it Courier replaces mail with 8-bit headers.
    const utf8 = capabilities.has('UTF8') ? step('login', 'UTF8', deadlines.commandMs) : undefined
    if (isQuick) listenTo(utf8)
    else await utf8
    const isByToken = options.secret.kind === 'token'
    const mechanism = isByToken ? await logInByToken(options, step, capabilities) : undefined
    const byUser =
      !isByToken && (await logIn(options, step, greeting, capabilities, isQuick && accepted.byUser))
    const before = capabilities
    if (accepted !== undefined) capabilities = accepted.after
    // RFC 2449 section 6.5 and others: some capabilities are the user's and known only now.
    else if (memory.capa.isKept && capabilities.known) {
      const after = await askCapabilities(connection, options)
      if (after.known) capabilities = after
    }
    memory.noteLogin({ before, after: capabilities, byUser })
    return { connection, capabilities, mechanism }
  } catch (error) {
    connection.drop()
    throw withoutPassword(error, options.mailbox.user, options.secret.value)
  }
}

/**
 * UTF8, USER, PASS. Nothing is sent behind PASS before it was answered: Courier announces PIPELINING, hands the
 * connection to another program there, and what had come by then is lost.
 */
const loginWindow = 8

/** Awaited later or, where an earlier answer decides, never: a rejection is then nobody's. */
function listenTo(answer: Promise<Status> | undefined): void {
  answer?.catch(() => {})
}

type Step = (phase: string, line: Command['line'], deadlineMs: number, more?: boolean) => Promise<Status>

async function connectServer(options: EnterOptions): Promise<{ connection: Pop3Connection; step: Step }> {
  const { mailbox, clock, deadlines, signal, memory, lookup, sockets } = options
  const { server } = mailbox
  const { connectMs, tlsMs } = deadlines
  const how = { clock, connectMs, signal, memory, sockets, ...(lookup && { lookup }) }
  const socket = await dialServer(server, how)
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
  const { memory, deadlines, signal } = options
  if (!memory.capa.isKept) return new Capabilities(undefined)
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

/**
 * @param atOnce PASS leaves with USER. Only where this source was let in by USER and PASS before: a server that refuses
 * USER, or any name in clear text, is not shown the password, and from one that begins to do so the next login hides it
 * @returns whether it was done by USER and PASS
 */
async function logIn(
  options: EnterOptions,
  step: Step,
  greeting: Status,
  capabilities: Capabilities,
  atOnce: boolean,
): Promise<boolean> {
  const { mailbox, deadlines } = options
  const { value: password } = options.secret
  const { user } = mailbox
  const { loginMs } = deadlines
  // A line break would be a command of its own; NUL separates the parts of PLAIN (RFC 4616 section 2).
  if (/[\r\n\0]/.test(user + password)) {
    const facts = { what: 'MAIL_USER, MAIL_PASSWORD', reason: 'a line break or NUL in it' }
    throw new Fault('config.invalid', { scope: 'mailbox', facts })
  }
  const check = (status: Status): void => {
    if (!status.ok) throw refusedLogin(status, options, capabilities)
  }
  // RFC 1939 section 7: a greeting with a timestamp offers APOP; printable ASCII only (CVE-2007-1558).
  const [timestamp] = /<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]*>/.exec(greeting.words) ?? []
  const apop = async (stamp: string): Promise<false> => {
    const digest = createHash('md5')
      .update(stamp + password, 'utf8')
      .digest('hex')
    check(await step('login', Buffer.from(`APOP ${user} ${digest}`), loginMs))
    return false
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
    return false
  }
  if (capabilities.known && !offersUser && timestamp !== undefined) return apop(timestamp)
  // RFC 5034 section 3: SASL names every mechanism there is. The password is not shown to a server that takes none of
  // ours; one that says nothing of mechanisms is asked by USER, and has to ask for the password itself.
  if (!offersUser && capabilities.has('SASL')) throw noMethod(options, capabilities)
  const name = step('login', Buffer.from(`USER ${user}`), loginMs)
  const pass = () => step('login', Buffer.from(`PASS ${password}`), loginMs)
  const sent = atOnce ? pass() : undefined
  listenTo(sent)
  const named = await name
  // APOP where it is the only way: its MD5 is no protection worth preferring to TLS.
  if (!named.ok && named.code === '' && timestamp !== undefined && sent === undefined) return apop(timestamp)
  check(named)
  check(await (sent ?? pass()))
  return true
}

/** AUTH by an access token. @returns how */
async function logInByToken(
  options: EnterOptions,
  step: Step,
  capabilities: Capabilities,
): Promise<TokenMechanism> {
  const { mailbox, secret, deadlines } = options
  const offered = capabilities.parameters('SASL')
  // Who does not say what it takes is asked in the way that most know; the token is shown to none that takes others only.
  const mechanism = capabilities.known ? chooseTokenMechanism(offered) : 'XOAUTH2'
  if (mechanism === undefined) throw tokenFault(noMethod(options, capabilities), {})
  const login = { ...mailbox.server, user: mailbox.user, token: secret.value }
  const say = (line: string, more: boolean) => step('login', line, deadlines.loginMs, more)
  const { status, refusal } = await authenticateByToken(mechanism, login, say)
  if (!status.ok) throw tokenFault(refusedLogin(status, options, capabilities), refusal)
  return mechanism
}

function refusedLogin(status: Status, options: EnterOptions, capabilities: Capabilities): Fault {
  const { mailbox, clock } = options
  const delayMs = capabilities.loginDelayMs
  const delay = delayMs && { seconds: delayMs / 1000, notBeforeMs: clock.nowMs() + delayMs }
  const facts = { ...makeWhere(mailbox, 'login'), user: mailbox.user, ...tlsFact(options, capabilities) }
  return pop3LoginFault(status, facts, delay || undefined)
}

function noMethod(options: EnterOptions, capabilities: Capabilities): Fault {
  const { mailbox } = options
  const words = capabilities.lines.find(line => /^SASL\b/.test(line)) ?? ''
  const facts = { ...makeWhere(mailbox, 'login'), user: mailbox.user, ...tlsFact(options, capabilities) }
  return new Fault('source.login-method', { facts: { ...facts, words: words.trim() } })
}

/** RFC 2595 section 4: servers offer logins only once the connection is under TLS. */
function tlsFact({ mailbox }: EnterOptions, capabilities: Capabilities): { readonly starttls?: string } {
  return mailbox.server.security === 'none' && capabilities.has('STLS') ? { starttls: 'STLS' } : {}
}
