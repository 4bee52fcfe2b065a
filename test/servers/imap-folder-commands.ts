/** The commands of the IMAP stand-in that work on folders and messages. */
import type { BodyFault, Pieces } from './imap-faults.ts'
import type { ImapWorld } from './imap-session.ts'
import { type StoredFolder, type StoredMessage, sha256 } from './imap-store.ts'
import {
  dateTime,
  fetchItems,
  headerOf,
  inSet,
  quote,
  splitWords,
  type Word,
  wordText,
} from './imap-syntax.ts'

export class ImapFolderCommands {
  readonly #world: ImapWorld
  folder: StoredFolder | undefined
  /** What this client was told: sequence numbers are places in it. */
  #view: StoredMessage[] = []
  #readOnly = false
  /** UIDNEXT as it was told last, by folder. */
  readonly #notified = new Map<string, number>()

  constructor(world: ImapWorld) {
    this.#world = world
  }

  /** EXPUNGE and EXISTS lines that bring the client's view up to date. */
  news(): Pieces {
    if (this.folder === undefined) return []
    const now = new Set(this.folder.messages)
    const lines: string[] = []
    for (let at = this.#view.length - 1; at >= 0; at -= 1) {
      const message = this.#view[at]
      if (message === undefined || now.has(message)) continue
      lines.push(`* ${at + 1} EXPUNGE\r\n`)
      this.#view.splice(at, 1)
    }
    const shown = new Set(this.#view)
    const fresh = [...now].filter(message => !shown.has(message))
    this.#view.push(...fresh)
    if (fresh.length > 0) lines.push(`* ${this.#view.length} EXISTS\r\n`)
    return lines
  }

  /** STATUS of the folders that NOTIFY named (RFC 5465) and that have changed since they were told of. */
  others(): Pieces {
    return [...this.#notified].flatMap(([name, told]) => {
      const folder = this.#world.store.find(name)
      if (folder === undefined || folder === this.folder || folder.uidNext === told) return []
      this.#notified.set(name, folder.uidNext)
      const { length } = folder.messages
      return [`* STATUS ${quote(name)} (MESSAGES ${length} UIDNEXT ${folder.uidNext})\r\n`]
    })
  }

  answer(tag: string, verb: string, args: readonly Word[], body: BodyFault | undefined): Pieces {
    const { store, capabilities } = this.#world
    const lacking = verb.replace(/^UID /, '')
    if (['MOVE', 'IDLE', 'NOTIFY'].includes(lacking) && !capabilities.includes(lacking))
      return [`${tag} BAD unknown\r\n`]
    const set = wordText(args[0])
    switch (verb) {
      case 'NOOP':
      case 'CHECK':
        return [...this.news(), `${tag} OK done\r\n`]
      case 'ID':
        return ['* ID NIL\r\n', `${tag} OK done\r\n`]
      case 'NAMESPACE':
        return ['* NAMESPACE (("" "/")) NIL NIL\r\n', `${tag} OK done\r\n`]
      case 'ENABLE':
        return [`* ENABLED\r\n`, `${tag} OK done\r\n`]
      case 'LIST':
      case 'LSUB':
        return [
          ...[...store.folders.values()].map(
            ({ name, selectable, uses = [] }) =>
              `* ${verb} (${[...(selectable ? [] : ['\\Noselect']), ...uses].join(' ')}) "/" ${quote(name)}\r\n`,
          ),
          `${tag} OK done\r\n`,
        ]
      case 'SELECT':
      case 'EXAMINE':
        return this.#select(tag, wordText(args[0]), verb === 'EXAMINE')
      case 'CREATE':
        if (store.find(wordText(args[0])) !== undefined) return [`${tag} NO [ALREADYEXISTS] is there\r\n`]
        store.create(wordText(args[0]))
        return [`${tag} OK created\r\n`]
      case 'STATUS': {
        const folder = store.find(wordText(args[0]))
        if (folder === undefined) return [`${tag} NO [NONEXISTENT] no such mailbox\r\n`]
        const { name, messages, uidNext, uidValidity } = folder
        const validity = uidValidity === undefined ? '' : ` UIDVALIDITY ${uidValidity}`
        return [
          `* STATUS ${quote(name)} (MESSAGES ${messages.length} UIDNEXT ${uidNext}${validity})\r\n`,
          `${tag} OK done\r\n`,
        ]
      }
      case 'NOTIFY': {
        const names = /\(MAILBOXES \(([^)]*)\)/i.exec(wordText(args.at(-1)))?.[1] ?? ''
        for (const name of names.match(/"[^"]*"|[^ ]+/g) ?? []) {
          const folder = store.find(name.replaceAll('"', ''))
          if (folder !== undefined) this.#notified.set(folder.name, folder.uidNext)
        }
        return [`${tag} OK done\r\n`]
      }
      case 'APPEND': {
        const octets = args.at(-1)
        if (!Buffer.isBuffer(octets)) return [`${tag} BAD no literal\r\n`]
        const name = wordText(args[0])
        const uid = store.deliver(name, octets)
        store.ledger.appended.push({ folder: name, uid, sha256: sha256(octets), atMs: Date.now() })
        return [`${tag} OK appended\r\n`]
      }
      default:
        if (this.folder === undefined) return [`${tag} BAD no folder is selected, or unknown command\r\n`]
        return this.#selected(tag, verb, set, args, body, this.folder)
    }
  }

  #select(tag: string, name: string, examine: boolean): Pieces {
    const folder = this.#world.store.find(name)
    this.folder = undefined
    if (folder === undefined) return [`${tag} NO [NONEXISTENT] no such mailbox\r\n`]
    if (!folder.selectable) return [`${tag} NO not selectable\r\n`]
    this.folder = folder
    this.#view = [...folder.messages]
    this.#readOnly = examine || this.#world.faults.readOnly === true
    const validity =
      folder.uidValidity === undefined ? [] : [`* OK [UIDVALIDITY ${folder.uidValidity}] valid\r\n`]
    return [
      '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n',
      `* ${this.#view.length} EXISTS\r\n* 0 RECENT\r\n`,
      ...validity,
      `* OK [UIDNEXT ${folder.uidNext}] next\r\n`,
      `${tag} OK [READ-${this.#readOnly ? 'ONLY' : 'WRITE'}] selected\r\n`,
    ]
  }

  #selected(
    tag: string,
    verb: string,
    set: string,
    args: readonly Word[],
    body: BodyFault | undefined,
    folder: StoredFolder,
  ): Pieces {
    const { store, capabilities, faults } = this.#world
    const uid = verb.startsWith('UID ')
    const chosen = (): StoredMessage[] => {
      const there = new Set(folder.messages)
      return inSet(set, uid, this.#view).filter(message => there.has(message))
    }
    const ok = `${tag} OK done\r\n`
    switch (verb.replace(/^UID /, '')) {
      case 'SEARCH': {
        const found = this.#view.slice(0, faults.capSearch).map((message, at) => (uid ? message.uid : at + 1))
        return [...(uid ? this.news() : []), `* SEARCH${found.map(each => ` ${each}`).join('')}\r\n`, ok]
      }
      case 'FETCH': {
        const rows = chosen().map(message => this.#row(message, wordText(args[1]), uid, body))
        return [...(faults.reversedRows ? rows.reverse() : rows).flat(), ok]
      }
      case 'STORE': {
        if (this.#readOnly) return [`${tag} NO [READ-ONLY] look, do not touch\r\n`]
        const flags = splitWords(args.slice(2).map(wordText).join(' ').replace(/[()]/g, ' '), []).map(
          wordText,
        )
        for (const message of chosen()) {
          for (const flag of flags) {
            if (wordText(args[1]).startsWith('-')) message.flags.delete(flag)
            else this.#flag(message, flag)
          }
        }
        return [ok]
      }
      case 'EXPUNGE': {
        if (uid && !capabilities.includes('UIDPLUS')) return [`${tag} BAD no UIDPLUS\r\n`]
        if (this.#readOnly) return [`${tag} NO [READ-ONLY] look, do not touch\r\n`]
        const among = uid ? chosen() : this.#view
        store.ledger.expunged.push(
          ...store.remove(
            folder,
            among.filter(({ flags }) => flags.has('\\Deleted')),
          ),
        )
        const answer = [...this.news(), ok]
        store.changed()
        return answer
      }
      case 'COPY':
      case 'MOVE': {
        const move = verb.endsWith('MOVE')
        const target = store.find(wordText(args[1]))
        if (target === undefined) return [`${tag} NO [TRYCREATE] no such mailbox\r\n`]
        if (move && this.#readOnly) return [`${tag} NO [READ-ONLY] look, do not touch\r\n`]
        const copied = chosen()
        const uids = copied.map(({ octets, flags, internalDate }) =>
          store.deliver(target.name, octets, { flags: [...flags], internalDate }),
        )
        if (!move) {
          if (copied.length === 0 || !capabilities.includes('UIDPLUS') || faults.noCopyUid) return [ok]
          const from = copied.map(message => message.uid).join(',')
          return [`${tag} OK [COPYUID ${target.uidValidity} ${from} ${uids.join(',')}] done\r\n`]
        }
        for (const moved of store.remove(folder, copied))
          store.ledger.moved.push({ ...moved, to: target.name })
        const answer = [...this.news(), ok]
        store.changed()
        return answer
      }
      case 'CLOSE':
      case 'UNSELECT':
        this.folder = undefined
        return [ok]
      default:
        return [`${tag} BAD unknown\r\n`]
    }
  }

  #flag(message: StoredMessage, flag: string): void {
    if (flag === '\\Seen' && !message.flags.has(flag)) {
      this.#world.store.ledger.madeSeen.push(`${this.folder?.name} ${message.uid}`)
    }
    message.flags.add(flag)
  }

  #row(
    message: StoredMessage,
    list: string,
    uid: boolean,
    ofCommand: BodyFault | undefined,
  ): (string | Buffer)[] {
    const { faults } = this.#world
    const { bodies, plain } = fetchItems(list)
    const fault = ofCommand ?? (bodies.length > 0 ? faults.bodyOf?.(message.uid) : undefined)
    const number = this.#view.indexOf(message) + 1
    if (fault === 'no-row') return []
    if (fault === 'empty-row') return [`* ${number} FETCH ()\r\n`]
    const row: (string | Buffer)[] = []
    const shownUid = message.uid + (fault === 'wrong-uid' ? 1000 : Number(fault === 'next-uid'))
    if (uid || plain.has('UID')) row.push(`UID ${shownUid}`)
    if (plain.has('FLAGS')) row.push(`FLAGS (${[...message.flags].join(' ')})`)
    if (plain.has('INTERNALDATE')) row.push(`INTERNALDATE "${dateTime(message.internalDate)}"`)
    const size = faults.size === undefined ? message.octets.length : faults.size(message.octets.length)
    if (plain.has('RFC822.SIZE') && size !== undefined) row.push(`RFC822.SIZE ${size}`)
    const pieces: (string | Buffer)[] = [`* ${number} FETCH (${row.join(' ')}`]
    for (const { section, peek, from, length } of bodies) {
      if (fault === 'none') continue
      if (!peek) this.#flag(message, '\\Seen')
      const whole = section === 'HEADER' ? headerOf(message.octets) : message.octets
      const partial = from !== undefined && faults.ignorePartial !== true
      const most = Math.min(length ?? Infinity, partial ? (faults.capPartial ?? Infinity) : Infinity)
      const octets = partial ? whole.subarray(from, from + most) : whole
      const name = `${pieces.length === 1 && row.length === 0 ? '' : ' '}BODY[${section}]${partial ? `<${from}>` : ''} `
      if (fault === 'nil') pieces.push(`${name}NIL`)
      else if (fault === 'quoted-empty') pieces.push(`${name}""`)
      else if (fault === 'zero') pieces.push(`${name}{0}\r\n`)
      else if (fault === 'quoted') pieces.push(name, '"', octets, '"')
      else pieces.push(`${name}${fault === 'literal8' ? '~' : ''}{${octets.length}}\r\n`, octets)
    }
    pieces.push(')\r\n')
    return fault === 'twice' ? [...pieces, ...pieces] : pieces
  }
}
