/**
 * What years of mail cost: a journal with many rows of messages that have come and gone, and the time of a pull with
 * nothing to do and of `status` on it. The rows are copies, with names and digests of their own, of one that a pull
 * wrote.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startWorld, type World } from '../../test/servers/world.ts'
import { build } from './build.ts'
import { mailOf } from './mail.ts'
import { atMost, type BenchOptions, figure, type Measure, median } from './measure.ts'

/** Which columns of a copy are its own; all others are the original's. */
const own: Readonly<Record<string, string>> = {
  uid: "'copy-' || number",
  present: '0',
  sha256: 'lower(hex(randomblob(32)))',
  header_sha256: 'lower(hex(randomblob(32)))',
  bare_sha256: 'lower(hex(randomblob(32)))',
  message_id: "'<' || number || '@growth.example>'",
  gmail_id: "'growth' || number",
  // One every five minutes, ten years back: what came in the last minute counts for Gmail's quota.
  imported_at_ms: 'message.imported_at_ms - number * 300000',
}

async function journalFile(stateDir: string): Promise<string> {
  const names = (await readdir(stateDir, { recursive: true })).filter(name => /\.(db|sqlite3?)$/.test(name))
  const [name] = names
  if (name === undefined || names.length > 1) throw new Error(`which is the journal? ${names.join(', ')}`)
  return join(stateDir, name)
}

/** Fills the journal up to `rows` rows. */
function grow(file: string, rows: number): void {
  const database = new DatabaseSync(file)
  try {
    const columns = database
      .prepare("SELECT name FROM pragma_table_info('message')")
      .all()
      .map(({ name }) => String(name))
      .filter(name => name !== 'id')
    const { count, original } = database
      .prepare('SELECT count(*) AS count, min(id) AS original FROM message')
      .get() as { count: number; original: number }
    database.exec(
      `WITH RECURSIVE numbers (number) AS
         (SELECT ${count + 1} UNION ALL SELECT number + 1 FROM numbers WHERE number < ${rows})
       INSERT INTO message (${columns.join(', ')})
         SELECT ${columns.map(name => own[name] ?? `message.${name}`).join(', ')}
         FROM numbers, message WHERE message.id = ${original}`,
    )
    // What the books of the mailbox have to come to.
    database.exec(`UPDATE mailbox SET listed = listed + ${rows - count}`)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

export async function benchGrowth(options: BenchOptions): Promise<readonly Measure[]> {
  const cli = build(options.tell)
  const world = await startWorld({ protocol: 'pop3', cli })
  try {
    await world.source.deliver(mailOf(1, 4_000))
    await timed(world, ['pull'])
    const file = await journalFile(world.stateDir)
    const measures: Measure[] = []
    const pulls: number[] = []
    for (const rows of options.quick ? [10_000] : [10_000, 100_000, 1_000_000]) {
      options.tell(`growth: a journal of ${rows} rows`)
      grow(file, rows)
      // What the first pull after a jump tidies up is not the cost of the next thousand; a million take a busy machine long.
      await timed(world, ['pull'], 300_000)
      const rounds = Array.from({ length: options.quick ? 2 : 3 })
      const pull: number[] = []
      const status: number[] = []
      for (const _ of rounds) {
        pull.push(await timed(world, ['pull']))
        status.push(await timed(world, ['status']))
      }
      pulls.push(median(pull))
      const { size } = await stat(file)
      measures.push(
        figure(`growth.${rows}.pull`, median(pull), 'ms, a pull with nothing to do'),
        atMost(`growth.${rows}.status`, median(status), 'ms', 300),
        figure(`growth.${rows}.octets`, size / rows, 'octets a row'),
      )
    }
    const [first = Number.NaN] = pulls
    const last = pulls.at(-1)
    if (last !== undefined && pulls.length > 1)
      measures.push(atMost('growth.pull', last / first, 'times, with 100 times the rows', 2))
    return measures
  } finally {
    await world.stop()
  }
}

async function timed(world: World, args: readonly string[], timeoutMs = 120_000): Promise<number> {
  const startMs = performance.now()
  const { code, stderr } = await world.run(args, { timeoutMs })
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stderr.slice(-2_000)}`)
  return performance.now() - startMs
}
