/**
 * `npm run fleet:notices`: real workers with 200 mailboxes of two hosts, of which one goes away and comes back; a web hook's
 * other side says what a fleet's operator was told. The worker that had told is killed in between. Takes three minutes, since
 * the settings of notices are minutes.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHookServer } from '../test/alerts/hook-server.ts'
import { addOwner, makeFleetAt } from '../test/fleet/fleet-helpers.ts'
import { startGmailServer } from '../test/servers/gmail/gmail-server.ts'
import { endpointsEnv, gmailEnv } from '../test/servers/hikyaku.ts'
import { startImapServer } from '../test/servers/imap-server.ts'
import { startPostgres } from '../test/servers/postgres.ts'
import { until } from '../test/servers/until.ts'
import { makeWorkers } from './fleet/workers.ts'

const password = 'correct horse battery'
const [all, away] = [200, 140]
const beganMs = performance.now()
const say = (text: string): void =>
  void process.stdout.write(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)

const folder = await mkdtemp(join(tmpdir(), 'hikyaku-notices-'))
const [postgres, gmail, hook] = await Promise.all([
  startPostgres({ fsync: 'off' }),
  startGmailServer(),
  startHookServer(),
])
const users = (from: number, to: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`user${from + n}`, password]))
const leaving = await startImapServer({ users: users(0, away) })
const staying = await startImapServer({ users: users(away, all) })
const url = await postgres.newDatabase()
const env = {
  ...endpointsEnv(gmail),
  ...{ FLEET_DATABASE: url, FLEET_KEY_FILE: join(folder, 'fleet.key'), LOG_FORMAT: 'json' },
  ...{ ALERT_WEBHOOK: hook.url, ALERT_AFTER_MINUTES: '1', FLEET_LOGINS_AT_ONCE: '100' },
  FLEET_LOGINS_PER_MINUTE: '1000',
}
const { fleet } = await makeFleetAt({ ...env, STATE_DIR: folder }, folder)
await addOwner(fleet, gmailEnv(gmail))
const put = await fleet.directory.putMailboxes(
  'main',
  Array.from({ length: all }, (_, n) => {
    const { host, port } = n < away ? leaving : staying
    const settings = { protocol: 'imap', host, port, security: 'none', user: `user${n}`, account: 'owner' }
    return {
      ...{ kind: 'mailbox' as const, tenant: 'main', name: `box${n}`, secrets: { password } },
      settings: { ...settings, verify: false, schedule: '* * * * *' },
    }
  }),
)
assert.deepEqual([...new Set(put)], ['added'])
const workers = makeWorkers({ folder, env, ports: [leaving.port, staying.port] })
const running = ['a', 'b', 'c'].map(name => workers.start(name))
const count = async (text: string): Promise<number> =>
  Number((await postgres.ask(url, `SELECT count(*)::int AS n FROM ${text}`))[0]?.n)
const open = `trouble WHERE closed_at_ms IS NULL AND scope = 'mailbox'`
try {
  await until(
    async () => (await count('mailbox WHERE last_good_pull_at_ms IS NOT NULL')) === all,
    'all pulled',
    120_000,
  )
  say(`three workers have pulled ${all} mailboxes`)
  leaving.resetAll()
  await leaving.stop()
  say(`the host of ${away} is gone`)
  await until(async () => (await count(open)) === away, 'all in trouble', 120_000)
  say(`${away} mailboxes are in trouble`)
  await until(() => hook.calls.length > 0, 'a notice', 240_000)
  say(`told: ${hook.calls[0]?.headers.title}\n${hook.calls[0]?.text}`)
  assert.match(String(hook.calls[0]?.headers.title), new RegExp(`and ${away - 1} more`))
  // One that ends before it has remembered what it told would be followed by one that tells it again.
  await until(
    async () => (await count(`${open} AND notice_at_ms IS NOT NULL`)) === away,
    'what was told is remembered',
  )
  const teller = running.find(worker => worker.running.stderr().includes('"event":"noticeSent"'))
  assert.ok(teller)
  await teller.kill()
  say(`worker ${teller.name}, which had told, is killed`)
  const again = await startImapServer({ users: users(0, away), port: leaving.port })
  try {
    await until(async () => (await count(open)) === 0, 'all well', 400_000)
    say('the host is back, and all mailboxes are well')
    await until(() => hook.calls.length > 1, 'an all-clear', 240_000)
    say(`told: ${hook.calls[1]?.headers.title}\n${hook.calls[1]?.text}`)
    assert.match(String(hook.calls[1]?.headers.title), new RegExp(`works again \\(and ${away - 1} more\\)`))
    assert.equal(hook.calls.length, 2)
  } finally {
    await workers.stop()
    await again.stop()
  }
} finally {
  await workers.stop()
  await fleet.close()
  await Promise.all([staying.stop(), gmail.close(), hook.stop(), postgres.stop()])
  await rm(folder, { recursive: true, force: true })
}
say(`${hook.calls.length} notices of ${away} mailboxes of ${all}`)
