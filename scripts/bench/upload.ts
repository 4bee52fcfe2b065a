/**
 * Uploads, three in flight, on the Gmail stand-in: rate, memory and CPU, ours beside a bare writer of node:http, which
 * is the ceiling, and Google's own client.
 */
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv } from '../../test/servers/hikyaku.ts'
import { type ClientAnswer, type ClientName, runClient } from './client.ts'
import { atLeast, type BenchOptions, figure, type Measure, median } from './measure.ts'

/** Never called: an upload asks nothing of a mailbox, but a configuration has one. */
const noSource = {
  MAIL_PROTOCOL: 'pop3',
  MAIL_HOST: '127.0.0.1',
  MAIL_SECURITY: 'none',
  MAIL_USER: 'x',
  MAIL_PASSWORD: 'x',
  GMAIL_UNITS_PER_MINUTE: '1200000',
  GMAIL_IMPORTS_IN_FLIGHT: '3',
}

const clients = ['gmail.raw', 'gmail.ours', 'gmail.google'] as const satisfies readonly ClientName[]

interface Size {
  readonly name: string
  readonly messages: number
  readonly octets: number
}

const sizesOf = (quick: boolean): readonly Size[] => [
  { name: '10KB', messages: quick ? 50 : 1_000, octets: 10_000 },
  ...(quick ? [] : [{ name: '1MB', messages: 60, octets: 1_000_000 }]),
  { name: '20MB', messages: quick ? 3 : 12, octets: 20_000_000 },
]

export async function benchUpload(options: BenchOptions): Promise<readonly Measure[]> {
  const measures: Measure[] = []
  for (const size of sizesOf(options.quick)) measures.push(...(await benchSize(size, options)))
  return measures
}

async function benchSize(size: Size, options: BenchOptions): Promise<Measure[]> {
  const answers = new Map<ClientName, ClientAnswer[]>(clients.map(client => [client, []]))
  const rounds = options.quick ? 1 : 3
  for (let round = 0; round < rounds; round += 1)
    for (const client of clients) {
      options.tell(`import of ${size.messages} x ${size.name}, ${client}, round ${round + 1} of ${rounds}`)
      answers.get(client)?.push(await upload(client, size))
    }
  const of = (client: ClientName, what: (answer: ClientAnswer) => number): number =>
    median((answers.get(client) ?? []).map(what))
  const rate = (client: ClientName): number => of(client, ({ ms }) => (size.messages * 1000) / ms)
  const name = `import.${size.name}`
  const shortOf = { 'gmail.raw': 'raw', 'gmail.ours': 'hikyaku', 'gmail.google': 'googleapis-gmail' }
  return [
    ...clients.flatMap(client => [
      figure(
        `${name}.${shortOf[client]}`,
        rate(client),
        'messages/s',
        `${((rate(client) * size.octets) / 1e6).toPrecision(3)} MB/s`,
      ),
      figure(
        `${name}.${shortOf[client]}.memory`,
        of(client, ({ peakMiB }) => peakMiB),
        'MiB at most',
      ),
      figure(
        `${name}.${shortOf[client]}.cpu`,
        of(client, ({ cpuMs }) => cpuMs / size.messages),
        'CPU ms a message',
      ),
    ]),
    atLeast(`${name}.share`, rate('gmail.ours') / rate('gmail.raw'), 'of the ceiling', 0.85),
    atLeast(`${name}.times`, rate('gmail.ours') / rate('gmail.google'), 'times @googleapis/gmail', 1),
  ]
}

/** On a stand-in of its own; throws where a message is not there octet for octet. */
async function upload(client: ClientName, size: Size): Promise<ClientAnswer> {
  const gmail = await startGmailServer({ keepBodyOctets: 0 })
  try {
    const env = { ...noSource, ...gmailEnv(gmail), BENCH_ACCESS_TOKEN: gmail.accessToken() }
    const answer = await runClient(client, env, size)
    const stored = gmail.stored()
    const wrong = answer.digests.filter(digest => !stored.has(digest)).length
    if (wrong > 0) throw new Error(`${client}: ${wrong} messages differ in the stand-in`)
    return answer
  } finally {
    await gmail.close()
  }
}
