/**
 * Who was logged in to which mailbox, from when to when, and what left it: told by Dovecot's own log. It is read on as it
 * grows. Each worker process comes from an address of its own (from-address.ts), and so has a name here.
 */
import { type FileHandle, open } from 'node:fs/promises'

export interface Session {
  readonly user: string
  /** The address that the client came from. */
  readonly from: string
  readonly beganMs: number
  /** Undefined while it lasts. */
  endedMs: number | undefined
}

export interface Removal {
  readonly user: string
  /** With its angle brackets. */
  readonly messageId: string
  readonly atMs: number
}

/** Settings for dovecot.conf: instants to the microsecond, and each message that is removed. */
export const loginBookSettings = `
log_timestamp = "%Y-%m-%d %H:%M:%S.%{usecs} "
mail_plugins = $mail_plugins notify mail_log
plugin {
  mail_log_events = expunge
  mail_log_fields = msgid
}
`

const login =
  /^(\S+ \S+) (?:pop3|imap)-login: Info: Login: user=<([^>]*)>, .*\brip=([\d.]+), .*\bsession=<([^>]+)>/
const ofSession = /^(\S+ \S+) (?:pop3|imap)\(([^)]*)\)<\d+><([^>]+)>: Info: (.*)$/
const ending = /^(?:Disconnected|Connection closed|Logged out|Server shutting down)/
const expunge = /^expunge: .*\bmsgid=(<[^>]*>)/

/** Dovecot writes the time of this computer's zone. */
const toMs = (written: string): number =>
  Date.parse(written.replace(' ', 'T').slice(0, 23)) + Number(`0.${written.slice(23)}`)

export class LoginBook {
  readonly sessions: Session[] = []
  readonly removals: Removal[] = []
  /** Lines of warnings and errors. */
  readonly complaints: string[] = []
  readonly #file: string
  readonly #open = new Map<string, Session>()
  /** Sessions whose end was written before their login, which another process of Dovecot writes. */
  readonly #endedMs = new Map<string, number>()
  readonly #byUser = new Map<string, Session[]>()
  #handle: FileHandle | undefined
  #offset = 0
  #rest = ''

  /** @param file Dovecot's log */
  constructor(file: string) {
    this.#file = file
  }

  /** Reads what was written since. */
  async read(): Promise<void> {
    this.#handle ??= await open(this.#file)
    const chunk = Buffer.alloc(1 << 20)
    for (;;) {
      const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      const lines = (this.#rest + chunk.toString('latin1', 0, bytesRead)).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
  }

  /** In the order of their logins. */
  of(user: string): readonly Session[] {
    return this.#byUser.get(user) ?? []
  }

  #take(line: string): void {
    const begun = login.exec(line)
    if (begun !== null) {
      const [, at = '', user = '', from = '', id = ''] = begun
      const endedMs = this.#endedMs.get(id)
      const session: Session = { user, from, beganMs: Math.min(toMs(at), endedMs ?? Infinity), endedMs }
      this.sessions.push(session)
      if (endedMs === undefined) this.#open.set(id, session)
      this.#endedMs.delete(id)
      const ofUser = this.#byUser.get(user)
      if (ofUser === undefined) this.#byUser.set(user, [session])
      else ofUser.push(session)
      return
    }
    const [, at = '', user = '', id = '', said = ''] = ofSession.exec(line) ?? []
    const removed = expunge.exec(said)
    if (removed !== null) this.removals.push({ user, messageId: removed[1] ?? '', atMs: toMs(at) })
    if (ending.test(said)) {
      const session = this.#open.get(id)
      if (session === undefined) this.#endedMs.set(id, toMs(at))
      else session.endedMs = toMs(at)
      this.#open.delete(id)
    }
    if (/: (?:Warning|Error|Fatal|Panic): /.test(line)) this.complaints.push(line)
  }
}
