/**
 * The ceiling: what a socket gives when everything is asked for at once and nothing is done with the answer but to
 * see where it ends. No client can be quicker on this wire; none of this is a mail client.
 */
import { connect } from 'node:net'
import { revealPassword } from '../../src/config/mail-credential.ts'
import type { ClientResult, ClientWork } from './client-work.ts'

interface Talk {
  ask(command: string): void
  /** Resolves once the octets so far hold `count` times `mark`, counted from the last call. */
  seen(mark: string, count: number): Promise<void>
  end(): void
}

async function talk(host: string, port: number): Promise<Talk> {
  const socket = connect({ host, port, noDelay: true })
  let wanted = { mark: Buffer.alloc(0), left: 0, done: () => {} }
  let rest: Buffer = Buffer.alloc(0)
  const look = (): void => {
    if (wanted.left === 0) return
    let from = 0
    for (;;) {
      const at = rest.indexOf(wanted.mark, from)
      if (at === -1) break
      from = at + wanted.mark.length
      wanted.left -= 1
      if (wanted.left === 0) {
        rest = rest.subarray(from)
        wanted.done()
        return
      }
    }
    // What a mark that is cut in two needs, and nothing before it.
    rest = rest.subarray(Math.max(from, rest.length - wanted.mark.length + 1))
  }
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    look()
  })
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server hung up')))
  })
  failed.catch(() => {})
  return {
    ask: command => void socket.write(command),
    seen: (mark, count) =>
      Promise.race([
        failed,
        new Promise<void>(done => {
          wanted = { mark: Buffer.from(mark), left: count, done }
          look()
        }),
      ]),
    end: () => void socket.destroy(),
  }
}

/** All of LIST, UIDL and RETR in one go: RFC 2449 section 6.6, PIPELINING. */
export async function retrieveRaw({ config, messages }: ClientWork): Promise<ClientResult> {
  const [mailbox] = config.mailboxes
  if (mailbox === undefined) throw new Error('no mailbox in the variables')
  const { server, user, credential, protocol } = mailbox
  const secret = await revealPassword(credential)
  const line = await talk(server.host, server.port)
  await line.seen('\r\n', 1)
  if (protocol === 'pop3') {
    line.ask(`USER ${user}\r\nPASS ${secret}\r\n`)
    await line.seen('\r\n', 2)
  } else {
    line.ask(`a LOGIN "${user}" "${secret}"\r\nb EXAMINE INBOX\r\n`)
    await line.seen('\r\nb OK', 1)
  }
  const start = performance.now()
  if (protocol === 'pop3') {
    const asked = Array.from({ length: messages }, (_, number) => `RETR ${number + 1}\r\n`)
    line.ask(`LIST\r\nUIDL\r\n${asked.join('')}`)
    await line.seen('\r\n.\r\n', messages + 2)
  } else {
    line.ask('c UID FETCH 1:* (BODY.PEEK[])\r\n')
    await line.seen('\r\nc OK', 1)
  }
  const ms = performance.now() - start
  line.end()
  return { digests: [], ms, hung: 0 }
}
