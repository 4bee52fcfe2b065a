/** Family F, "field": a rehearsal writes nothing, needs nothing, and disturbs nobody. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { endOf } from '../servers/hikyaku.ts'
import type { Protocol } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { mail } from './harness.ts'

/** Name, octets and mode of everything in a folder. */
function pictureOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .map(file => {
      const path = join(folder, file.name)
      const { mode } = statSync(path)
      const octets = file.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      return `${file.name} ${mode} ${octets}`
    })
    .sort()
}

const firstOf = (answer: Record<string, unknown>) => (answer.mailboxes as Record<string, unknown>[])[0]

for (const protocol of ['pop3', 'imap'] satisfies Protocol[]) {
  test(`F16: over ${protocol} a dry run before the first pull makes no state directory and says what would come`, async () => {
    const world = await startWorld({ protocol })
    try {
      await world.source.deliver(mail('a'))
      await world.source.deliver(mail('b'))
      const ended = await world.run(['pull', '--dry-run', '--json'])
      assert.equal(ended.code, 0, ended.stderr)
      const first = firstOf(answerOf(ended))
      assert.deepEqual([first?.listed, first?.fresh, first?.left], [2, 2, 0])
      const left = firstOf(
        answerOf(await world.run(['pull', '--dry-run', '--json'], { env: { START_FROM: 'new' } })),
      )
      assert.deepEqual([left?.fresh, left?.left], [0, 2])
      assert.equal(existsSync(world.stateDir), false)
    } finally {
      await world.stop()
    }
  })

  test(`F16: over ${protocol} a dry run changes no octet of the state directory and says what would be settled`, async () => {
    const world = await startWorld({ protocol })
    try {
      await world.source.deliver(mail('a'))
      assert.equal((await world.run(['pull', '--json'])).code, 0)
      await world.source.deliver(mail('b'))
      const before = pictureOf(world.stateDir)
      const ended = await world.run(['pull', '--dry-run', '--json'], { env: { AFTER_IMPORT: 'delete' } })
      assert.equal(ended.code, 0, ended.stderr)
      const first = firstOf(answerOf(ended))
      assert.deepEqual([first?.fresh, first?.toSettle], [1, 1])
      const people = await world.run(['pull', '--dry-run'], { env: { AFTER_IMPORT: 'delete' } })
      assert.match(people.stdout, /would import 1 message[\s\S]*1 message would be deleted or moved/)
      assert.deepEqual(pictureOf(world.stateDir), before)
      assert.equal(world.gmail.accepted.length, 1)
      assert.equal((await world.source.stored()).length, 2)
    } finally {
      await world.stop()
    }
  })

  test(`F16: over ${protocol} a dry run works beside the daemon, which goes on`, async () => {
    const world = await startWorld({ protocol, env: { SCHEDULE: '* * * * * *' } })
    try {
      const daemon = world.start(['run'])
      await world.source.deliver(mail('a'))
      await until(() => world.gmail.accepted.length === 1, 'the first mail')
      for (let n = 0; n < 3; n++) {
        const ended = await world.run(['pull', '--dry-run', '--json'])
        assert.equal(ended.code, 0, ended.stdout + ended.stderr)
        assert.equal(firstOf(answerOf(ended))?.listed, 1)
      }
      await world.source.deliver(mail('b'))
      await until(() => world.gmail.accepted.length === 2, 'the second mail')
      daemon.kill('SIGTERM')
      assert.equal((await endOf(daemon)).code, 0)
    } finally {
      await world.stop()
    }
  })
}
