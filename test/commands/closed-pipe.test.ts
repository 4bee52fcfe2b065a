/** `hikyaku … | head -1`: whoever reads goes away early, and the command ends without a word about it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openJournal } from '../../src/journal/sqlite.ts'
import { hikyaku } from '../servers/hikyaku.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const box = 'shop@example.jp'
let folder = ''
let env: Record<string, string> = {}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hikyaku-pipe-'))
  env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    HIKYAKU_LANG: 'ja',
    STATE_DIR: join(folder, 'state'),
    MAIL_PROTOCOL: 'imap',
    MAIL_HOST: '127.0.0.1',
    MAIL_PORT: '1',
    MAIL_SECURITY: 'none',
    MAIL_USER: box,
    MAIL_PASSWORD: 'x',
    GMAIL_ACCOUNT: 'owner@gmail.com',
    GOOGLE_CLIENT_ID: 'x',
    GOOGLE_CLIENT_SECRET: 'x',
    GOOGLE_REFRESH_TOKEN: 'x',
  }
  const journal = await openJournal(env.STATE_DIR ?? '', 'run', () => {})
  await journal.beginPull(box, Date.now())
  const added = Array.from({ length: 300 }, (_, n) => ({
    mailbox: box,
    folder: 'INBOX',
    uid: `u${n}`,
    stage: 'listed' as const,
    octetsListed: 10,
    arrivedAtMs: Date.now(),
    seen: false,
    headerSha256: undefined,
  }))
  const nothing = { returned: [], vanished: [], renamed: [], unnamed: [], started: true }
  await journal.recordFolder({
    mailbox: box,
    folder: 'INBOX',
    atMs: Date.now(),
    generation: 1,
    ...nothing,
    added,
  })
  await journal.close()
})
after(() => rm(folder, { recursive: true, force: true }))

/** The other end is closed before the first line is written: each write fails. */
async function leaveAtOnce(args: readonly string[]) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  child.stdout.destroy()
  const [code, signal] = await once(child, 'close')
  return { code, signal, stderr }
}

const whole = (args: readonly string[]) => hikyaku(args, { env, cwd: folder })

for (const args of [['help'], ['status'], ['list', '--waiting'], ['report'], ['doctor']])
  test(`${args.join(' ')} ends quietly, with its own exit code, where nobody reads`, async () => {
    const [{ code }, ended] = await Promise.all([whole(args), leaveAtOnce(args)])
    assert.deepEqual(ended, { code, signal: null, stderr: '' })
  })

test('an answer larger than a pipe ends quietly, where `head` leaves after the first octet', async () => {
  const { stdout } = await hikyaku(['provider', '--json'], { env, cwd: folder })
  assert.ok(stdout.length > 65_536 + 8192, 'a pipe holds it')
  const script = 'set -o pipefail; "$0" "$1" provider --json | head -c 1; echo $?'
  const child = spawn('bash', ['-c', script, process.execPath, cli], { cwd: folder, env })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', text => {
      said[name] += text
    })
  await once(child, 'close')
  assert.deepEqual(said, { stdout: '{0\n', stderr: '' })
})
