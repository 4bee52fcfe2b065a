/**
 * A source that gives all its messages new names at each listing, and keeps them to itself: it may not fill the
 * journal or the log, nor hold up another mailbox of the process.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { goneKept } from '../../src/journal/journal.ts'
import { perMinute } from '../../src/log/flood.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { endOf, startHikyaku } from '../servers/hikyaku.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { startFairWatch } from '../servers/processor.ts'
import { startRogueServer } from '../servers/rogue-server.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { mail } from './harness.ts'

const account = 'owner@example.test'
const named = goneKept + 1000

const lines = (line: (number: number) => string): string =>
  `+OK\r\n${Array.from({ length: named }, (_, index) => line(index + 1)).join('')}.\r\n`

test('G19: names that are withdrawn at each listing fill neither journal nor log, and another mailbox does not wait', async t => {
  let listings = 0
  const rogue = await startRogueServer('pop3', {
    greeting: '+OK ready\r\n',
    answer([verb]) {
      if (verb === 'CAPA') return '+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n'
      // Another size each time, so that each pull lists everything.
      if (verb === 'STAT') return `+OK ${named} ${named * 100 + listings}\r\n`
      if (verb === 'LIST') return lines(number => `${number} 100\r\n`)
      if (verb === 'UIDL') {
        listings += 1
        return lines(number => `${number} ${listings}-${number}\r\n`)
      }
      return verb === 'RETR' || verb === 'TOP' ? '-ERR [SYS/TEMP] come again\r\n' : '+OK\r\n'
    },
  })
  const gmail = await startGmailServer({ accounts: [account] })
  const innocent = await startPop3Server({ users: { owner: 'secret' } })
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-renaming-'))
  const reach = (port: number) => `host: 127.0.0.1, port: ${port}, security: none, user: owner, verify: no`
  await writeFile(
    join(folder, 'hikyaku.yaml'),
    `
stateDir: state
alertMail: no
accounts:
  - { name: one, address: ${account}, clientId: ${gmail.client.id}, unitsPerMinute: 1200000 }
mailboxes:
  - { name: rogue, account: one, protocol: pop3, ${reach(rogue.port)}, schedule: '* * * * * *' }
  - { name: innocent, account: one, protocol: pop3, ${reach(innocent.port)}, schedule: '* * * * * *' }
`,
  )
  const env = {
    HIKYAKU_CONFIG: 'hikyaku.yaml',
    HIKYAKU_VAULT: 'environment',
    LOG_FORMAT: 'json',
    GMAIL_API_ROOT: gmail.url,
    GOOGLE_AUTH_URL: gmail.authUrl,
    GOOGLE_TOKEN_URL: gmail.tokenUrl,
    GOOGLE_REVOKE_URL: gmail.revokeUrl,
    MAILBOX_ROGUE_PASSWORD: 'secret',
    MAILBOX_INNOCENT_PASSWORD: 'secret',
    GOOGLE_ONE_CLIENT_SECRET: gmail.client.secret ?? '',
    GOOGLE_ONE_REFRESH_TOKEN: gmail.grant(account),
  }
  const daemon = startHikyaku(['run'], { env, cwd: folder })
  t.after(async () => {
    daemon.kill('SIGKILL')
    await endOf(daemon)
    await rogue.close()
    await innocent.close()
    await gmail.close()
    await rm(folder, { recursive: true, force: true })
  })
  // A listing behind three others has been written down when the one behind it is asked for.
  let longestMs = 0
  for (let serial = 0; listings < 4; serial += 1) {
    const octets = mail(`innocent-${serial}`)
    const fairMs = await startFairWatch(daemon.pid)
    innocent.deliver(octets)
    await until(
      () => gmail.stored(account).has(sha256(octets)),
      `innocent: ${daemon.stderr().slice(-999)}`,
      60_000,
    )
    longestMs = Math.max(longestMs, await fairMs())
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  assert.ok(longestMs < 5000, `an innocent mail took ${longestMs} ms`)
  daemon.kill('SIGKILL')
  const { stderr } = await endOf(daemon)
  const journal = new DatabaseSync(join(folder, 'state', 'journal.sqlite'), { readOnly: true })
  t.after(() => journal.close())
  const rows = journal.prepare("SELECT count(*) AS n FROM message WHERE mailbox = 'rogue'").get()?.n
  // Its latest listing, the one before it in part, and the withdrawn ones that are kept.
  assert.ok(Number(rows) <= 2 * named + goneKept, `${rows} rows after ${listings} listings`)
  const listed = journal.prepare("SELECT listed FROM mailbox WHERE name = 'rogue'").get()?.listed
  assert.equal(listed, rows, 'the books hold')
  const events = stderr.split('\n').map(line => /"event":"(\w+)"/.exec(line)?.[1])
  const gone = events.filter(event => event === 'gone').length
  const minutes = Math.ceil(process.uptime() / 60) + 1
  t.diagnostic(`${rows} rows, ${gone} lines of ${named * 3}, innocent after ${longestMs.toFixed(0)} ms`)
  assert.ok(gone <= minutes * perMinute, `${gone} lines`)
})
