/**
 * Who was logged in to which mailbox, and what left it: told by Dovecot's own log, which is read on as it grows; from when to
 * when by what stood on the wire. Each worker process comes from an address of its own (from-address.ts), and so has a
 * name here.
 */
import { type FileHandle, open } from 'node:fs/promises'
import type { WireBook } from './wire-book.ts'

export interface Session {
  readonly user: string
  /** The address that the client came from. */
  readonly from: string
  /** Its connection was opened, ms. */
  readonly openedMs: number
  /** It was logged in. */
  readonly beganMs: number
  /** The first side closed its connection; undefined while it lasts. */
  readonly endedMs: number | undefined
}

export interface Removal {
  readonly user: string
  /** With its angle brackets. */
  readonly messageId: string
  readonly atMs: number
}

/** Settings for dovecot.conf: instants to the microsecond, and each message that is removed. */
export const loginBookSettings = `
login_log_format_elements = user=<%u> rip=%r rport=%{rport} mpid=%e %c session=<%{session}>
log_timestamp = "%Y-%m-%d %H:%M:%S.%{usecs} "
mail_plugins = $mail_plugins notify mail_log
plugin {
  mail_log_events = expunge
  mail_log_fields = msgid
}
`

const login = /^(\S+ \S+) (?:pop3|imap)-login: Info: Login: user=<([^>]*)>, rip=([\d.]+), rport=(\d+), /
const ofSession = /^(\S+ \S+) (?:pop3|imap)\(([^)]*)\)<\d+><[^>]+>: Info: (.*)$/
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
  readonly #wire: WireBook
  readonly #byUser = new Map<string, Session[]>()
  #handle: FileHandle | undefined
  #offset = 0
  #rest = ''

  /** @param file Dovecot's log */
  constructor(file: string, wire: WireBook) {
    this.#file = file
    this.#wire = wire
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
      const [, at = '', user = '', from = '', port = ''] = begun
      const beganMs = toMs(at)
      const connection = this.#wire.find(from, Number(port), beganMs)
      if (connection === undefined)
        throw new Error(`nobody saw the connection of ${user} from ${from} ${port}`)
      const session: Session = {
        ...{ user, from, beganMs, openedMs: connection.openedMs },
        get endedMs() {
          return connection.closedMs
        },
      }
      this.sessions.push(session)
      const ofUser = this.#byUser.get(user)
      if (ofUser === undefined) this.#byUser.set(user, [session])
      else ofUser.push(session)
      return
    }
    const [, at = '', user = '', said = ''] = ofSession.exec(line) ?? []
    const removed = expunge.exec(said)
    if (removed !== null) this.removals.push({ user, messageId: removed[1] ?? '', atMs: toMs(at) })
    if (/: (?:Warning|Error|Fatal|Panic): /.test(line)) this.complaints.push(line)
  }
}
