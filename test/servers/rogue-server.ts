/**
 * A server that keeps to the protocol until one command, and then answers it without end, or very slowly. It keeps
 * a ledger of its own: what its clients took from it, in octets, and at which command.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What a rogue does at one command: a beginning, then the same piece for ever. */
export interface Flood {
  readonly begin?: string
  /** @param serial counts from 0 */
  readonly piece: (serial: number) => Buffer
  /** A pause after each piece; none: as fast as the client takes it. */
  readonly everyMs?: number
}

/** The answer to a command as it goes over the wire, or a flood. */
export type Answer = string | Flood

export interface Rogue {
  readonly greeting: Answer
  /** @param words the command's words, verb first and in upper case, without the tag; `tag` is '' in POP3 */
  readonly answer: (words: readonly string[], tag: string) => Answer
}

export interface RogueServer {
  readonly port: number
  /** Octets of floods that were written to sockets, by all clients together. */
  readonly flooded: () => number
  /** Command lines in order, without tags. */
  readonly commands: readonly string[]
  readonly connections: () => number
  close(): Promise<void>
}

export async function startRogueServer(protocol: 'pop3' | 'imap', rogue: Rogue): Promise<RogueServer> {
  const sockets = new Set<Socket>()
  const commands: string[] = []
  let flooded = 0
  let connections = 0

  const give = async (socket: Socket, answer: Answer): Promise<void> => {
    if (typeof answer === 'string') {
      socket.write(answer)
      return
    }
    if (answer.begin !== undefined) socket.write(answer.begin)
    for (let serial = 0; !socket.destroyed; serial += 1) {
      const piece = answer.piece(serial)
      flooded += piece.length
      const room = socket.write(piece)
      if (answer.everyMs !== undefined) await new Promise(resolve => setTimeout(resolve, answer.everyMs))
      else if (!room) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
    }
  }

  const server = createServer(socket => {
    sockets.add(socket)
    connections += 1
    let rest = ''
    let turn = Promise.resolve()
    const say = (answer: Answer): void => {
      turn = turn.then(() => give(socket, answer))
    }
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', chunk => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [tag = '', ...words] = protocol === 'imap' ? line.split(' ') : ['', ...line.split(' ')]
        commands.push(words.join(' '))
        say(rogue.answer([(words[0] ?? '').toUpperCase(), ...words.slice(1)], tag))
      }
    })
    say(rogue.greeting)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    flooded: () => flooded,
    commands,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A piece of about 64 KiB made of one line or of octets, again and again. */
export const repeated = (text: string): (() => Buffer) => {
  const piece = Buffer.from(text.repeat(Math.max(1, Math.ceil(65_536 / text.length))), 'latin1')
  return () => piece
}

const goodMail = 'From: a@example.net\r\nSubject: good\r\nMessage-ID: <good@rogue>\r\n\r\nhello\r\n'

/** The rogue's own message of this number. */
export const goodMailOf = (serial: number): string => goodMail.replaceAll('good', `good${serial}`)

/** A maildrop of two messages, of which the second is good; `at` names what goes wrong. */
export function pop3Rogue(at: (words: readonly string[]) => Answer | undefined, greeting?: Answer): Rogue {
  return {
    greeting: greeting ?? '+OK ready\r\n',
    answer(words) {
      const wrong = at(words)
      if (wrong !== undefined) return wrong
      switch (words[0]) {
        case 'CAPA':
          return '+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n'
        case 'LIST':
          return `+OK\r\n1 ${goodMailOf(1).length}\r\n2 ${goodMailOf(2).length}\r\n.\r\n`
        case 'UIDL':
          return '+OK\r\n1 one\r\n2 two\r\n.\r\n'
        case 'TOP':
        case 'RETR':
          return `+OK\r\n${goodMailOf(Number(words[1]))}.\r\n`
        case 'STAT':
          return '+OK 2 2000\r\n'
        default:
          return '+OK\r\n'
      }
    },
  }
}

/** A folder of two messages, of which the second is good. */
export function imapRogue(
  at: (words: readonly string[], tag: string) => Answer | undefined,
  greeting?: Answer,
): Rogue {
  return {
    greeting: greeting ?? '* OK ready\r\n',
    answer(words, tag) {
      const wrong = at(words, tag)
      if (wrong !== undefined) return wrong
      const ok = `${tag} OK done\r\n`
      switch (words[0] === 'UID' ? `UID ${words[1]?.toUpperCase()}` : words[0]) {
        case 'CAPABILITY':
          return `* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n${ok}`
        case 'LIST':
          return `* LIST () "/" INBOX\r\n${ok}`
        case 'SELECT':
        case 'EXAMINE':
          return `* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n${tag} OK [READ-ONLY] done\r\n`
        case 'UID SEARCH':
          return `* SEARCH 1 2\r\n${ok}`
        case 'UID FETCH':
          return fetch(words, ok)
        case 'IDLE':
          return '+ idling\r\n'
        default:
          return ok
      }
    },
  }
}

function fetch(words: readonly string[], ok: string): string {
  const uids = (words[2] ?? '').includes(':') || words[2]?.includes(',') ? [1, 2] : [Number(words[2])]
  const body = /BODY/i.test(words.join(' '))
  const rows = uids.map(uid => {
    const octets = goodMailOf(uid)
    const size = `UID ${uid} FLAGS () RFC822.SIZE ${octets.length} INTERNALDATE "17-Jul-2026 02:44:25 +0000"`
    return `* ${uid} FETCH (${size}${body ? ` BODY[]<0> {${octets.length}}\r\n${octets}` : ''})\r\n`
  })
  return rows.join('') + ok
}
