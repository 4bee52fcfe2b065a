import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeUnits } from '../../src/service/systemd.ts'
import { requireServer } from '../servers/required.ts'
import { installed } from '../vault/session-bus.ts'

const header = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'
const launcher = fileURLToPath(new URL('under-filter.py', import.meta.url))
const possible =
  process.arch === 'x64' && existsSync(header) && (await installed('systemd-analyze', 'python3'))
const skip = requireServer('seccomp by systemd-analyze and python3', possible)

interface Ran {
  readonly code: number
  readonly output: string
}

function underFilter(filters: readonly string[], ...command: string[]): Promise<Ran> {
  return new Promise(resolve => {
    const args = [launcher, header, ...filters, '--', ...command]
    execFile('python3', args, { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}

/** What hikyaku does with its machine: network, journal, durable files, timers, threads, and a child process. */
const work = `
import { DatabaseSync } from 'node:sqlite'
import { createServer, connect } from 'node:net'
import { lookup } from 'node:dns/promises'
import { open, rename, mkdir } from 'node:fs/promises'
import { scrypt } from 'node:crypto'
import { execFileSync } from 'node:child_process'
const folder = process.argv[1]
const db = new DatabaseSync(folder + '/j.sqlite')
db.exec('pragma journal_mode=wal; pragma synchronous=full; create table t(a); insert into t values (1)')
db.close()
const file = await open(folder + '/a.tmp', 'wx', 0o600)
await file.writeFile('x'); await file.sync(); await file.close(); await rename(folder + '/a.tmp', folder + '/a')
await mkdir(folder + '/deep/er', { recursive: true })
await lookup('localhost')
await new Promise((resolve, reject) => scrypt('a', 'b', 32, error => (error ? reject(error) : resolve())))
await new Promise((resolve, reject) => {
  const server = createServer(socket => socket.end('hello')).listen(0, '127.0.0.1', () => {
    connect(server.address().port, '127.0.0.1').on('data', () => server.close(resolve)).on('error', reject)
  })
})
console.log(execFileSync('/bin/echo', ['all', 'well']).toString().trim())
`

describe("the unit's system call filter", { skip }, () => {
  const unit = makeUnits({ mode: 'daemon', scope: 'system', nodeFile: '/n', cliFile: '/c' })[0]?.text ?? ''
  const filters = [...unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)].flatMap(([, not = '', names = '']) =>
    names.split(' ').map(name => not + name),
  )

  it('lets Node do what hikyaku needs: network, journal, durable files, threads, a child', async () => {
    assert.deepEqual(filters, ['@system-service', '~@privileged', '~@resources'])
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-filter-'))
    const ran = await underFilter(
      filters,
      process.execPath,
      '--no-warnings',
      '--input-type=module',
      '-e',
      work,
      folder,
    )
    await rm(folder, { recursive: true })
    assert.deepEqual(ran, { code: 0, output: 'all well\n' })
  })

  it('stops what it is there to stop (the check can fail)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-filter-'))
    const own = [
      '/usr/bin/env',
      'python3',
      '-c',
      'import os, sys; os.chown(sys.argv[1], os.getuid(), -1)',
      folder,
    ]
    const everything = ['@system-service']
    assert.deepEqual(await underFilter(everything, ...own), { code: 0, output: '' })
    assert.match((await underFilter(filters, ...own)).output, /Operation not permitted/)
    await rm(folder, { recursive: true })
  })
})
