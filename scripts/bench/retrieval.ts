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
  imap: ['source.raw', 'source.ours', 'source.imapflow'],
}

/** The share of the ceiling that is the goal. */
const shares: Readonly<Record<Protocol, number>> = { pop3: 0.8, imap: 0.6 }

interface Load {
  readonly name: string
  readonly octets: number
  /** By the round trip in ms. */
  readonly messages: ReadonlyMap<number, number>
}

const loadsOf = (protocol: Protocol, quick: boolean): readonly Load[] =>
  quick
    ? [
        {
          name: '4KB',
          octets: 4_000,
          messages: new Map([
            [0, 200],
            [20, 50],
          ]),
        },
      ]
    : [
        // Fewer where somebody asks for one after the other, which would take minutes.
        {
          name: '4KB',
          octets: 4_000,
          messages: new Map([
            [0, 4_000],
            [20, protocol === 'imap' ? 4_000 : 250],
            [100, protocol === 'imap' ? 4_000 : 60],
          ]),
        },
        { name: '20MB', octets: 20_000_000, messages: new Map([[0, 4]]) },
      ]

export async function benchRetrieval(protocol: Protocol, options: BenchOptions): Promise<readonly Measure[]> {
  const missing = dovecotMissing()
  if (missing !== undefined) {
    options.tell(`${protocol}: ${missing}`)
    return []
  }
  const measures: Measure[] = []
  for (const load of loadsOf(protocol, options.quick))
    for (const [roundTripMs, messages] of load.messages)
      measures.push(...(await benchLoad(protocol, load, messages, roundTripMs, options)))
  return measures
}

async function benchLoad(
  protocol: Protocol,
  { name, octets }: Load,
  messages: number,
  roundTripMs: number,
  options: BenchOptions,
): Promise<Measure[]> {
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
    wire.roundTripMs = roundTripMs
    // Without a wire to simulate nothing stands between, or the ceiling would be the proxy's.
    const port = roundTripMs === 0 ? dovecot.ports[protocol] : wire.port
    const env = {
      ...noGmail,
      ...{ MAIL_PROTOCOL: protocol, MAIL_HOST: '127.0.0.1', MAIL_PORT: String(port), MAIL_SECURITY: 'none' },
      ...{ MAIL_USER: user, MAIL_PASSWORD: password },
    }
    const clients = clientsOf[protocol].filter(
      client => client !== 'source.poplib' || program('python3') !== undefined,
    )
    const answers = new Map<ClientName, ClientAnswer[]>(clients.map(client => [client, []]))
    // One to fill the server's caches, for nobody's account.
    await runClient('source.raw', env, { messages, octets })
    const rounds = options.quick ? 1 : 3
    for (let round = 0; round < rounds; round += 1)
      for (const client of clients) {
        options.tell(`${protocol} ${name} at ${roundTripMs} ms, ${client}, round ${round + 1} of ${rounds}`)
        answers.get(client)?.push(await runClient(client, env, { messages, octets }))
      }
    return measuresOf(`${protocol}.${name}.${roundTripMs}ms`, protocol, answers, digests, octets, roundTripMs)
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
  const messages = digests.size
  const rate = (client: ClientName): number =>
    median((answers.get(client) ?? []).map(({ ms }) => (messages * 1000) / ms))
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
