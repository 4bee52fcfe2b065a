/** A POP3 server that takes its time at one command, or wants a pause between two logins, by a clock of the test's. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Clock } from '../../src/base/clock.ts'

export interface SlowPop3Options {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  /** How long it is silent before it answers a command, by its verb ('GREETING' before the first), ms. */
  readonly silentMs?: Readonly<Record<string, number>>
  /** LOGIN-DELAY (RFC 2449 section 6.5), announced and enforced, seconds. */
  readonly loginDelaySeconds?: number
  /** The most logins in any hour, of all users; then it answers as if the password were wrong, as HostGator does. */
  readonly loginsAnHour?: number
}

export interface SlowPop3 {
  readonly port: number
  messages: Buffer[]
  silentMs: Readonly<Record<string, number>>
  readonly ledger: {
    logins: number
    refused: number
    readonly commands: string[]
    /** The most connections at once that had not logged in yet. */
    mostEntering: number
    /** Whose and when, by the test's clock, ms; refused ones, too. */
    readonly tries: { readonly user: string; readonly atMs: number }[]
  }
  /** Connections that are open now. */
  readonly open: number
  stop(): Promise<void>
}

export async function startSlowPop3(options: SlowPop3Options): Promise<SlowPop3> {
  const { clock, loginDelaySeconds, loginsAnHour = Number.POSITIVE_INFINITY } = options
  const sockets = new Set<Socket>()
  const entering = new Set<Socket>()
  const ledger: SlowPop3['ledger'] = { logins: 0, refused: 0, commands: [], tries: [], mostEntering: 0 }
  let lastLoginMs = Number.NEGATIVE_INFINITY
  const server = createServer(socket => {
    sockets.add(socket)
    entering.add(socket)
    ledger.mostEntering = Math.max(ledger.mostEntering, entering.size)
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket)
        entering.delete(socket)
      })
    const marked = new Set<number>()
    let user = ''
    const view = [...self.messages]
    const answer = (verb: string, argument: string): string => {
      const at = Number(argument) - 1
      switch (verb) {
        case 'CAPA': {
          const delay = loginDelaySeconds === undefined ? '' : `LOGIN-DELAY ${loginDelaySeconds}\r\n`
          return `+OK\r\nUSER\r\nUIDL\r\nTOP\r\nRESP-CODES\r\n${delay}.\r\n`
        }
        case 'USER':
          user = argument
          return '+OK\r\n'
        case 'PASS': {
          const nowMs = clock.monotonicMs()
          ledger.tries.push({ user, atMs: nowMs })
          if (ledger.tries.filter(({ atMs }) => nowMs - atMs < 3600_000).length > loginsAnHour) {
            ledger.refused += 1
            return '-ERR login incorrect\r\n'
          }
          const sinceMs = clock.monotonicMs() - lastLoginMs
          if (sinceMs < (loginDelaySeconds ?? 0) * 1000) {
            ledger.refused += 1
            return '-ERR [LOGIN-DELAY] minimum time between mail checks violation\r\n'
          }
          lastLoginMs = clock.monotonicMs()
          ledger.logins += 1
          return '+OK\r\n'
        }
        case 'STAT':
          return `+OK ${view.length} ${view.reduce((sum, octets) => sum + octets.length, 0)}\r\n`
        case 'LIST':
          return `+OK\r\n${view.map((octets, n) => `${n + 1} ${octets.length}\r\n`).join('')}.\r\n`
        case 'UIDL':
          return `+OK\r\n${view.map((octets, n) => `${n + 1} u${hash(octets)}\r\n`).join('')}.\r\n`
        case 'RETR':
        case 'TOP':
          return `+OK\r\n${view[at]?.toString('latin1') ?? ''}.\r\n`
        case 'DELE':
          marked.add(at)
          return '+OK\r\n'
        case 'QUIT':
          self.messages = self.messages.filter(octets => ![...marked].some(n => view[n] === octets))
          return '+OK\r\n'
        default:
          return '+OK\r\n'
      }
    }
    // Nobody waits for what a session that is over would have said: it kept the test's process for minutes.
    const gone = new AbortController()
    socket.on('close', () => gone.abort())
    const say = async (verb: string, text: string): Promise<void> => {
      const ms = self.silentMs[verb]
      if (ms !== undefined) await clock.sleep(ms, gone.signal).catch(() => {})
      if (socket.destroyed) return
      if (verb === 'PASS') entering.delete(socket)
      socket.write(text, 'latin1')
      if (verb === 'QUIT') socket.end()
    }
    let turn = say('GREETING', '+OK ready\r\n')
    let rest = ''
    socket.on('data', chunk => {
      rest += chunk.toString('latin1')
      const lines = rest.split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [verb = '', argument = ''] = line.split(' ')
        ledger.commands.push(verb.toUpperCase())
        turn = turn.then(() => say(verb.toUpperCase(), answer(verb.toUpperCase(), argument)))
      }
    })
  })
  const self: SlowPop3 = {
    port: 0,
    messages: [],
    silentMs: options.silentMs ?? {},
    ledger,
    get open() {
      return sockets.size
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.defineProperty(self, 'port', { value: port })
}

const hash = (octets: Buffer): number => octets.reduce((sum, octet) => (sum * 31 + octet) % 1_000_003, 7)
