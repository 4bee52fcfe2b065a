/**
 * Retrieval: messages and octets a second from real Dovecot over wires of three lengths, ours beside the ceiling of
 * the wire and beside what people use, in turns, and whether every octet came through. No TLS.
 */
import { dovecotMissing, startDovecot } from '../../test/servers/dovecot.ts'
import { program } from '../../test/servers/local.ts'
import { type Protocol, sha256 } from '../../test/servers/source-server.ts'
import { type ClientAnswer, type ClientName, runClient } from './client.ts'
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts'
import { mailOf } from './mail.ts'
import { atLeast, type BenchOptions, figure, type Measure, median } from './measure.ts'

/** Never called: retrieval asks nothing of Google, but a configuration has these. */
const noGmail = { GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'x', GOOGLE_REFRESH_TOKEN: 'x' }

const user = 'owner'
const password = 'bench'

/** The ceiling first, then ours, then whom they are compared with. */
const clientsOf: Readonly<Record<Protocol, readonly ClientName[]>> = {
  pop3: ['source.raw', 'source.ours', 'source.node-pop3', 'source.poplib'],
  imap: ['source.raw', 'source.ours', 'source.imapflow', 'source.mbsync'],
}

/** Those that ask for one message after the other: over a wire each takes a round trip, however many there are. */
const oneByOne: ReadonlySet<ClientName> = new Set(['source.node-pop3', 'source.poplib'])

/** What a client needs of the machine. */
const programOf: Partial<Record<ClientName, string>> = {
  'source.poplib': 'python3',
  'source.mbsync': 'mbsync',
}

/** The share of the ceiling that is the goal. */
const shares: Readonly<Record<Protocol, number>> = { pop3: 0.8, imap: 0.6 }

interface Load {
  readonly name: string
  readonly octets: number
  readonly messages: number
  readonly roundTripsMs: readonly number[]
}

const loadsOf = (quick: boolean): readonly Load[] =>
  quick
    ? [{ name: '4KB', octets: 4_000, messages: 200, roundTripsMs: [0, 20] }]
    : [
        { name: '4KB', octets: 4_000, messages: 4_000, roundTripsMs: [0, 20, 100] },
        { name: '20MB', octets: 20_000_000, messages: 4, roundTripsMs: [0] },
      ]

/** How many are asked for of all that are there: enough to see the rate. */
function askedOf(client: ClientName, messages: number, roundTripMs: number): number {
  if (!oneByOne.has(client) || roundTripMs === 0) return messages
  return Math.min(messages, Math.ceil(3_000 / roundTripMs))
}

export async function benchRetrieval(protocol: Protocol, options: BenchOptions): Promise<readonly Measure[]> {
  const missing = dovecotMissing()
  if (missing !== undefined) {
    options.tell(`${protocol}: ${missing}`)
    return []
  }
  const measures: Measure[] = []
  for (const load of loadsOf(options.quick)) measures.push(...(await benchLoad(protocol, load, options)))
  return measures
}

async function benchLoad(protocol: Protocol, load: Load, options: BenchOptions): Promise<Measure[]> {
  const { name, octets, messages } = load
  const dovecot = await startDovecot({ users: { [user]: password } })
  let wire: DelayProxy | undefined
  try {
    const digests = new Set<string>()
    for (let serial = 0; serial < messages; serial += 1) {
      const mail = mailOf(serial, octets)
      digests.add(sha256(mail))
      await dovecot.deliver('', mail)
    }
    wire = await startDelayProxy({ port: dovecot.ports[protocol] })
    const clients = clientsOf[protocol].filter(client => {
      const needed = programOf[client]
      const isThere = needed === undefined || program(needed) !== undefined
      if (!isThere) options.tell(`${protocol}: ${needed} not there`)
      return isThere
    })
    const measures: Measure[] = []
    for (const roundTripMs of load.roundTripsMs) {
      wire.roundTripMs = roundTripMs
      // Without a wire to simulate nothing stands between, or the ceiling would be the proxy's.
      const port = roundTripMs === 0 ? dovecot.ports[protocol] : wire.port
      const env = {
        ...noGmail,
        ...{
          MAIL_PROTOCOL: protocol,
          MAIL_HOST: '127.0.0.1',
          MAIL_PORT: String(port),
          MAIL_SECURITY: 'none',
        },
        ...{ MAIL_USER: user, MAIL_PASSWORD: password },
      }
      // One to fill the server's caches, for nobody's account.
      if (roundTripMs === 0) await runClient('source.raw', env, { messages, octets })
      const answers = new Map<ClientName, ClientAnswer[]>(clients.map(client => [client, []]))
      const rounds = options.quick ? 1 : 3
      for (let round = 0; round < rounds; round += 1)
        for (const client of clients) {
          if (oneByOne.has(client) && round > 0 && (roundTripMs > 0 || octets > 1e6)) continue
          options.tell(`${protocol} ${name} at ${roundTripMs} ms, ${client}, round ${round + 1} of ${rounds}`)
          const asked = askedOf(client, messages, roundTripMs)
          answers.get(client)?.push(await runClient(client, env, { messages: asked, octets }))
        }
      measures.push(
        ...measuresOf(
          `${protocol}.${name}.${roundTripMs}ms`,
          protocol,
          answers,
          digests,
          octets,
          roundTripMs,
        ),
      )
    }
    return measures
  } finally {
    await wire?.close()
    await dovecot.stop()
  }
}

function measuresOf(
  name: string,
  protocol: Protocol,
  answers: ReadonlyMap<ClientName, readonly ClientAnswer[]>,
  digests: ReadonlySet<string>,
  octets: number,
  roundTripMs: number,
): Measure[] {
  const asked = (client: ClientName): number => askedOf(client, digests.size, roundTripMs)
  const rate = (client: ClientName): number =>
    median((answers.get(client) ?? []).map(({ ms }) => (asked(client) * 1000) / ms))
  const identical = (client: ClientName): number =>
    Math.min(
      ...(answers.get(client) ?? []).map(
        answer => answer.digests.filter(digest => digests.has(digest)).length,
      ),
    )
  const lines = [...answers.keys()].flatMap(client => {
    const short = client === 'source.ours' ? 'hikyaku' : client.slice('source.'.length)
    const speed = figure(
      `${name}.${short}`,
      rate(client),
      'messages/s',
      `${((rate(client) * octets) / 1e6).toPrecision(3)} MB/s`,
    )
    if (client === 'source.raw') return [speed]
    const whole = `${name}.${short}.identical`
    const messages = asked(client)
    return client === 'source.ours'
      ? [speed, atLeast(whole, identical(client), `of ${messages}`, messages)]
      : [speed, figure(whole, identical(client), `of ${messages}`)]
  })
  const share = atLeast(
    `${name}.share`,
    rate('source.ours') / rate('source.raw'),
    'of the ceiling',
    shares[protocol],
  )
  const times = rate('source.ours') / rate('source.node-pop3')
  if (protocol === 'imap') return [...lines, share]
  return [
    ...lines,
    share,
    roundTripMs === 100
      ? atLeast(`${name}.times`, times, 'times node-pop3', 20)
      : figure(`${name}.times`, times, 'times node-pop3'),
  ]
}
