/** Uploads: ours beside Google's own client, three in flight, on the Gmail stand-in: rate and memory. */
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv } from '../../test/servers/hikyaku.ts'
import { type ClientAnswer, type ClientName, runClient } from './client.ts'
import { type BenchOptions, figure, type Measure, median } from './measure.ts'

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

export async function benchUpload(options: BenchOptions): Promise<Measure[]> {
  const small = { name: 'small', messages: options.quick ? 50 : 1_000, octets: 10_000 }
  const large = { name: 'large', messages: options.quick ? 3 : 12, octets: 20_000_000 }
  return [...(await benchSize(small, options)), ...(await benchSize(large, options))]
}

async function benchSize(
  size: { name: string; messages: number; octets: number },
  options: BenchOptions,
): Promise<Measure[]> {
  const ours: ClientAnswer[] = []
  const theirs: ClientAnswer[] = []
  const run = async (client: ClientName): Promise<ClientAnswer> => {
    const gmail = await startGmailServer({ keepBodyOctets: 0 })
    try {
      const answer = await runClient(client, { ...noSource, ...gmailEnv(gmail) }, size)
      const stored = gmail.stored()
      const wrong = answer.digests.filter(digest => !stored.has(digest)).length
      if (wrong > 0) throw new Error(`${client}: ${wrong} messages differ in the stand-in`)
      return answer
    } finally {
      await gmail.close()
    }
  }
  for (let round = 0; round < (options.quick ? 1 : 3); round += 1) {
    options.tell(`import of ${size.messages} messages of ${size.octets} octets, round ${round + 1}`)
    ours.push(await run('gmail.ours'))
    theirs.push(await run('gmail.google'))
  }
  const rate = (answers: readonly ClientAnswer[]): number =>
    median(answers.map(({ ms }) => (size.messages * 1000) / ms))
  const peak = (answers: readonly ClientAnswer[]): number => median(answers.map(({ peakMiB }) => peakMiB))
  const name = `import.${size.name}`
  return [
    figure(`${name}.ours`, rate(ours), 'messages/s'),
    figure(`${name}.googleapis-gmail`, rate(theirs), 'messages/s'),
    figure(`${name}.ratio`, rate(ours) / rate(theirs), 'times @googleapis/gmail'),
    figure(`${name}.ours.memory`, peak(ours), 'MiB at most'),
    figure(`${name}.googleapis-gmail.memory`, peak(theirs), 'MiB at most'),
  ]
}
