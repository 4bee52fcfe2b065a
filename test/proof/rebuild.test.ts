/** `hikyaku journal check` and `journal rebuild` on journals that were really damaged; the servers' books judge. */
import assert from 'node:assert/strict'
import { copyFile, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { mail, nameless } from '../faults/harness.ts'
import { judge, watchRemovals } from '../faults/oracle.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World, type WorldOptions } from '../servers/world.ts'

const journalOf = (world: World): string => join(world.stateDir, 'journal.sqlite')

interface Scene {
  readonly world: World
  readonly put: Buffer[]
  deliver(...messages: readonly Buffer[]): Promise<void>
  json(args: readonly string[], env?: Record<string, string>): Promise<Record<string, unknown>>
  /** O1, O2, O3 and O5 after one more pull; `repeated` copies were told. */
  judge(repeated?: number): Promise<void>
}

async function scene(options: Partial<WorldOptions>, story: (scene: Scene) => Promise<void>): Promise<void> {
  const world = await startWorld({ protocol: 'pop3', ...options })
  const early = watchRemovals(world)
  const put: Buffer[] = []
  let printed = ''
  const json: Scene['json'] = async (args, env = {}) => {
    const ended = await world.run([...args, '--json'], { env })
    printed += ended.stderr
    return { ...answerOf(ended), code: ended.code }
  }
  try {
    await story({
      world,
      put,
      json,
      async deliver(...messages) {
        for (const octets of messages) {
          put.push(octets)
          await world.source.deliver(octets)
        }
      },
      async judge(repeated = 0) {
        assert.equal((await json(['pull', '--yes'])).code, 0)
        await judge({ world, put, early, repeated, printed })
      },
    })
  } finally {
    await world.stop()
  }
}

const countsOf = (answer: Record<string, unknown>): Record<string, unknown> => {
  const [first] = answer.mailboxes as Record<string, unknown>[]
  assert.ok(first !== undefined)
  return first
}

/** Flips a bit in each of some octets, spread over the file behind its first pages. */
async function flipBits(file: string, from: number, count: number): Promise<void> {
  const { size } = await stat(file)
  const handle = await open(file, 'r+')
  const octet = Buffer.alloc(1)
  for (let i = 0; i < count; i++) {
    const at = Math.floor(from + ((size - from) * i) / count)
    await handle.read(octet, 0, 1, at)
    octet[0] = (octet[0] ?? 0) ^ 0x55
    await handle.write(octet, 0, 1, at)
  }
  await handle.close()
}

const damages: readonly (readonly [string, (file: string) => Promise<void>])[] = [
  ['bits flipped all over', file => flipBits(file, 0, 200)],
  ['bits flipped in its later pages', file => flipBits(file, 60_000, 40)],
  ['its end cut off', async file => truncate(file, (await stat(file)).size - 9000)],
  ['only its first page', file => truncate(file, 4096)],
  ['no octet', file => truncate(file, 0)],
  ['its place empty', file => rm(file)],
]

describe('a journal with', () => {
  for (const [name, damage] of damages) {
    // What can be salvaged matters most where Gmail cannot be asked.
    const ways = /all over|only|no octet/.test(name) ? [reading] : [reading, undefined]
    for (const scopes of ways) {
      const how = scopes === undefined ? 'without' : 'with'
      test(`${name} is refused, and rebuilt ${how} gmail.readonly: nothing lost, nothing twice untold`, () =>
        scene(scopes === undefined ? {} : { scopes }, async self => {
          const { world } = self
          const file = journalOf(world)
          await self.deliver(...Array.from({ length: 60 }, (_, i) => mail(`m${i}`, 300)))
          await self.deliver(nameless('without Message-ID'))
          assert.equal((await self.json(['pull', '--yes'])).code, 0)
          await damage(file)
          const damaged = await readFile(file).catch(() => undefined)
          // What arrived since is new, and stays so.
          await self.deliver(mail('new'))
          assert.equal((await self.json(['journal', 'check'])).code, 78)
          const refused = await self.json(['pull', '--yes'])
          assert.equal(refused.code, 78)
          assert.match(JSON.stringify(refused.fault), /hikyaku journal rebuild/)

          const rebuilt = await self.json(['journal', 'rebuild', '--yes'], { AFTER_IMPORT: 'delete' })
          assert.equal(rebuilt.code, 0, JSON.stringify(rebuilt))
          const counts = countsOf(rebuilt)
          const { listed, imported, merged, ignored, waiting, unknown } = counts as Record<string, number>
          assert.equal(listed, 62)
          const sum = (imported ?? 0) + (merged ?? 0) + (ignored ?? 0) + (waiting ?? 0) + (unknown ?? 0)
          assert.equal(sum, 62)
          if (scopes !== undefined) assert.ok((imported ?? 0) >= 60, JSON.stringify(counts))
          assert.equal((await world.source.stored()).length, 62, 'nothing is deleted at the source')
          assert.equal(world.gmail.accepted.length, 61, 'nothing is imported by it')
          if (damaged === undefined) assert.equal(rebuilt.aside, null)
          else
            assert.deepEqual(await readFile(String(rebuilt.aside)), damaged, 'the old file is kept as it was')
          const kept = (await readdir(world.stateDir)).filter(one => one.startsWith('rebuild-'))
          assert.deepEqual(kept, [])

          await self.judge(unknown)
          assert.equal((await self.json(['journal', 'check'])).state, 'sound')
          assert.equal(world.gmail.stored().size, 62)
          const uploads = world.gmail.accepted.length
          await self.judge(unknown)
          assert.equal(world.gmail.accepted.length, uploads, 'another run changes nothing')
        }))
    }
  }
})

test('after a rebuild only what was found in Gmail leaves the source', () =>
  scene({ protocol: 'imap', scopes: reading }, async self => {
    await self.deliver(mail('a'), mail('b'))
    await self.json(['pull', '--yes'])
    await rm(journalOf(self.world))
    // The same Message-ID, other octets: not what Gmail has.
    const other = Buffer.concat([mail('a'), Buffer.from('another end\r\n')])
    await self.deliver(other)
    const counts = countsOf(await self.json(['journal', 'rebuild', '--yes']))
    assert.deepEqual([counts.imported, counts.waiting], [2, 1])
    await self.json(['pull', '--yes'], { AFTER_IMPORT: 'delete' })
    const left = await self.world.source.stored()
    assert.equal(left.length, 1, 'the one that Gmail has under another text only')
  }))

test('an import that was under way when the journal broke is resolved, and told where it is repeated', () =>
  scene({}, async self => {
    const { world } = self
    await self.deliver(nameless('a'), mail('b'))
    await self.json(['pull', '--yes'])
    const database = new DatabaseSync(journalOf(world))
    database.exec(
      `UPDATE message SET stage = 'importing', gmail_id = NULL, settled_as = NULL, settle_asks = 0; DROP TABLE note`,
    )
    database.close()
    const counts = countsOf(await self.json(['journal', 'rebuild', '--yes']))
    assert.equal(counts.unknown, 2)
    await self.json(['pull', '--yes'])
    const [mailbox] = (await self.json(['status'])).mailboxes as { repeated: number }[]
    assert.equal(mailbox?.repeated, 2)
    await self.judge(2)
  }))

test('a connection that ends now and then does not make it begin again', () =>
  scene({ scopes: reading }, async self => {
    await self.deliver(...Array.from({ length: 12 }, (_, i) => mail(`m${i}`)))
    await self.json(['pull', '--yes'])
    await rm(journalOf(self.world))
    const pop3 = self.world.source.pop3
    assert.ok(pop3 !== undefined)
    let retrieved = 0
    pop3.faults.line = event => {
      if (!/^RETR/i.test(event.line)) return undefined
      retrieved += 1
      return retrieved % 6 === 0 ? 'rst' : undefined
    }
    const counts = countsOf(await self.json(['journal', 'rebuild', '--yes']))
    assert.equal(counts.imported, 12)
    assert.ok(retrieved < 24, `${retrieved} RETR`)
    delete pop3.faults.line
    await self.judge()
  }))

test('START_FROM holds over a rebuild, as far as it was readable', () =>
  scene({ scopes: reading, env: { START_FROM: 'new' } }, async self => {
    await self.deliver(mail('old'))
    await self.json(['pull', '--yes'])
    await self.deliver(mail('new'))
    await self.json(['pull', '--yes'])
    const database = new DatabaseSync(journalOf(self.world))
    database.exec('DROP TABLE account')
    database.close()
    const counts = countsOf(await self.json(['journal', 'rebuild', '--yes']))
    assert.deepEqual([counts.imported, counts.ignored], [1, 1])
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, 1)
  }))

describe('journal rebuild changes nothing', () => {
  const broken = async (self: Scene): Promise<string> => {
    await self.deliver(mail('a'))
    await self.json(['pull', '--yes'])
    await writeFile(journalOf(self.world), 'not a database')
    return (await readdir(self.world.stateDir)).sort().join()
  }

  test('without the owner’s word', () =>
    scene({}, async self => {
      const before = await broken(self)
      const ended = await self.world.run(['journal', 'rebuild'])
      assert.equal(ended.code, 2)
      assert.match(ended.stderr, /--yes/)
      assert.equal((await readdir(self.world.stateDir)).sort().join(), before)
    }))

  test('while the source or Gmail cannot be asked', () =>
    scene({ scopes: reading }, async self => {
      const before = await broken(self)
      const { code } = await self.json(['journal', 'rebuild', '--yes'], { MAIL_PASSWORD: 'wrong' })
      assert.equal(code, 77)
      await self.world.gmail.goOffline()
      assert.equal((await self.json(['journal', 'rebuild', '--yes'])).code, 69)
      await self.world.gmail.goOnline()
      assert.equal((await readdir(self.world.stateDir)).sort().join(), before)
      assert.equal(await readFile(journalOf(self.world), 'latin1'), 'not a database')
    }))

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`when ${signal} ends it half-way; the next one sweeps up and is done`, () =>
      scene({}, async self => {
        const before = await broken(self)
        const { pop3 } = self.world.source
        assert.ok(pop3 !== undefined)
        let asked = false
        pop3.faults.line = event => {
          if (!/^RETR/i.test(event.line)) return undefined
          asked = true
          return 'silence'
        }
        const rebuild = self.world.start(['journal', 'rebuild', '--yes'])
        await until(() => asked, 'the first RETR')
        rebuild.kill(signal)
        const ended = await rebuild.ended
        delete pop3.faults.line
        const left = (await readdir(self.world.stateDir)).filter(
          name => !/^(rebuild-|instance\.lock-)/.test(name),
        )
        assert.equal(left.sort().join(), before)
        if (signal === 'SIGTERM') {
          assert.equal(ended.code, 75)
          assert.match(ended.stderr, /Nothing was changed/)
        }
        assert.equal((await self.json(['journal', 'rebuild', '--yes'])).code, 0)
        assert.deepEqual(
          (await readdir(self.world.stateDir)).filter(name => name.startsWith('rebuild-')),
          [],
        )
        await self.judge()
      }))
  }

  test('while an instance runs', () =>
    scene({}, async self => {
      await self.deliver(mail('a'))
      const daemon = self.world.start(['run'])
      await until(() => self.world.gmail.accepted.length === 1, 'the daemon to pull')
      assert.equal((await self.json(['journal', 'rebuild', '--yes'])).code, 75)
      assert.equal((await self.json(['journal', 'check'])).state, 'sound')
      daemon.kill('SIGTERM')
      await daemon.ended
    }))

  test('of a sound journal, or one of a newer hikyaku', () =>
    scene({}, async self => {
      await self.deliver(mail('a'))
      await self.json(['pull', '--yes'])
      const answer = await self.json(['journal', 'rebuild', '--yes'])
      assert.deepEqual([answer.code, answer.rebuilt], [0, false])
      const database = new DatabaseSync(journalOf(self.world))
      database.exec('PRAGMA user_version = 99')
      database.close()
      assert.equal((await self.json(['journal', 'rebuild', '--yes'])).code, 78)
      assert.equal((await self.json(['journal', 'check'])).code, 78)
    }))
})

describe('journal check', () => {
  test('says what is wrong with rows, in both languages, and changes no octet', () =>
    scene({}, async self => {
      const { world } = self
      assert.equal((await self.json(['journal', 'check'])).state, 'none')
      await self.deliver(mail('a'), mail('b'), mail('c'), mail('d'))
      await self.json(['pull', '--yes'])
      const sound = await self.json(['journal', 'check'])
      assert.deepEqual([sound.code, sound.state, sound.messages], [0, 'sound', 4])
      const file = journalOf(world)
      const database = new DatabaseSync(file)
      database.exec(`
        UPDATE message SET gmail_id = NULL WHERE id = 1;
        UPDATE message SET merged_into = 77 WHERE id = 2;
        UPDATE message SET stage = 'listed', settle_asks = 1, gmail_id = NULL WHERE id = 3;
        UPDATE message SET stage = 'gone' WHERE id = 4;
        UPDATE mailbox SET listed = 9`)
      database.close()
      const copy = `${file}.copy`
      await copyFile(file, copy)
      const answer = await self.json(['journal', 'check'])
      assert.equal(answer.code, 78)
      assert.deepEqual((answer.problems as { problem: string }[]).map(one => one.problem).sort(), [
        'gone-but-present',
        'merged-into-nothing',
        'no-gmail-id',
        'not-conserved',
        'settled-too-early',
      ])
      const people = await world.run(['journal', 'check'])
      assert.match(people.stdout, /1 imported message without Gmail's id.*No\. 1/)
      assert.match((await world.run(['journal', 'check', '--lang', 'ja'])).stdout, /記録に問題があります/)
      assert.deepEqual(await readFile(file), await readFile(copy))
    }))
})
