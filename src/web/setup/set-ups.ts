/**
 * Set-ups that go on in browsers: one at a time for each session, a few at once, each closed when nobody has answered it
 * for long. What was answered is kept by the set-up itself (setup/kept-answers.ts), so a restart loses passwords only.
 */
import { randomBytes } from 'node:crypto'
import { asFault } from '../../base/fault.ts'
import type { Language } from '../../base/language.ts'
import { describeFault } from '../../locale/locale.ts'
import { SetupLeft } from '../../setup/asker.ts'
import { setupWords } from '../../setup/words.ts'
import { type Events, makeEvents } from '../events.ts'
import { type AskedPage, makePageAsker } from './page-asker.ts'
import { type PageSetupWords, pageSetupWords } from './words.ts'

export const setupParts = ['everything', 'google', 'mailbox', 'password'] as const
export type PagePart = (typeof setupParts)[number]

/** What a browser asks for. */
export interface Wanted {
  readonly part: PagePart
  /** Answers that stand in the address: which mailbox, which account. */
  readonly answers: Readonly<Record<string, string>>
  readonly language: Language
}

export type EndKind = keyof PageSetupWords['ended']

/**
 * Holds the conversation that the terminal would, with the page's asker in its place.
 * @returns how it ended @throws SetupLeft where the owner leaves it; Fault
 */
export type ConverseOnPage = (wanted: Wanted, page: AskedPage, signal: AbortSignal) => Promise<EndKind>

export interface SetUp {
  readonly id: string
  readonly wanted: Wanted
  readonly page: AskedPage
  readonly events: Events
  /** Undefined while it goes on. */
  ended(): { readonly kind: EndKind; readonly lines: readonly string[] } | undefined
  /** Somebody sits there. */
  touch(): void
  leave(): void
}

export interface SetUps {
  /** The latest of this session. */
  of(home: string): SetUp | undefined
  /** In place of the session's latest one; undefined where too many go on. */
  begin(home: string, wanted: Wanted): SetUp | undefined
  /** All that go on, as if their owner left them. */
  leave(): void
  close(): void
}

/** So long an open question waits for an answer, and a page that is over can be read, ms. */
export const idleMs = 30 * 60_000
const mostAtOnce = 4
const mostStreams = 4

export function makeSetUps(converse: ConverseOnPage, waitMs = idleMs): SetUps {
  const latest = new Map<string, SetUp>()
  return {
    of: home => latest.get(home),
    begin(home, wanted) {
      latest.get(home)?.leave()
      latest.delete(home)
      if ([...latest.values()].filter(setUp => setUp.ended() === undefined).length >= mostAtOnce)
        return undefined
      const setUp = beginSetUp(converse, wanted, waitMs, () => {
        if (latest.get(home) === setUp) latest.delete(home)
      })
      latest.set(home, setUp)
      return setUp
    },
    leave() {
      for (const setUp of latest.values()) setUp.leave()
    },
    close() {
      for (const setUp of latest.values()) {
        setUp.leave()
        setUp.events.close()
      }
      latest.clear()
    },
  }
}

function beginSetUp(converse: ConverseOnPage, wanted: Wanted, waitMs: number, onGone: () => void): SetUp {
  const words = pageSetupWords[wanted.language]
  const page = makePageAsker(() => setupWords[wanted.language].empty)
  const stop = new AbortController()
  let ended: ReturnType<SetUp['ended']>
  let isAbandoned = false
  let timer: NodeJS.Timeout | undefined
  const leave = (): void => {
    if (ended === undefined && !page.leave()) stop.abort(new SetupLeft('left'))
  }
  const touch = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (ended !== undefined) return onGone()
      // A pull of a large mailbox takes as long as it takes.
      if (page.open() === undefined) return touch()
      isAbandoned = true
      leave()
    }, waitMs)
    timer.unref()
  }
  const end = (kind: EndKind, lines: readonly string[] = []): void => {
    ended = { kind, lines }
    page.end()
    touch()
  }
  touch()
  converse(wanted, page, stop.signal).then(
    kind => end(kind),
    thrown => {
      if (isAbandoned) return end('abandoned', [words.abandonedHint])
      if (thrown instanceof SetupLeft) return end('left')
      const { what, mail, next } = describeFault(asFault(thrown), wanted.language)
      end('failed', [what, mail, next])
    },
  )
  return {
    id: randomBytes(9).toString('base64url'),
    wanted,
    page,
    events: makeEvents(async () => String(page.version()), { most: mostStreams }),
    ended: () => ended,
    touch,
    leave,
  }
}
