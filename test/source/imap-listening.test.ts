/** POP3 that hears of new mail by IMAP: how often it rings, and when it gives way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { listenByImap } from '../../src/source/imap-listening.ts'
import type { Source, SourceSession } from '../../src/source/source.ts'
import { PlayedClock } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'
import { never } from './imap-harness.ts'

const minute = 60_000

function setting() {
  const clock = new PlayedClock()
  const played = { isBusy: false, rings: 0, watches: 0, ring: (): void => {} }
  const pop3: Source = {
    protocol: 'pop3',
    countsLogins: true,
    open: async () => {
      if (played.isBusy) throw new Fault('source.busy', { facts: { host: 'mail.example.jp' } })
      return {} as SourceSession
    },
  }
  const watch: NonNullable<Source['watch']> = (onNews, _onAlive, signal) => {
    played.watches += 1
    played.ring = onNews
    return new Promise((_, reject) => {
      const end = (): void => reject(signal.reason)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }
  const source = listenByImap(pop3, { watch }, clock)
  const listen = (signal = never): Promise<unknown> => {
    const onNews = (): void => {
      played.rings += 1
    }
    return source.watch?.(onNews, () => {}, signal).catch((error: unknown) => error) ?? assert.fail()
  }
  return { clock, played, source, listen }
}

test('mail after mail rings at once and then every ten seconds, and the last one is not forgotten', async () => {
  const { clock, played, listen } = setting()
  const abort = new AbortController()
  const ended = listen(abort.signal)
  await until(() => played.watches === 1, 'the watch')
  for (let mail = 0; mail < 50; mail += 1) played.ring()
  assert.equal(played.rings, 1)
  clock.pass(10_000)
  await until(() => played.rings === 2, 'the later ones')
  clock.pass(minute)
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(played.rings, 2)
  played.ring()
  assert.equal(played.rings, 3)
  played.ring()
  abort.abort(new Error('enough'))
  assert.equal(String(await ended), 'Error: enough')
  clock.pass(minute)
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(played.rings, 3, 'nothing rings behind its end')
})

test('a maildrop that is locked while IMAP listens is left to POP3 alone, for longer each time', async () => {
  const { clock, played, source, listen } = setting()
  const lockedFor = async (): Promise<unknown> => {
    const ended = listen()
    played.isBusy = true
    await assert.rejects(source.open(never), { code: 'source.busy' })
    played.isBusy = false
    return await ended
  }
  assert.equal(((await lockedFor()) as Fault).code, 'source.busy')
  await source.open(never)
  clock.pass(59 * minute)
  assert.equal(((await listen()) as Fault).code, 'source.busy')
  assert.equal(played.watches, 1)
  clock.pass(2 * minute)
  assert.equal(((await lockedFor()) as Fault).code, 'source.busy')
  assert.equal(played.watches, 2)
  clock.pass(119 * minute)
  assert.equal(((await listen()) as Fault).code, 'source.busy')
  clock.pass(2 * minute)
  const abort = new AbortController()
  const ended = listen(abort.signal)
  assert.equal(played.watches, 3)
  // It opens while IMAP listens: somebody else had it locked.
  await source.open(never)
  abort.abort(new Error('enough'))
  await ended
  await lockedFor()
  clock.pass(61 * minute)
  const last = new AbortController()
  void listen(last.signal)
  assert.equal(played.watches, 5)
  last.abort()
})

test('a lock that is met while nobody listens changes nothing', async () => {
  const { played, source, listen } = setting()
  played.isBusy = true
  await assert.rejects(source.open(never), { code: 'source.busy' })
  const abort = new AbortController()
  void listen(abort.signal)
  assert.equal(played.watches, 1)
  abort.abort()
})
