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
import { Fault } from '../../src/base/fault.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { startWorld, type World } from '../servers/world.ts'
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

/** A pull under strace. @returns its exit code, and what the kernel was told: a call stands where it ended */
async function traced(
  world: World,
  inject: readonly string[] = [],
): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
  const out = join(world.folder, 'trace')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(
    'strace',
    [
      ...['-f', '-y', '-s', '60', '-o', out, ...inject],
      ...['-e', 'trace=fdatasync,fsync,pwrite64,write,writev,sendto', process.execPath, cli, 'pull'],
    ],
    { cwd: world.folder, env: { PATH, HOME, ...world.env }, stdio: 'ignore' },
  )
  const code = await new Promise(resolve => child.once('exit', resolve))
  const begun = new Map<string, string>()
  const lines = readFileSync(out, 'latin1')
    .split('\n')
    .flatMap(line => {
      const thread = line.slice(0, line.indexOf(' '))
      if (line.endsWith('<unfinished ...>')) {
        begun.set(thread, line)
        return []
      }
      return / <\.\.\. \w+ resumed>/.test(line) ? [`${begun.get(thread)} ${line}`] : [line]
    })
  return { code, lines }
}

const ofLog = (call: string, line: string): boolean =>
  new RegExp(`${call}\\(\\d+<[^>]*journal\\.sqlite-wal>`).test(line)

test('A15: the intent is on the disk before the upload leaves, and Gmail’s id before the source is asked', {
  skip,
}, async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
  try {
    await world.source.deliver(mail('one'))
    // The disk takes its time, and everything else goes on meanwhile.
    const { code, lines } = await traced(world, ['-e', 'inject=fdatasync:delay_enter=200ms'])
    assert.equal(code, 0)
    const upload = lines.findIndex(line => line.includes('POST /upload/'))
    const deletion = lines.findIndex(line => /"DELE 1/.test(line))
    assert.ok(upload > 0 && deletion > upload, 'an upload, then a deletion')
    const written = lines.findLastIndex((line, at) => at < upload && ofLog('pwrite64', line))
    assert.ok(written > 0, 'the intent is written')
    const isSync = (line: string): boolean => ofLog('f(data)?sync', line) && line.includes('= 0')
    assert.ok(lines.slice(written, upload).some(isSync), 'and on the disk')
    assert.ok(lines.slice(upload, deletion).some(isSync), 'the answer')
  } finally {
    await world.stop()
  }
})

test('A15: an intent that the disk did not take is none: nothing leaves, and the process ends and says so', {
  skip,
}, async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
  try {
    await world.source.deliver(mail('one'))
    const { code, lines } = await traced(world, ['-e', 'inject=fdatasync:error=EIO'])
    assert.ok(lines.some(line => ofLog('fdatasync', line) && line.includes('EIO')))
    assert.equal(code, new Fault('state.io').exitCode)
    // The notice of it is mail, too.
    const copies = (): number => world.gmail.stored().get(sha256(mail('one'))) ?? 0
    assert.equal(copies(), 0)
    assert.equal((await world.run(['pull'])).code, 0)
    assert.equal(copies(), 1)
  } finally {
    await world.stop()
  }
})
