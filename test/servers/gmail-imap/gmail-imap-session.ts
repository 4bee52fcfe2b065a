/** One connection to the stand-in: reads commands and literals as they come, answers them, plays what was asked for. */
import type { Socket } from 'node:net'
import { dateTime, fetchItems, quote, splitWords, type Word, wordText } from '../imap-syntax.ts'
import { resetConnection } from '../reset-connection.ts'
import type { GmailImapPlay, GmailImapWorld } from './gmail-imap-server.ts'
import type { GmailImapMessage, View } from './mail.ts'
import { fromUtf7, toUtf7 } from './utf7.ts'

interface Incoming {
  readonly tag: string
  readonly line: string
  readonly verb: string
  readonly play: GmailImapPlay | undefined
  /** Octets of the literal that are still to come. */
  left: number
  readonly size: number
  readonly chunks: Buffer[]
  readonly pushed: boolean
}

const verbOf = (line: string): string => {
  const [, first = '', second = ''] = /^\S+ +(\S+)(?: +(\S+))?/.exec(line) ?? []
  return first.toUpperCase() === 'UID' ? `UID ${second.toUpperCase()}` : first.toUpperCase()
}

export class GmailImapSession {
  readonly #socket: Socket
  readonly #number: number
  readonly #world: GmailImapWorld
  #line = Buffer.alloc(0)
  #incoming: Incoming | undefined
  #mute = false
  #in = false
  #authTag: string | undefined
  #view: View | undefined

  constructor(socket: Socket, number: number, world: GmailImapWorld) {
    this.#socket = socket
    this.#number = number
    this.#world = world
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => this.#take(chunk))
    const play = world.options.at?.({ verb: 'GREETING', text: '', session: number })
    if (play === undefined) this.#send('* OK Gimap ready for requests from 127.0.0.1 k2if6111336rvb')
    else this.#play(play, '*')
  }

  #send(...lines: (string | Buffer)[]): void {
    if (this.#mute || this.#socket.destroyed) return
    this.#socket.cork()
    for (const line of lines) this.#socket.write(typeof line === 'string' ? `${line}\r\n` : line)
    this.#socket.uncork()
  }

  #take(given: Buffer): void {
    let chunk = given
    while (chunk.length > 0 && !this.#mute) {
      if (this.#incoming !== undefined && this.#incoming.left > 0) {
        chunk = this.#takeLiteral(this.#incoming, chunk)
        continue
      }
      const end = chunk.indexOf(0x0a)
      this.#line = Buffer.concat([this.#line, end < 0 ? chunk : chunk.subarray(0, end + 1)])
      if (end < 0) return
      chunk = chunk.subarray(end + 1)
      const line = this.#line.toString('latin1').replace(/\r?\n$/, '')
      this.#line = Buffer.alloc(0)
      this.#takeLine(line)
    }
  }

  #takeLiteral(incoming: Incoming, chunk: Buffer): Buffer {
    const piece = chunk.subarray(0, incoming.left)
    incoming.chunks.push(Buffer.from(piece))
    incoming.left -= piece.length
    const { play } = incoming
    const before = incoming.size - incoming.left - piece.length
    if (play?.do === 'answer-amid' && before < play.octets && before + piece.length >= play.octets)
      this.#send(play.line.replaceAll('{tag}', incoming.tag))
    if (play?.do === 'cut-amid' && incoming.size - incoming.left >= play.octets) {
      this.#mute = true
      resetConnection(this.#socket)
    }
    return chunk.subarray(piece.length)
  }

  #takeLine(line: string): void {
    if (this.#authTag !== undefined) {
      const tag = this.#authTag
      this.#authTag = undefined
      this.#authenticate(tag, line)
      return
    }
    const before = this.#incoming
    if (before !== undefined) {
      this.#incoming = undefined
      // What comes behind the literal ends the command, or is more of it.
      this.#handle(before, line)
      return
    }
    const [tag = '*'] = line.split(' ', 1)
    const verb = verbOf(line)
    const text = verb === 'LOGIN' || verb === 'AUTHENTICATE' ? verb : line.slice(tag.length + 1)
    this.#world.ledger.commands.push({ session: this.#number, text })
    const play = this.#world.options.at?.({ verb, text, session: this.#number })
    if (play !== undefined && ['answer', 'bye', 'cut', 'silence'].includes(play.do)) {
      // Octets of a literal that was pushed are no command.
      const pushed = /\{(\d+)\+\}$/.exec(line)?.[1]
      if (pushed !== undefined && play.do === 'answer')
        this.#incoming = {
          tag,
          line,
          verb,
          play,
          left: Number(pushed),
          size: Number(pushed),
          chunks: [],
          pushed: true,
        }
      else this.#play(play, tag)
      return
    }
    const [, digits, plus] = /\{(\d+)(\+?)\}$/.exec(line) ?? []
    if (digits === undefined) {
      this.#handle({ tag, line, verb, play, left: 0, size: 0, chunks: [], pushed: false }, '')
      return
    }
    const size = Number(digits)
    const { capabilities, bugs } = this.#world
    if (
      plus === '+' &&
      !capabilities.includes('LITERAL+') &&
      (size > 4096 || !capabilities.includes('LITERAL-'))
    )
      bugs.push(`a literal of ${size} octets was pushed`)
    const refusal = verb === 'APPEND' && plus === '' ? this.#refusalOfAppend(size) : undefined
    if (refusal !== undefined) {
      this.#send(`${tag} ${refusal}`)
      return
    }
    this.#incoming = { tag, line, verb, play, left: size, size, chunks: [], pushed: plus === '+' }
    if (plus === '') this.#send('+ go ahead')
  }

  #refusalOfAppend(size: number): string | undefined {
    const { capabilities, options, mail } = this.#world
    const limit = Number(
      capabilities.map(name => /^APPENDLIMIT=(\d+)$/.exec(name)?.[1]).find(Boolean) ?? Infinity,
    )
    if (size > limit) return 'NO [TOOBIG] Message exceeds the maximum message size (Failure)'
    const stored = mail.messages.reduce((sum, { octets }) => sum + octets.length, 0)
    if (stored + size > (options.storageOctets ?? Infinity))
      return 'NO [OVERQUOTA] The account is out of storage (Failure)'
    return undefined
  }

  #play(play: GmailImapPlay, tag: string): void {
    switch (play.do) {
      case 'answer':
      case 'refuse':
      case 'done-then':
        this.#send(play.line.replaceAll('{tag}', tag))
        break
      case 'bye':
        this.#send(`* BYE ${play.words}`)
        this.#mute = true
        this.#socket.end()
        break
      case 'cut':
      case 'done-then-cut':
        this.#mute = true
        resetConnection(this.#socket)
        break
      case 'silence':
      case 'done-then-silence':
        this.#mute = true
        break
      case 'answer-amid':
      case 'cut-amid':
    }
  }

  #handle({ tag, line, verb, play, chunks, size, pushed }: Incoming, rest: string): void {
    if (play?.do === 'answer-amid') return
    if (play?.do === 'refuse' || play?.do === 'answer') {
      this.#play(play, tag)
      return
    }
    const literal = size > 0 || chunks.length > 0 ? [Buffer.concat(chunks)] : []
    if (verb !== 'APPEND' && literal.some(octets => octets.includes(0)))
      this.#world.bugs.push('NUL in a literal')
    const [, ...words] = splitWords(literal.length > 0 ? `${line}\r\n${rest}` : line, literal)
    const args = words.slice(verb.startsWith('UID ') ? 2 : 1)
    const answer = this.#answer(tag, verb, args, pushed, /\{0\+?\}$/.test(line) ? [Buffer.alloc(0)] : literal)
    if (play !== undefined) {
      this.#play(play, tag)
      return
    }
    this.#send(...answer)
    if (verb === 'LOGOUT') this.#socket.end()
  }

  #answer(
    tag: string,
    verb: string,
    args: readonly Word[],
    pushed: boolean,
    literal: readonly Buffer[],
  ): readonly (string | Buffer)[] {
    const { capabilities, mail, options } = this.#world
    const ok = `${tag} OK Success`
    switch (verb) {
      case 'CAPABILITY':
        return [`* CAPABILITY ${this.#in ? capabilities.join(' ') : 'IMAP4rev1 ID AUTH=PLAIN SASL-IR'}`, ok]
      case 'ID':
        return ['* ID ("name" "GImap" "vendor" "Google, Inc.")', ok]
      case 'LOGOUT':
        return ['* BYE LOGOUT Requested', `${tag} OK 73 good day (Success)`]
      case 'NOOP':
        return [...this.#exists(), ok]
      case 'LOGIN':
        return [this.#login(tag, wordText(args[0]), wordText(args[1]))]
      case 'AUTHENTICATE':
        if (args[1] !== undefined) this.#authenticate(tag, wordText(args[1]))
        else {
          this.#authTag = tag
          this.#send('+ ')
        }
        return []
    }
    if (!this.#in) return [`${tag} BAD not logged in`]
    switch (verb) {
      case 'LIST':
        return [
          ...[...mail.views.values()].map(
            ({ name, attributes }) => `* LIST (${attributes.join(' ')}) "/" ${quote(toUtf7(name))}`,
          ),
          ok,
        ]
      case 'CREATE':
        return [this.#create(tag, fromUtf7(wordText(args[0])))]
      case 'SELECT':
      case 'EXAMINE': {
        const view = mail.find(fromUtf7(wordText(args[0])))
        this.#view = undefined
        if (view === undefined || view.attributes.includes('\\Noselect'))
          return [`${tag} NO [NONEXISTENT] Unknown Mailbox: ${wordText(args[0])} (Failure)`]
        this.#view = view
        return [
          '* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen)',
          `* OK [UIDVALIDITY ${view.validity}] UIDs valid.`,
          ...this.#exists(),
          `* OK [UIDNEXT ${view.uidNext}] Predicted next UID.`,
          `${tag} OK [READ-WRITE] ${view.name === 'INBOX' ? 'INBOX' : 'folder'} selected. (Success)`,
        ]
      }
      case 'APPEND':
        return [this.#append(tag, args, pushed, literal)]
      case 'GETQUOTAROOT': {
        const used = mail.messages.reduce((sum, { octets }) => sum + octets.length, 0)
        const limit = options.storageOctets ?? 15 * 2 ** 30
        return [
          '* QUOTAROOT "INBOX" ""',
          `* QUOTA "" (STORAGE ${Math.ceil(used / 1024)} ${Math.ceil(limit / 1024)})`,
          ok,
        ]
      }
    }
    const view = this.#view
    if (view === undefined) return [`${tag} BAD Unknown command or no folder selected`]
    switch (verb) {
      case 'UID SEARCH':
        return this.#search(tag, args, view)
      case 'UID FETCH':
        return [...this.#fetch(args, view), ok]
      case 'UID STORE':
        return [this.#store(tag, args, view)]
    }
    return [`${tag} BAD Unknown command`]
  }

  #exists(): string[] {
    return this.#view === undefined ? [] : [`* ${this.#world.mail.in(this.#view).length} EXISTS`]
  }

  #authenticate(tag: string, base64: string): void {
    const [, user = '', password = ''] = Buffer.from(base64, 'base64').toString('utf8').split('\0')
    this.#send(this.#login(tag, user, password))
  }

  #login(tag: string, user: string, password: string): string {
    const { options, ledger, capabilities } = this.#world
    if (user === options.user && password === options.password) {
      ledger.logins.push(user)
      this.#in = true
      return `* CAPABILITY ${capabilities.join(' ')}\r\n${tag} OK ${user} authenticated (Success)`
    }
    ledger.refusedLogins.push(user)
    if (user === options.user && password === options.ordinaryPassword)
      return `${tag} NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)`
    return `${tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)`
  }

  #create(tag: string, name: string): string {
    const { mail } = this.#world
    if (
      /^\[(Gmail|Google Mail)\]/i.test(name) ||
      /^(inbox|sent|drafts|spam|trash|starred|important|chats?)$/i.test(name)
    )
      return `${tag} NO [CANNOT] Invalid folder name ${toUtf7(name)} (Failure)`
    if (mail.find(name) !== undefined)
      return `${tag} NO [ALREADYEXISTS] Duplicate folder name ${toUtf7(name)} (Failure)`
    mail.addLabel(name)
    return `${tag} OK Success`
  }

  #append(tag: string, args: readonly Word[], pushed: boolean, [octets]: readonly Buffer[]): string {
    const { mail, ledger, bugs, capabilities } = this.#world
    const view = mail.find(fromUtf7(wordText(args[0])))
    if (octets === undefined) return `${tag} BAD Could not parse command`
    if (octets.includes(0)) {
      bugs.push('NUL in a message')
      return `${tag} BAD Could not parse command`
    }
    const refusal = this.#refusalOfAppend(octets.length)
    if (refusal !== undefined) return `${tag} ${refusal}`
    if (view === undefined)
      return `${tag} NO [TRYCREATE] Folder ${wordText(args[0])} doesn't exist. (Failure)`
    const flags = splitWords(
      wordText(args.find(word => typeof word === 'string' && word.startsWith('('))).replace(/[()]/g, ' '),
      [],
    ).map(wordText)
    const dateWord = args
      .slice(1)
      .map(wordText)
      .find(word => /^[ \d]\d-[A-Z][a-z]{2}-\d{4} /.test(word))
    const date =
      dateWord === undefined
        ? new Date()
        : new Date(
            dateWord
              .trim()
              .replaceAll('-', ' ')
              .replace(/ (\d{4})$/, ' +$1'),
          )
    const message = mail.append(view, octets, flags, date)
    ledger.appended.push({ sha256: message.sha256, folder: view.name, atMs: Date.now(), pushed })
    const where = capabilities.includes('UIDPLUS')
      ? `[APPENDUID ${view.validity} ${view.uids.get(message.id)}] `
      : ''
    return `${tag} OK ${where}(Success)`
  }

  #search(tag: string, args: readonly Word[], view: View): readonly string[] {
    const { mail, capabilities } = this.#world
    let found = mail.in(view)
    const words = args.map(wordText)
    const isGmail = capabilities.includes('X-GM-EXT-1')
    for (let at = 0; at < words.length; at += 1) {
      const key = words[at]?.toUpperCase()
      const value = words[at + 1] ?? ''
      let keep: (message: GmailImapMessage) => boolean
      if (key === 'X-GM-RAW' && isGmail) {
        const [, id] = /^rfc822msgid:(\S+)$/.exec(value) ?? []
        keep = message =>
          this.#world.isIndexed(message) && id !== undefined && messageIdOf(message) === `<${id}>`
      } else if (key === 'X-GM-MSGID' && isGmail) keep = ({ id }) => String(id) === value
      else if (key === 'LARGER') keep = ({ octets }) => octets.length > Number(value)
      else if (key === 'SMALLER') keep = ({ octets }) => octets.length < Number(value)
      else if (key === 'HEADER') {
        const wanted = words[at + 2] ?? ''
        keep = message => (messageIdOf(message) ?? '').includes(wanted)
        at += 1
      } else return [`${tag} BAD Could not parse command`]
      at += 1
      found = found.filter(([, message]) => keep(message))
    }
    return [`* SEARCH${found.map(([uid]) => ` ${uid}`).join('')}`, `${tag} OK SEARCH completed (Success)`]
  }

  #fetch(args: readonly Word[], view: View): readonly (string | Buffer)[] {
    const all = this.#world.mail.in(view)
    const { bodies, plain } = fetchItems(wordText(args[1]))
    // The item names of Gmail hold dashes.
    const names = wordText(args[1]).toUpperCase()
    return all.flatMap(([uid, message], at) => {
      if (String(uid) !== wordText(args[0])) return []
      const { octets, flags, internalDate, id, labels } = message
      const row = [`UID ${uid}`]
      if (plain.has('FLAGS')) row.push(`FLAGS (${[...flags].join(' ')})`)
      if (plain.has('RFC822.SIZE')) row.push(`RFC822.SIZE ${octets.length}`)
      if (plain.has('INTERNALDATE')) row.push(`INTERNALDATE "${dateTime(internalDate)}"`)
      if (names.includes('X-GM-MSGID')) row.push(`X-GM-MSGID ${id}`)
      if (names.includes('X-GM-LABELS')) row.push(`X-GM-LABELS (${[...labels].map(writeLabel).join(' ')})`)
      const [body] = bodies
      if (body === undefined) return [`* ${at + 1} FETCH (${row.join(' ')})`]
      const from = body.from ?? 0
      const part = octets.subarray(from, body.length === undefined ? undefined : from + body.length)
      const origin = body.from === undefined ? '' : `<${from}>`
      return [
        Buffer.from(`* ${at + 1} FETCH (${row.join(' ')} BODY[]${origin} {${part.length}}\r\n`),
        part,
        ')',
      ]
    })
  }

  #store(tag: string, args: readonly Word[], view: View): string {
    const { mail, bugs, capabilities } = this.#world
    const [, message] = mail.in(view).find(([uid]) => String(uid) === wordText(args[0])) ?? []
    if (wordText(args[1]).toUpperCase() !== '+X-GM-LABELS' || !capabilities.includes('X-GM-EXT-1'))
      return `${tag} BAD Could not parse command`
    const list = wordText(args[2]).replace(/^\(|\)$/g, '')
    if (/[^\x20-\x7e]/.test(list)) {
      bugs.push('a label that is not in modified UTF-7')
      return `${tag} BAD Could not parse command`
    }
    if (message === undefined) return `${tag} OK Success`
    for (const word of splitWords(list, [])) {
      const label = wordText(word)
      if (typeof word === 'string' && label.startsWith('\\')) message.labels.add(label)
      else {
        const name = fromUtf7(label)
        if (mail.find(name) === undefined) mail.addLabel(name)
        message.labels.add(mail.find(name)?.name ?? name)
      }
    }
    mail.number()
    return `${tag} OK Success`
  }
}

/** As Google's page shows them: system labels in quotes with their backslash doubled, others as they are or quoted. */
const writeLabel = (label: string): string => (/^[A-Za-z0-9]+$/.test(label) ? label : quote(toUtf7(label)))

function messageIdOf({ octets }: GmailImapMessage): string | undefined {
  const header = octets.toString('latin1').split(/\r?\n\r?\n/, 1)[0] ?? ''
  return /^Message-ID:\s*(\S.*?)\s*$/im.exec(header.replace(/\r?\n[ \t]+/g, ' '))?.[1]
}
