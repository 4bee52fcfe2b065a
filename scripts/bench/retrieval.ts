/** Retrieval: messages a second and whether every octet came through, ours beside the peers, in turns. */

import { dovecotMissing } from '../../test/servers/dovecot.ts'
import { type Protocol, type ServerKind, sha256, startSource } from '../../test/servers/source-server.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { type ClientAnswer, type ClientName, runClient } from './client.ts'
import { atLeast, type BenchOptions, figure, type Measure, median } from './measure.ts'

/** Never called: retrieval asks nothing of Google, but a configuration has these. */
const noGmail = { GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'x', GOOGLE_REFRESH_TOKEN: 'x' }

export async function benchRetrieval(options: BenchOptions): Promise<Measure[]> {
  const missing = dovecotMissing()
  if (missing !== undefined) options.tell(`Without real Dovecot: ${missing}`)
  const kinds: ServerKind[] = missing === undefined ? ['stand-in', 'dovecot'] : ['stand-in']
  const measures: Measure[] = []
  for (const protocol of ['pop3', 'imap'] as const)
    for (const kind of kinds) measures.push(...(await benchOne(protocol, kind, options)))
  return measures
}

async function benchOne(protocol: Protocol, kind: ServerKind, options: BenchOptions): Promise<Measure[]> {
  const messages = options.quick ? 60 : 1_000
  const rounds = options.quick ? 1 : 3
  const peer: ClientName = protocol === 'pop3' ? 'source.node-pop3' : 'source.imapflow'
  const source = await startSource(protocol, kind)
  try {
    const sent = Array.from({ length: messages }, (_, serial) => sampleMail(serial))
    for (const octets of sent) await source.deliver(octets)
    const digests = new Set(sent.map(sha256))
    const identical = (answer: ClientAnswer): number =>
      answer.digests.filter(digest => digests.has(digest)).length
    const ours: ClientAnswer[] = []
    const theirs: ClientAnswer[] = []
    for (let round = 0; round < rounds; round += 1) {
      options.tell(`${protocol} retrieval from ${kind}, round ${round + 1} of ${rounds}`)
      ours.push(await runClient('source.ours', { ...source.env, ...noGmail }))
      theirs.push(await runClient(peer, { ...source.env, ...noGmail }))
    }
    const rate = (answers: readonly ClientAnswer[]): number =>
      median(answers.map(({ ms }) => (messages * 1000) / ms))
    const worst = Math.min(...ours.map(identical))
    const name = `${protocol}.${kind}`
    const peerName = peer.slice('source.'.length)
    return [
      figure(`${name}.ours`, rate(ours), 'messages/s'),
      figure(`${name}.${peerName}`, rate(theirs), 'messages/s'),
      figure(`${name}.ratio`, rate(ours) / rate(theirs), `times ${peerName}`),
      atLeast(`${name}.ours.identical`, worst, `of ${messages}`, messages),
      figure(
        `${name}.${peerName}.identical`,
        median(theirs.map(identical)),
        `of ${messages}`,
        `${median(theirs.map(({ hung }) => hung))} never ended`,
      ),
    ]
  } finally {
    await source.stop()
  }
}
