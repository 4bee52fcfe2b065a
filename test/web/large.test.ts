/**
 * Pages over a journal of 100,000 messages are made soon, the last as the first, and none is shown twice or left out; and
 * however often they are asked for, mail goes on coming.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { mail } from '../faults/harness.ts'
import { processorMs } from '../servers/processor.ts'
import { until } from '../servers/until.ts'
import { authenticationOf } from './mail-records.ts'
import { startPageWorld } from './page.ts'

const count = 100_000
const mailbox = 'owner@127.0.0.1'
const atMs = Date.now() - count

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
const say = (all: readonly number[]): string =>
  `median ${Math.round(median(all))} ms, longest ${Math.round(Math.max(...all))} ms`

/** What it costs to read every record once, ms of the processor: three times what a page may on a machine that is slow. */
function readingAllMs(stateDir: string): number {
  const database = new DatabaseSync(join(stateDir, 'journal.sqlite'), { readOnly: true })
  const before = process.cpuUsage()
  database.prepare("SELECT count(DISTINCT authentication ->> '$.forecast.cost') FROM message").get()
  const { user, system } = process.cpuUsage(before)
  database.close()
  return (user + system) / 1000
}

test('a page of 100,000 messages costs at most 200 ms of the processor, wherever it begins and whatever is looked for', async t => {
  const world = await startPageWorld({
    env: { SCHEDULE: '0 0 1 1 *' },
    async prepare({ source, run, stateDir }) {
      await source.deliver(mail('one'))
      assert.equal((await run(['pull'])).code, 0)
      const database = new DatabaseSync(join(stateDir, 'journal.sqlite'))
      const record = authenticationOf({ senderDomain: 'SENDER', cost: 'lost' }).replaceAll("'", "''")
      // Seven of each instant, so that pages end within one.
      database.exec(`PRAGMA synchronous = OFF;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO message (mailbox, folder, stage, present, generation, octets, listed_at_ms, imported_at_ms, account,
          gmail_id, sha256, message_id, authentication)
        SELECT '${mailbox}', 'INBOX', 'settled', 0, 2, 5000, ${atMs} + i / 7 - 900, ${atMs} + i / 7,
          'owner@example.test', printf('18c%013x', i), printf('%064x', i), '<m' || i || '@sender.example>',
          replace('${record}', 'SENDER', 's' || (i % 500) || '.example') FROM n;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO message (mailbox, folder, stage, present, generation, octets, listed_at_ms)
        SELECT '${mailbox}', 'INBOX', 'gone', 0, 2, 5000, ${atMs} + i FROM n`)
      database.exec(`UPDATE mailbox SET listed = listed + ${count + 5000}`)
      database.close()
    },
  })
  t.after(() => world.stop())
  const owner = await world.signIn()
  const ask = async (path: string, tookMs: number[] = []): Promise<string> => {
    const beganMs = await processorMs(world.pid())
    const { status, text } = await owner.ask(`${owner.home}${path}`)
    tookMs.push((await processorMs(world.pid())) - beganMs)
    assert.equal(status, 200, text)
    return text
  }
  const idsOf = (text: string): string[] => text.match(/#all\/[0-9a-f]+/g) ?? []

  const paging: number[] = []
  const seen = new Set<string>()
  let path = 'messages'
  for (let page = 0; page < 20; page++) {
    const text = await ask(path, paging)
    const ids = idsOf(text)
    assert.equal(ids.length, 50)
    for (const id of ids) seen.add(id)
    path = /href="(messages\?before=[\d-]+)"/.exec(text)?.[1] ?? ''
  }
  const mostMs = Math.max(200, readingAllMs(world.stateDir) / 3)
  t.diagnostic(`page after page: ${say(paging)}; at most ${Math.round(mostMs)} ms`)
  assert.ok(median(paging) < mostMs)
  assert.equal(seen.size, 1000, 'none twice')
  // The one that came by itself is named 1.
  const numbers = [...seen].map(id => Number.parseInt(id.slice(8), 16)).sort((a, b) => a - b)
  assert.equal(numbers.at(-1), count, 'from the newest')
  assert.equal(numbers[1], count - 998, 'none left out')

  const pages: Readonly<Record<string, readonly [path: string, rows: number]>> = {
    overview: ['', 0],
    'the last page': [`messages?before=${atMs + 1}-9`, 7],
    'a sender': ['messages?domain=s499.example', 50],
    'a sender that never wrote': ['messages?domain=nobody.example', 0],
    'a folder that is not there': ['messages?folder=Nowhere', 0],
    'a mailbox': [`messages?mailbox=${mailbox}`, 50],
    'days that are over': ['messages?from=2020-01-01&until=2020-12-31', 0],
    'a Message-ID': ['messages?q=m77@sender.example', 1],
    'Gmail’s id': ['messages?q=18c000000000004d', 1],
    'a SHA-256': [`messages?q=${'0'.repeat(62)}4d`, 1],
    'words that nobody wrote': ['messages?q=no+such+words', 0],
    'what is gone, in a folder that is not there': ['messages?stage=gone&folder=Nowhere', 0],
    forwarding: ['forwarding', 0],
  }
  for (const [name, [address, rows]] of Object.entries(pages)) {
    const tookMs: number[] = []
    for (let n = 0; n < 5; n += 1) {
      const text = await ask(address, tookMs)
      // A search may end for its time, on a machine that others use.
      if (!text.includes('Search on')) assert.equal(idsOf(text).length, rows, name)
    }
    t.diagnostic(`${name}: ${say(tookMs)}`)
    // The best: now and then garbage is collected meanwhile.
    assert.ok(Math.min(...tookMs) < mostMs, name)
  }

  /** From the moment at which a mail is at the source to Gmail's answer, ms. */
  const carry = async (name: string): Promise<number> => {
    const accepted = world.gmail.accepted.length
    const beganMs = Date.now()
    await world.source.deliver(mail(name))
    await until(() => world.gmail.accepted.length > accepted, `${name} is in Gmail`)
    return (world.gmail.accepted[accepted]?.atMs ?? 0) - beganMs
  }
  const quiet: number[] = []
  for (let n = 0; n < 5; n += 1) quiet.push(await carry(`quiet-${n}`))
  let isOver = false
  let asked = 0
  const hammering = Array.from({ length: 4 }, async (_, at) => {
    const addresses = Object.values(pages).map(([address]) => address)
    for (let n = at; !isOver; n += 1) {
      await ask(addresses[n % addresses.length] ?? '')
      asked += 1
    }
  })
  const hammered: number[] = []
  for (let n = 0; n < 10; n += 1) hammered.push(await carry(`hammered-${n}`))
  isOver = true
  await Promise.all(hammering)
  t.diagnostic(
    `mail while nobody looks: ${say(quiet)}; while ${asked} pages were asked for: ${say(hammered)}`,
  )
  // It takes its turn among the pages, a few milliseconds each.
  assert.ok(asked > 20)
  assert.ok(Math.min(...hammered) < 1000)
})
