/** One connection to the IMAP stand-in: reads commands octet by octet, answers them, plays the faults. */
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import type { ImapFaults, ImapPlay, Pieces } from './imap-faults.ts'
import { ImapFolderCommands } from './imap-folder-commands.ts'
import type { ImapStore } from './imap-store.ts'
import { splitWords, type Word, wordText } from './imap-syntax.ts'
import { resetConnection } from './reset-connection.ts'
import { judgeToken, type TokenDesk } from './token-desk.ts'

export interface ImapWorld {
  readonly store: ImapStore
  readonly users: Readonly<Record<string, string>>
  readonly tokens: TokenDesk | undefined
  readonly capabilities: readonly string[]
  readonly faults: ImapFaults
  readonly tls: SecureContextOptions | undefined
}

/** Serves one accepted connection until it ends. */
export class ImapSession {
  readonly #world: ImapWorld
  readonly #number: number
  #socket: Socket
  #buffer = Buffer.alloc(0)
  #busy = false
  #dumb = false
  #idleTag: string | undefined
  #secure: boolean
  #in: boolean = false
  #commands: ImapFolderCommands
  #unsubscribe: () => void

  constructor(socket: Socket, number: number, world: ImapWorld, secure: boolean) {
    this.#world = world
    this.#number = number
    this.#socket = socket
    this.#secure = secure
    this.#commands = new ImapFolderCommands(world)
    this.#unsubscribe = world.store.onChange(() => this.#push())
    this.#listen()
    const play = this.#moment('GREETING', '')
    if (play !== undefined) this.#play(play, '*', [])
    else this.#send([`${world.faults.greeting ?? `* OK [CAPABILITY ${this.#capabilities()}] ready`}\r\n`])
  }

  get socket(): Socket {
    return this.#socket
  }

  #listen(): void {
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => this.#unsubscribe())
    this.#socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk])
      void this.#work()
    })
  }

  #capabilities(): string {
    const { capabilities, faults, tls } = this.#world
    if (this.#in) return (faults.capabilitiesAfterLogin ?? capabilities).join(' ')
    const offered =
      this.#secure || tls === undefined ? capabilities.filter(name => name !== 'STARTTLS') : capabilities
    return offered.join(' ')
  }

  #moment(verb: string, text: string): ImapPlay | undefined {
    return this.#world.faults.at?.({ verb, text, session: this.#number, folder: this.#commands.folder?.name })
  }

  /** Takes complete commands off the buffer, one after the other. */
  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      for (let command = this.#next(); command !== undefined; command = this.#next()) {
        if (!this.#dumb) await this.#handle(command.line, command.literals)
      }
    } finally {
      this.#busy = false
    }
  }

  /** The next whole command, its literals taken out (RFC 9051 section 4.3), or undefined while it is incomplete. */
  #next(): { line: string; literals: Buffer[] } | undefined {
    const literals: Buffer[] = []
    let line = ''
    let from = 0
    for (;;) {
      const end = this.#buffer.indexOf('\r\n', from)
      if (end === -1) return undefined
      line += this.#buffer.toString('latin1', from, end)
      const literal = /\{(\d+)(\+?)\}$/.exec(line)
      if (literal === null) {
        this.#buffer = this.#buffer.subarray(end + 2)
        return { line, literals }
      }
      const size = Number(literal[1])
      if (this.#buffer.length < end + 2 + size) {
        if (literal[2] === '' && this.#buffer.length === end + 2) this.#send(['+ go on\r\n'])
        return undefined
      }
      literals.push(Buffer.from(this.#buffer.subarray(end + 2, end + 2 + size)))
      line += '\r\n'
      from = end + 2 + size
    }
  }

  async #handle(line: string, literals: readonly Buffer[]): Promise<void> {
    const { store, faults } = this.#world
    if (this.#idleTag !== undefined) {
      // Dovecot ends the IDLE, and takes the line for an answer to it.
      if (line.toUpperCase() !== 'DONE') {
        store.ledger.commands.push({ session: this.#number, text: `in IDLE: ${line}`, atMs: Date.now() })
        const idling = this.#idleTag
        this.#idleTag = undefined
        return this.#send([`${idling} BAD Expected DONE.\r\n`])
      }
      const play = this.#moment('DONE', line)
      const tag = this.#idleTag
      this.#idleTag = undefined
      if (play !== undefined) return this.#play(play, tag, [`${tag} OK idle done\r\n`])
      return this.#send([...this.#commands.news(), `${tag} OK idle done\r\n`])
    }
    const [tag = '*', ...words] = splitWords(line, literals)
    const first = wordText(words[0]).toUpperCase()
    const verb = first === 'UID' ? `UID ${wordText(words[1]).toUpperCase()}` : first
    const args = words.slice(first === 'UID' ? 2 : 1)
    const text = first === 'LOGIN' || first === 'AUTHENTICATE' ? first : line.slice(line.indexOf(' ') + 1)
    store.ledger.commands.push({ session: this.#number, text, atMs: Date.now() })
    const play = this.#moment(verb, text)
    if (play !== undefined && ['silence', 'reset', 'end', 'bye', 'answer'].includes(play.do)) {
      return this.#play(play, wordText(tag), [])
    }
    // RFC 3501 section 4.3: eight-bit characters stand in literals alone, which are not in the line.
    if (verb === 'LOGIN' && /[\x80-\xff]/.test(line))
      return this.#send([`${wordText(tag)} BAD 8-bit data in a quoted string\r\n`])
    const answer = await this.#answer(wordText(tag), verb, args, play)
    if (play !== undefined && play.do !== 'body') return this.#play(play, wordText(tag), answer)
    this.#send(answer)
    if (verb === 'STARTTLS' && faults.injectedAfterStarttls === undefined) this.#upgrade()
    if (verb === 'LOGOUT') this.#socket.end()
  }

  async #answer(
    tag: string,
    verb: string,
    args: readonly Word[],
    play: ImapPlay | undefined,
  ): Promise<Pieces> {
    const { faults } = this.#world
    switch (verb) {
      case 'CAPABILITY':
        return [`* CAPABILITY ${this.#capabilities()}\r\n`, `${tag} OK done\r\n`]
      case 'LOGOUT':
        return ['* BYE until later\r\n', `${tag} OK bye\r\n`]
      case 'STARTTLS':
        if (this.#world.tls === undefined || this.#secure) return [`${tag} BAD no TLS here\r\n`]
        return [`${tag} OK begin TLS\r\n${faults.injectedAfterStarttls ?? ''}`]
      case 'LOGIN':
        return this.#login(tag, wordText(args[0]), wordText(args[1]))
      case 'AUTHENTICATE':
        return this.#authenticate(tag, args)
      case 'IDLE':
        this.#idleTag = tag
        return ['+ idling\r\n', ...this.#commands.news()]
      default:
        return this.#commands.answer(tag, verb, args, play?.do === 'body' ? play.as : undefined)
    }
  }

  async #authenticate(tag: string, args: readonly Word[]): Promise<Pieces> {
    const mechanism = wordText(args[0]).toUpperCase()
    const { tokens, store } = this.#world
    if (tokens !== undefined && ['OAUTHBEARER', 'XOAUTH2'].includes(mechanism)) {
      const { user, isGood } = await judgeToken(tokens, mechanism, wordText(args[1]), challenge =>
        this.#challenge(challenge),
      )
      if (isGood) return this.#letIn(tag, user)
      store.ledger.failedLogins.push({ user, atMs: Date.now() })
      return [`${tag} NO ${tokens.refusal ?? '[AUTHENTICATIONFAILED] Invalid credentials (Failure)'}\r\n`]
    }
    if (mechanism !== 'PLAIN') return [`${tag} NO no such mechanism\r\n`]
    const sent = wordText(args[1]) || (await this.#challenge(''))
    if (this.#socket.destroyed) return []
    const [, user = '', password = ''] = Buffer.from(sent, 'base64').toString('utf8').split('\0')
    return this.#login(tag, user, password)
  }

  /** Sends a challenge and reads the line that answers it; '' where the connection ended instead. */
  async #challenge(words: string): Promise<string> {
    this.#send([`+ ${words}\r\n`])
    while (!this.#buffer.includes('\r\n')) {
      await new Promise<void>(resolve =>
        this.#socket.once('data', () => setImmediate(resolve)).once('close', resolve),
      )
      if (this.#socket.destroyed) return ''
    }
    const end = this.#buffer.indexOf('\r\n')
    const line = this.#buffer.toString('latin1', 0, end)
    this.#buffer = this.#buffer.subarray(end + 2)
    return line
  }

  #login(tag: string, user: string, password: string): Pieces {
    const { store, users } = this.#world
    if (!Object.hasOwn(users, user) || users[user] !== password) {
      store.ledger.failedLogins.push({ user, atMs: Date.now() })
      return [`${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`]
    }
    return this.#letIn(tag, user)
  }

  #letIn(tag: string, user: string): Pieces {
    const { ledger } = this.#world.store
    const beganMs = Date.now()
    ledger.logins.push({ user, atMs: beganMs })
    const session: (typeof ledger.sessions)[number] = {
      ...{ user, from: this.#socket.remoteAddress ?? '', beganMs },
      endedMs: undefined,
    }
    ledger.sessions.push(session)
    this.#socket.on('close', () => {
      session.endedMs = Date.now()
    })
    this.#in = true
    return [`${tag} OK logged in\r\n`]
  }

  /** New mail reaches a client that idles at once (RFC 2177). */
  #push(): void {
    if (this.#idleTag === undefined || this.#dumb || this.#world.faults.mutePushes) return
    const others = this.#world.faults.muteOthers ? [] : this.#commands.others()
    this.#send([...this.#commands.news(), ...others])
  }

  #upgrade(): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    this.#buffer = Buffer.alloc(0)
    const secureContext = createSecureContext(this.#world.tls ?? {})
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext })
    this.#secure = true
    this.#listen()
  }

  #send(pieces: Pieces): void {
    const socket = this.#socket
    if (socket.writableEnded || socket.destroyed) return
    socket.cork()
    for (const piece of pieces) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)
    socket.uncork()
  }

  #stop(how: 'reset' | 'end' | 'silence'): void {
    this.#dumb = true
    if (how === 'reset') resetConnection(this.#socket)
    if (how === 'end') this.#socket.end()
  }

  #play(play: ImapPlay, tag: string, answer: Pieces): void {
    switch (play.do) {
      case 'silence':
      case 'reset':
      case 'end':
        this.#stop(play.do)
        break
      case 'bye':
        this.#send([`* BYE ${play.text}\r\n`])
        this.#stop('end')
        break
      case 'answer':
        this.#send(
          play.pieces.map(piece => (typeof piece === 'string' ? piece.replaceAll('{tag}', tag) : piece)),
        )
        break
      case 'before':
        this.#send([...play.pieces, ...answer])
        break
      case 'after':
        this.#send([...answer.slice(0, -1), ...play.pieces, ...answer.slice(-1)])
        break
      case 'body':
        this.#send(answer)
        break
      case 'cut': {
        const whole = Buffer.concat(answer.map(piece => Buffer.from(piece)))
        const literal = play.of === 'answer' ? 0 : whole.indexOf('}\r\n') + 3
        this.#dumb = true
        // A reset drops what the peer has not read yet: give the octets time to be on their way.
        this.#socket.write(whole.subarray(0, literal + play.at), () =>
          setTimeout(() => this.#stop(play.ending), 20).unref(),
        )
        break
      }
      case 'trickle':
        this.#trickle(Buffer.concat(answer.map(piece => Buffer.from(piece))), play.octets, play.everyMs)
    }
  }

  #trickle(answer: Buffer, octets: number, everyMs: number): void {
    let at = 0
    const timer = setInterval(() => {
      if (this.#socket.destroyed || at >= answer.length) clearInterval(timer)
      else this.#socket.write(answer.subarray(at, at + octets))
      at += octets
    }, everyMs)
    timer.unref()
  }
}
