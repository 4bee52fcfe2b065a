/**
 * What no SIGKILL can show: whether a write would outlive a power cut. So a real process is asked what it synced, and
 * strace, where there is one, what the kernel was told.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireServer } from '../servers/required.ts'
import { startWorld } from '../servers/world.ts'
import { mail } from './harness.ts'

const preload = new URL('durable-preload.ts', import.meta.url).href
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

interface Deed {
  readonly do: 'sync' | 'sync-folder' | 'rename' | 'close'
  readonly name: string
  readonly to?: string
  readonly synchronous?: number
  readonly journal_mode?: string
}

test('A15: the journal syncs each commit, and a file is synced before it takes its name, its folder after', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    await world.source.deliver(mail('one'))
    const HIKYAKU_DURABLE = join(world.folder, 'durable')
    const ended = await world.run(['pull'], { env: { HIKYAKU_DURABLE }, nodeArgs: ['--import', preload] })
    assert.equal(ended.code, 0, ended.stderr)
    const deeds = readFileSync(HIKYAKU_DURABLE, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as Deed)
    const closed = deeds.filter(deed => deed.do === 'close' && deed.name === 'journal.sqlite')
    assert.ok(closed.length > 0, 'the journal was open')
    // sqlite.org/pragma.html: 2 is FULL; NORMAL (1) may lose the last commits of a write-ahead log.
    for (const deed of closed) assert.deepEqual([deed.synchronous, deed.journal_mode], [2, 'wal'])
    const renames = deeds.flatMap((deed, at) => (deed.do === 'rename' ? [{ ...deed, at }] : []))
    assert.ok(renames.length > 0, 'something was written beside the journal')
    for (const { name, to, at } of renames) {
      assert.ok(
        deeds.slice(0, at).some(deed => deed.do === 'sync' && deed.name === name),
        `${to}: its octets`,
      )
      assert.equal(deeds[at + 1]?.do, 'sync-folder', `${to}: its name`)
    }
  } finally {
    await world.stop()
  }
})

const tried = spawnSync('strace', ['-o', '/dev/null', 'true'])
const noStrace = requireServer('strace', tried.error === undefined)
// Not every container lets programs be traced.
const skip = noStrace || (tried.status !== 0 && 'strace may not trace here')

test('A15: the intent is on the disk before the upload leaves, and Gmail’s id before the source is asked', {
  skip,
}, async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
  try {
    await world.source.deliver(mail('one'))
    const out = join(world.folder, 'trace')
    const { PATH = '', HOME = '' } = process.env
    const child = spawn(
      'strace',
      [
        ...['-f', '-y', '-s', '60', '-o', out, '-e', 'trace=fdatasync,fsync,write,writev,sendto'],
        ...[process.execPath, cli, 'pull'],
      ],
      { cwd: world.folder, env: { PATH, HOME, ...world.env }, stdio: 'ignore' },
    )
    const code = await new Promise(resolve => child.once('exit', resolve))
    assert.equal(code, 0)
    const lines = readFileSync(out, 'latin1').split('\n')
    const upload = lines.findIndex(line => line.includes('POST /upload/'))
    const deletion = lines.findIndex(line => /"DELE 1/.test(line))
    assert.ok(upload > 0 && deletion > upload, 'an upload, then a deletion')
    const isSync = (line: string): boolean => /f(data)?sync\(\d+<[^>]*journal\.sqlite-wal>/.test(line)
    assert.ok(lines.slice(0, upload).filter(isSync).length >= 2, 'the intent')
    assert.ok(lines.slice(upload, deletion).some(isSync), 'the answer')
  } finally {
    await world.stop()
  }
})
