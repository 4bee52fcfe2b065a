/** The judge of a fleet sees what it is there for: it is worth nothing where it cannot find fault. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { countAside } from '../../scripts/fleet/aside.ts'
import { keyOf } from '../../scripts/fleet/enrol.ts'
import { findTakeovers, findTogether, judge } from '../../scripts/fleet/judge.ts'
import { MailBook } from '../../scripts/fleet/mail-book.ts'
import { type MailHost, startMailHost } from '../../scripts/fleet/mail-host.ts'
import { Worker } from '../../scripts/fleet/workers.ts'
import type { FaultCode } from '../../src/base/fault.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { stateDirFor } from '../journal/journal-helpers.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import type { Running } from '../servers/hikyaku.ts'
import { keepOutput } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'

const skip = requireServer('dovecot', dovecotMissing())
const preload = fileURLToPath(new URL('../../scripts/fleet/from-address.ts', import.meta.url))

/** Speaks these lines to a server, one after another, and stays until it is killed. */
const client = `
import { connect } from 'node:net'
const [port, ...lines] = process.argv.slice(1)
const socket = connect(Number(port), '127.0.0.1')
socket.on('data', said => {
  process.stdout.write(said)
  const line = lines.shift()
  if (line !== undefined) socket.write(line + '\\r\\n')
})`

describe('the judge of a fleet', { skip }, () => {
  let host: MailHost
  before(async () => {
    host = await startMailHost(4)
  })
  after(() => host.stop())

  /** Logs in from the worker's address, as a process of its own. */
  const logIn = async (from: string, at: number, ...lines: readonly string[]) => {
    const { user, password } = host.boxes[at] ?? { user: '', password: '' }
    const { pop3 } = host.ports
    const words = [String(pop3), `USER ${user}`, `PASS ${password}`, ...lines]
    const child = spawn(
      process.execPath,
      ['--import', preload, '--input-type=module', '-e', client, ...words],
      {
        env: { PATH: process.env.PATH, FROM_ADDRESS: from, FROM_PORTS: String(pop3) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const { stdout } = keepOutput(child)
    await until(() => stdout().split('+OK').length >= 4 + lines.length, 'the answers')
    const exit = once(child, 'exit')
    return async () => {
      child.kill('SIGKILL')
      await exit
    }
  }
  const read = (isSo: () => boolean): Promise<void> =>
    until(async () => {
      await host.book.read()
      return isSo()
    }, 'the end of the session in the log')
  const running = { hasEnded: () => false, kill: () => {}, ended: Promise.resolve() } as unknown as Running
  const workerAt = (name: string, from: string): Worker => new Worker(name, from, running)

  it('sees two workers in one mailbox at once, and not one after the other', async () => {
    const one = workerAt('one', '127.0.1.11')
    const two = workerAt('two', '127.0.1.12')
    for (const [at, isTogether] of [[0, true] as const, [1, false] as const]) {
      const { user = '' } = host.boxes[at] ?? {}
      const leaveFirst = await logIn(one.from, at)
      if (!isTogether) await leaveFirst()
      if (!isTogether) await read(() => host.book.of(user)[0]?.endedMs !== undefined)
      const leaveSecond = await logIn(two.from, at)
      await leaveSecond()
      await leaveFirst()
      await read(() => host.book.of(user).filter(({ endedMs }) => endedMs !== undefined).length === 2)
      assert.deepEqual(
        host.book.of(user).map(({ from }) => from),
        [one.from, two.from],
      )
      const found = findTogether(host.book.of(user), [one, two])
      assert.equal(found.length, isTogether ? 1 : 0, found.join('\n'))
      if (isTogether) assert.match(found[0] ?? '', /two came at .* while one was there/)
    }
  })

  it('tells what the fleet says it has set aside from what is late without a word, or not there', async t => {
    const journal = await openJournal(await stateDirFor(t), 'run', () => {})
    t.after(() => journal.close())
    const open = (user: string, subject: string, code: FaultCode) =>
      journal.troubles.opened(
        { scope: 'message', name: keyOf(user), subject },
        { code, retry: 'owner', facts: {}, atMs: 1 },
      )
    for (const [user, subject, code] of [
      ['a', '1', 'message.poison'],
      ['a', '2', 'message.poison'],
      ['b', '3', 'message.poison'],
      ['c', '4', 'message.gone'],
    ] as const)
      await open(user, subject, code)
    const left = new Map([
      ['a', 3],
      ['c', 1],
    ])
    assert.deepEqual(await countAside(journal, left), { told: 3, atSource: 2, waiting: 2 })
    assert.deepEqual(await countAside(journal, new Map()), { told: 3, atSource: 0, waiting: 0 })
  })

  it('excuses one that was stopped meanwhile, until it has had the time to leave', () => {
    const stopped = workerAt('stopped', '127.0.1.21')
    stopped.pause()
    stopped.wake()
    const next = workerAt('next', '127.0.1.22')
    const session = (from: string, beganMs: number) => ({ user: 'u', from, beganMs, endedMs: undefined })
    const atMs = Date.now()
    const together = (afterMs: number): number =>
      findTogether(
        [session(stopped.from, atMs - 60_000), session(next.from, atMs + afterMs)],
        [stopped, next],
      ).length
    assert.equal(together(0), 0)
    assert.equal(together(6000), 1)
  })

  it('sees what was lost, altered, removed too early, put into the wrong account and put there twice', async () => {
    const accounts = host.boxes.map(({ user }) => `${user}@example.test`)
    const gmail = await startGmailServer({ accounts, rules: { mergeByMessageId: false } })
    const mail = new MailBook(host)
    const [, box] = host.boxes
    assert.ok(box)
    try {
      for (let serial = 0; serial < 4; serial++) await mail.deliver(box)
      const put = async (account: string | undefined, octets: Buffer): Promise<void> => {
        const answer = await fetch(`${gmail.url}upload/gmail/v1/users/me/messages/import?uploadType=media`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${gmail.accessToken(account)}`,
            'content-type': 'message/rfc822',
          },
          body: new Uint8Array(octets),
        })
        assert.equal(answer.status, 200, await answer.text())
      }
      const [first, second, third] = mail.puts
      assert.ok(first && second && third)
      await put(accounts[1], mail.octetsOf(first))
      await put(accounts[1], mail.octetsOf(first))
      await put(accounts[2], mail.octetsOf(second))
      await put(accounts[1], Buffer.concat([mail.octetsOf(third), Buffer.from('more\r\n')]))
      // The second to the fourth leave the mailbox.
      const leave = await logIn('127.0.1.31', 1, 'DELE 2', 'DELE 3', 'DELE 4', 'QUIT')
      await leave()
      await read(() => host.book.removals.length === 3)
      const verdict = await judge({ mail, host, gmail, workers: [] })
      assert.partialDeepStrictEqual(verdict, {
        left: new Map(),
        put: 4,
        imported: 1,
        identical: 1,
        twice: 1,
        lost: 3,
        strange: 2,
        early: 2,
        removed: 3,
      })
    } finally {
      await gmail.close()
    }
  })

  it('tells from the log when another worker came', async () => {
    const killed = workerAt('killed', '127.0.1.41')
    const [, , box, never] = host.boxes
    const leave = await logIn(killed.from, 2)
    await leave()
    const killedAtMs = Date.now()
    await (await logIn('127.0.1.42', 2))()
    await read(() => host.book.of(box?.user ?? '').length === 2)
    const { taken, mailboxes, percentiles } = findTakeovers(host, killed, killedAtMs, [
      box?.user ?? '',
      never?.user ?? '',
    ])
    assert.deepEqual([taken, mailboxes], [1, 2])
    const loginMs = host.book.of(box?.user ?? '').at(-1)?.beganMs ?? 0
    assert.equal(percentiles?.most, loginMs - killedAtMs)
  })
})
