/** One connection of the POP3 stand-in. Lines are answered strictly in order, one at a time. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Cut, Fate, Maildrop, Pop3Faults, Pop3Ledger, StoredMessage } from './pop3-maildrop.ts'
import { stuff } from './pop3-maildrop.ts'
import { resetConnection } from './reset-connection.ts'
import { judgeToken, type TokenDesk } from './token-desk.ts'

export interface Shared {
  readonly maildrop: Maildrop
  readonly faults: Pop3Faults
  readonly ledger: Pop3Ledger
  readonly changed: () => void
  readonly lock: { holder: unknown }
  readonly users: ReadonlyMap<string, string>
  readonly capabilities: readonly string[]
  readonly logins: readonly string[]
  readonly tokens: TokenDesk | undefined
  readonly tlsContext: SecureContext | undefined
  readonly implicitTls: boolean
}

const hangingUp = Symbol('the connection was cut on purpose')

export class Pop3ServerSession {
  readonly #plain: Socket
  readonly #number: number
  readonly #shared: Shared
  readonly #banner: string
  #socket: Socket
  #input = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #ended = false
  #index = 0
  #secured: boolean
  #utf8 = false
  #user = ''
  #maildrop: StoredMessage[] | undefined
  readonly #marked = new Set<StoredMessage>()

  constructor(socket: Socket, number: number, shared: Shared) {
    this.#plain = socket
    this.#socket = socket
    this.#number = number
    this.#shared = shared
    this.#secured = shared.implicitTls
    this.#banner = `<${process.pid}.${number}.${Date.now()}@stand-in>`
  }

  start(): void {
    if (this.#shared.implicitTls) this.#wrap()
    else this.#listen()
    this.#serve().catch(error => {
      if (error !== hangingUp) this.#plain.destroy()
    })
  }

  #listen(): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('end', this.#onEnd)
    this.#plain.on('close', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#input = Buffer.concat([this.#input, chunk])
    this.#wake?.()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#shared.lock.holder === this) this.#shared.lock.holder = undefined
    this.#wake?.()
  }

  #wrap(): void {
    this.#socket.removeListener('data', this.#onData)
    this.#socket.removeListener('end', this.#onEnd)
    const context = this.#shared.tlsContext
    if (context === undefined) throw new Error('the stand-in has no certificate')
    this.#socket = new TLSSocket(this.#plain, { isServer: true, secureContext: context })
    this.#socket.on('error', () => this.#plain.destroy())
    this.#secured = true
    this.#listen()
  }

  async #serve(): Promise<void> {
    const stamp = this.#shared.logins.includes('APOP') ? ` ${this.#banner}` : ''
    await this.#answer('CONNECT', '', async () => {
      await this.#say(this.#shared.faults.greeting ?? `+OK stand-in ready${stamp}`)
    })
    for (;;) {
      const line = await this.#readLine()
      if (line === undefined) break
      const verb = (line.split(' ')[0] ?? '').toUpperCase()
      this.#shared.ledger.commands.push(/^(PASS|AUTH \S+) /i.test(line) ? `${line.split(' ')[0]} ***` : line)
      this.#shared.changed()
      await this.#answer(verb, line, () => this.#obey(verb, line))
      if (this.#shared.faults.dropsPipelined) this.#input = Buffer.alloc(0)
      if (verb === 'QUIT') break
    }
    // After a refused handshake end() would wait for ever for octets that TLS never let go.
    if (this.#ended) this.#plain.destroy()
    else this.#socket.end()
  }

  async #answer(verb: string, line: string, usual: () => Promise<void>): Promise<void> {
    const event = { verb, line, connection: this.#number, index: this.#index }
    this.#index += 1
    const fate: Fate = this.#shared.faults.line?.(event)
    if (typeof fate === 'string') await this.#cut(fate)
    else if (fate !== undefined && 'answer' in fate) {
      const { answer, after } = fate
      await this.#write(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer)
      if (after !== undefined) await this.#cut(after)
    } else {
      await usual()
      if (fate !== undefined) await this.#cut(fate.after)
    }
  }

  /** Never returns: the session ends here, or stays silent until the client goes. */
  async #cut(how: Cut): Promise<never> {
    if (how === 'rst') resetConnection(this.#socket, this.#plain)
    else if (how === 'fin') this.#plain.end()
    // Silence still reads, so that the client's own end is noticed.
    this.#socket.resume()
    throw hangingUp
  }

  async #readLine(): Promise<string | undefined> {
    for (;;) {
      const end = this.#input.indexOf(0x0a)
      if (end >= 0) {
        const line = this.#input.subarray(0, end).toString('latin1').replace(/\r$/, '')
        this.#input = this.#input.subarray(end + 1)
        return line
      }
      if (this.#ended) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async #write(octets: Buffer): Promise<void> {
    const { chunk = octets.length, chunkDelayMs } = this.#shared.faults
    for (let at = 0; at < octets.length; at += chunk) {
      if (this.#ended) return
      const room = this.#socket.write(octets.subarray(at, at + chunk))
      if (chunkDelayMs !== undefined) await new Promise(resolve => setTimeout(resolve, chunkDelayMs))
      else if (chunk < octets.length) await new Promise(resolve => setImmediate(resolve))
      if (!room && !this.#ended) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
          this.#socket.once('drain', resolve)
        })
      }
    }
  }

  #say(line: string): Promise<void> {
    return this.#write(Buffer.from(`${line}\r\n`, 'latin1'))
  }

  async #obey(verb: string, line: string): Promise<void> {
    const { faults } = this.#shared
    const rest = line.slice(verb.length + 1)
    switch (verb) {
      case 'CAPA':
        return this.#capa()
      case 'NOOP':
        return this.#say('+OK')
      case 'UTF8':
        if (!this.#shared.capabilities.some(one => /^UTF8\b/i.test(one)))
          return this.#say('-ERR Unknown command.')
        this.#utf8 = true
        return this.#say('+OK UTF8 enabled')
      case 'STLS':
        if (this.#shared.tlsContext === undefined || this.#secured) return this.#say('-ERR Unknown command.')
        await this.#write(Buffer.from(`+OK Begin TLS negotiation now.\r\n${faults.stlsInjection ?? ''}`))
        return this.#wrap()
      case 'USER':
        if (!this.#shared.logins.includes('USER')) return this.#say('-ERR Unknown command.')
        this.#user = rest
        return this.#say('+OK')
      case 'PASS':
        return this.#login(this.#user, this.#shared.users.get(this.#user) === rest)
      case 'APOP': {
        if (!this.#shared.logins.includes('APOP')) return this.#say('-ERR Unknown command.')
        const [user = '', digest] = rest.split(' ')
        const secret = this.#shared.users.get(user)
        const right = createHash('md5').update(`${this.#banner}${secret}`, 'utf8').digest('hex')
        return this.#login(user, secret !== undefined && digest === right)
      }
      case 'AUTH':
        return /^(OAUTHBEARER|XOAUTH2)\b/i.test(rest) ? this.#authByToken(rest) : this.#authPlain(rest)
      case 'QUIT':
        return this.#quit()
      default:
        if (this.#maildrop === undefined) return this.#say('-ERR Unknown command.')
        return this.#transaction(verb, rest, this.#maildrop)
    }
  }

  async #capa(): Promise<void> {
    const { faults, capabilities, tlsContext } = this.#shared
    if (faults.capa === 'none') return this.#say('-ERR Unknown command.')
    if (faults.capa === 'hang') return this.#cut('silence')
    if (faults.capa === 'hang-up') return this.#cut('fin')
    if (faults.capa === 'garbage') return this.#say('+OK\r\n\x00\x1b[31m\r\n \r\nTOP TOP\r\n.')
    const stls = tlsContext !== undefined && !this.#secured ? ['STLS'] : []
    return this.#say(['+OK Capability list follows', ...capabilities, ...stls, '.'].join('\r\n'))
  }

  async #authPlain(rest: string): Promise<void> {
    if (!this.#shared.logins.includes('PLAIN') || !/^PLAIN\b/i.test(rest))
      return this.#say('-ERR Unknown mechanism.')
    let initial = rest.slice('PLAIN '.length)
    if (initial === '') {
      await this.#say('+ ')
      initial = (await this.#readLine()) ?? ''
    }
    const [, user = '', secret] = Buffer.from(initial, 'base64').toString('utf8').split('\0')
    return this.#login(user, this.#shared.users.get(user) === secret)
  }

  async #authByToken(rest: string): Promise<void> {
    const { tokens, ledger } = this.#shared
    if (tokens === undefined) return this.#say('-ERR Unknown mechanism.')
    if (`AUTH ${rest}\r\n`.length > (tokens.longestLine ?? Infinity)) {
      await this.#say('-ERR Protocol error. Connection is closed. 10')
      return this.#cut('fin')
    }
    const [mechanism = '', initial = ''] = rest.split(' ')
    const ask = async (challenge: string): Promise<string> => {
      await this.#say(`+ ${challenge}`)
      return (await this.#readLine()) ?? ''
    }
    const { user, isGood } = await judgeToken(tokens, mechanism.toUpperCase(), initial, ask)
    if (isGood) return this.#login(user, true)
    ledger.failedLogins.push({ user, at: Date.now() })
    this.#shared.changed()
    return this.#say(tokens.refusal ?? '-ERR [AUTH] Username and password not accepted.')
  }

  async #login(user: string, right: boolean): Promise<void> {
    const { faults, ledger, lock } = this.#shared
    const taken = faults.lock === true && lock.holder !== undefined
    const refusal =
      faults.login ??
      (right ? undefined : '-ERR [AUTH] Authentication failed.') ??
      (taken ? '-ERR [IN-USE] Maildrop is locked by another session.' : undefined)
    ledger[refusal === undefined ? 'logins' : 'failedLogins'].push({ user, at: Date.now() })
    this.#shared.changed()
    if (refusal !== undefined) return this.#say(refusal)
    lock.holder = this
    this.#maildrop = [...this.#shared.maildrop.messages]
    return this.#say('+OK Logged in.')
  }

  async #transaction(verb: string, rest: string, maildrop: StoredMessage[]): Promise<void> {
    const { faults } = this.#shared
    const [which = ''] = rest.split(' ')
    const message = maildrop[Number(which) - 1]
    const live = maildrop.map((one, at) => ({ one, n: at + 1 })).filter(({ one }) => !this.#marked.has(one))
    if (verb === 'STAT')
      return this.#say(`+OK ${live.length} ${live.reduce((sum, { one }) => sum + one.octets.length, 0)}`)
    if (verb === 'RSET') {
      this.#marked.clear()
      return this.#say('+OK')
    }
    if (verb === 'LIST' || verb === 'UIDL') {
      if (verb === 'UIDL' && faults.noUidl) return this.#say('-ERR Unknown command.')
      const lines = live.flatMap(({ one, n }) => {
        const what = verb === 'UIDL' ? this.#uidl(one) : this.#size(one)
        return what === undefined ? [] : [Buffer.from(`${n} `), what, Buffer.from('\r\n')]
      })
      return this.#write(Buffer.concat([Buffer.from('+OK\r\n'), ...lines, Buffer.from('.\r\n')]))
    }
    if (!['RETR', 'TOP', 'DELE'].includes(verb)) return this.#say('-ERR Unknown command.')
    if (message === undefined || this.#marked.has(message)) return this.#say(`-ERR No such message: ${which}`)
    if (!this.#shared.maildrop.messages.includes(message)) return this.#say(`-ERR Message ${which} expunged.`)
    if (verb === 'DELE') {
      this.#marked.add(message)
      return this.#say('+OK Marked to be deleted.')
    }
    return verb === 'TOP' ? this.#top(message) : this.#retr(message)
  }

  #uidl(message: StoredMessage): Buffer | undefined {
    const uidl = this.#shared.faults.uidl ? this.#shared.faults.uidl(message) : message.uidl
    return typeof uidl === 'string' ? Buffer.from(uidl, 'latin1') : uidl
  }

  #size(message: StoredMessage): Buffer | undefined {
    const size = this.#shared.faults.size ? this.#shared.faults.size(message) : String(message.octets.length)
    return size === undefined ? undefined : Buffer.from(size, 'latin1')
  }

  async #retr(message: StoredMessage): Promise<void> {
    const { faults, ledger, changed } = this.#shared
    const octets = message.octets.subarray(0, faults.truncate?.(message))
    const notice = Buffer.from('Subject: [this message needs UTF8]\r\n\r\nIt cannot be shown to you.\r\n')
    const body = stuff(faults.needsUtf8 && !this.#utf8 && eightBitHeader(octets) ? notice : octets)
    const status = Buffer.from(`+OK ${message.octets.length} octets\r\n`)
    const right = Buffer.concat([status, body])
    if (faults.retrCut !== undefined && faults.retrCut.at < body.length) {
      await this.#write(right.subarray(0, status.length + faults.retrCut.at))
      await this.#flushed()
      return this.#cut(faults.retrCut.how)
    }
    await this.#write(faults.retr?.(message, right) ?? right)
    ledger.retrieved.push({ uidl: message.uidl, sha256: message.sha256, at: Date.now() })
    changed()
  }

  async #top(message: StoredMessage): Promise<void> {
    const blank = message.octets.indexOf('\r\n\r\n')
    const header = blank < 0 ? message.octets : message.octets.subarray(0, blank + 4)
    const right = Buffer.concat([Buffer.from('+OK\r\n'), stuff(header)])
    await this.#write(this.#shared.faults.top?.(message, right) ?? right)
  }

  /** So that octets written before a RST are on their way; a RST may still overtake them, as in life. */
  #flushed(): Promise<void> {
    return new Promise(resolve => {
      this.#socket.write(Buffer.alloc(0), () => resolve())
    })
  }

  async #quit(): Promise<void> {
    const { faults, ledger, maildrop, changed } = this.#shared
    if (faults.quit !== undefined) return this.#say(faults.quit)
    // RFC 1939 section 6: the UPDATE state, and only here, removes what DELE marked.
    for (const message of this.#marked) {
      if (faults.readOnly || !maildrop.remove(message)) continue
      ledger.deleted.push({ uidl: message.uidl, sha256: message.sha256, at: Date.now() })
    }
    if (this.#shared.lock.holder === this) this.#shared.lock.holder = undefined
    changed()
    await this.#say('+OK Logging out.')
  }
}

function eightBitHeader(octets: Buffer): boolean {
  const blank = octets.indexOf('\r\n\r\n')
  return octets.subarray(0, blank < 0 ? octets.length : blank).some(octet => octet > 0x7f)
}
