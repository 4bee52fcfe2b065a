/** What the tests of the fault matrix have in common. */
import assert from 'node:assert/strict'
import { isOfApi } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { runDaemon } from '../../src/daemon.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import type { MessageRow } from '../../src/journal/journal.ts'
import { type Attempt, attemptPull } from '../../src/pull/attempt.ts'
import type { PullPorts } from '../../src/pull/context.ts'
import type { ImapServer } from '../servers/imap-server.ts'
import { type InProcess, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import type { Pop3Server } from '../servers/pop3-server.ts'
import { startWorld, type World, type WorldOptions } from '../servers/world.ts'
import { type Case, judge, watchRemovals } from './oracle.ts'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A message of its own; `octets` is roughly its length. */
export function mail(name: string, octets = 200, fields = `Message-ID: <${name}@example.net>\r\n`): Buffer {
  const line = 'The quick brown fox jumps over the lazy dog, and back again.\r\n'
  return Buffer.from(
    `From: a@example.net\r\n${fields}Subject: ${name}\r\n\r\n${line.repeat(Math.ceil(octets / line.length))}`,
    'latin1',
  )
}

/** A message without a Message-ID. */
export const nameless = (name: string): Buffer => mail(name, 200, '')

export interface Play {
  readonly world: World
  /** The bridge, opened now; closed and opened anew by `restart`. */
  app: InProcess
  readonly clock: PlayedClock
  readonly put: Buffer[]
  deliver(...messages: readonly Buffer[]): Promise<void>
  /** Another process on the same state directory, perhaps configured otherwise. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>
  /** The journal's rows of the first mailbox, by stage. */
  stages(): Promise<Readonly<Record<string, number>>>
  /** Everything logged by all processes so far. */
  printed(): string
  /** O1, O2, O3 and O5; and O6: two more pulls upload nothing and remove nothing more. */
  judge(more?: Partial<Case>): Promise<void>
}

/** Runs `story` between a source and a Gmail stand-in, and lets go of everything. */
export async function play(
  options: Partial<WorldOptions> & { readonly more?: Readonly<Record<string, string>> },
  story: (play: Play) => Promise<void>,
): Promise<void> {
  const clock = new PlayedClock()
  const world = await startWorld({ protocol: 'pop3', ...options, gmail: { clock, ...options.gmail } })
  const early = watchRemovals(world)
  let app = await openInProcess(world, { clock, env: options.more ?? {} })
  let earlier = ''
  const put: Buffer[] = []
  const name = (): string => app.bridge.mailboxes[0]?.mailbox.name ?? ''
  const self: Play = {
    world,
    get app() {
      return app
    },
    clock,
    put,
    async deliver(...messages) {
      for (const octets of messages) {
        put.push(octets)
        await world.source.deliver(octets)
      }
    },
    async restart(env) {
      earlier += app.log()
      await app.close()
      app = await openInProcess(world, { clock, env: { ...options.more, ...env } })
    },
    stages: async () =>
      Object.fromEntries(Object.entries(await app.journal.counts(name())).filter(([, n]) => n > 0)),
    printed: () => earlier + app.log(),
    async judge(more = {}) {
      const all = {
        world,
        put,
        early,
        repeated: await app.journal.repeatedCount(name()),
        printed: self.printed(),
        ...more,
      }
      await judge(all)
      const uploads = world.gmail.accepted.length
      for (let i = 0; i < 2; i++) {
        clock.pass(minute)
        await app.pull()
      }
      assert.equal(world.gmail.accepted.length, uploads, 'O6: another run changes nothing')
      await judge(all)
      const sentence = await app.journal.conservation(name())
      const { listed, imported, merged, refused, pending, ignored, gone } = sentence
      assert.equal(
        imported + merged + refused + pending + ignored + gone,
        listed,
        'every message is accounted for',
      )
    },
  }
  try {
    await story(self)
  } finally {
    await app.close()
    await world.stop()
  }
}

export const portsOf = (app: InProcess): PullPorts => {
  const [ports] = app.bridge.mailboxes
  if (ports === undefined) throw new Error('no mailbox')
  return ports
}

const never = new AbortController().signal

/** One pull with some ports replaced, or with a budget. */
export const pullWith = (
  app: InProcess,
  more: Partial<PullPorts>,
  budgetMs = Number.POSITIVE_INFINITY,
): Promise<Attempt> =>
  attemptPull(
    { ...portsOf(app), ...more },
    { signal: never, stopping: never, budgetMs, reason: 'test', onProgress: () => {} },
    false,
  )

/** One pull with a Gmail adapter that gives up a silent server after a moment; its timers do not follow a played clock. */
export async function pullImpatiently(self: Play): Promise<Attempt> {
  const { accounts, endpoints } = await loadConfig({ env: { ...self.world.env }, cwd: self.world.folder })
  const [account] = accounts
  if (account === undefined || !isOfApi(account)) throw new Error('no account')
  const deadlines = { progressMs: 150, answerMs: 150 }
  const gmail = makeGmail({ account, endpoints, clock: self.clock, deadlines })
  try {
    return await pullWith(self.app, { gmail })
  } finally {
    await gmail.close()
  }
}

/** The code of the fault that a pull ended with; 'none' where it came to its end. */
export const codeOf = (made: Attempt): string =>
  made.kind === 'failed' ? made.fault.code : made.kind === 'pulled' ? 'none' : made.kind

/**
 * Passes time until `work` is done, from when `begin` says so: deadlines that would take minutes take milliseconds.
 * Small steps, or a late begin, keep a busy machine from running into deadlines that nobody meant.
 */
export async function hurry<T>(
  clock: PlayedClock,
  stepMs: number,
  work: Promise<T>,
  begin = () => true,
): Promise<T> {
  const timer = setInterval(() => {
    if (begin()) clock.pass(stepMs)
  }, 20)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}

/** The server of a play over POP3. */
export function pop3Of({ world }: Play): Pop3Server {
  const { pop3 } = world.source
  assert.ok(pop3, 'not a POP3 world')
  return pop3
}

/** The server of a play over IMAP. */
export function imapOf({ world }: Play): ImapServer {
  const { imap } = world.source
  assert.ok(imap, 'not an IMAP world')
  return imap
}

/** How often an upload reached Gmail, whatever came of it. */
export const uploads = ({ world }: Play): number => world.gmail.ledger.of('import').length

/** How many messages with these octets Gmail holds. */
export const copies = ({ world }: Play, octets: Buffer): number =>
  world.gmail.stored().get(sha256(octets)) ?? 0

export async function rowOf({ app }: Play, id: number): Promise<MessageRow> {
  const row = await app.journal.row(id)
  assert.ok(row, `no row ${id}`)
  return row
}

/** The daemon runs while `story` does. */
export async function whileRunning(
  self: Play,
  story: (attempts: () => number) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  let attempts = 0
  const afterAttempt = (): void => {
    attempts += 1
  }
  const running = runDaemon(self.app.bridge, stop.signal, new AbortController().signal, { afterAttempt })
  try {
    await story(() => attempts)
  } finally {
    stop.abort()
    await running
  }
}
