/**
 * `hikyaku pull --quiet`, for cron, which mails whatever is printed: nothing while all is well, and of trouble once what
 * the owner should know, not once a minute.
 *
 * What only the owner can end is told at once, what passes by itself after ALERT_AFTER_MINUTES; the same again after a
 * day. Which was told last stands in the journal, and where there is none in a file beside it.
 */
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { troublesOf } from '../alerts/trouble-list.ts'
import { systemClock } from '../base/clock.ts'
import { asFault, type Fault, faultKinds } from '../base/fault.ts'
import { refuseUnusablePlace } from '../base/state-place.ts'
import type { MailboxConfig } from '../config/config.ts'
import { findStateDir } from '../config/place.ts'
import type { Journal, NoteKey, RecordedFault } from '../journal/journal.ts'
import { describeFaultAtEnd } from '../locale/locale.ts'
import { makeLog } from '../log/log.ts'
import { accountsOf } from '../pull/destination.ts'
import { brokenSentence } from './books.ts'
import { loadConfigHere } from './configuration.ts'
import { faultLines, type Invocation } from './invocation.ts'
import { type PullFlags, pullChosen } from './pull.ts'
import { type MailboxAnswer, worstOf } from './pull-answer.ts'
import { openToldFile, type ToldFile } from './told-file.ts'

const againMs = 24 * 3600_000
/** What comes and goes, or changes its face, is told no more often. */
const flappingMs = 3600_000

/** What was printed of a mailbox last, and when; no code where it was well since. */
export interface ToldQuietly {
  readonly code?: string
  readonly atMs: number
}

/** @param failingSinceMs of the mailbox @param toldBefore undefined: nothing yet */
export function isLineDue(
  { code, retry }: Pick<RecordedFault, 'code' | 'retry'>,
  failingSinceMs: number,
  toldBefore: ToldQuietly | undefined,
  afterMinutes: number,
  nowMs: number,
): boolean {
  if (retry !== 'owner' && nowMs - failingSinceMs < afterMinutes * 60_000) return false
  // An instant that lies ahead was written while the clock was wrong.
  if (toldBefore === undefined || toldBefore.atMs > nowMs + 60_000) return true
  return nowMs - toldBefore.atMs >= (toldBefore.code === code ? againMs : flappingMs)
}

export async function pullQuietly(asked: Invocation, flags: PullFlags): Promise<number> {
  const invocation: Invocation = {
    ...asked,
    json: false,
    stdout: nowhere(),
    stderr: nowhere(),
    describe: describeFaultAtEnd,
  }
  const print = (text: string): void => void asked.stderr.write(`${text}\n`)
  let stateDir = findStateDir(asked.env)
  try {
    const { config } = await loadConfigHere(invocation)
    stateDir = config.stateDir
    await refuseUnusablePlace(config.stateDir)
    const log = makeLog({ level: 'silent' })
    const code = await pullChosen(
      invocation,
      { ...flags, yes: true },
      config,
      log,
      true,
      async (answers, { journal }) => {
        for (const answer of answers)
          await tellMailbox(invocation, journal, answer, config.alerts.afterMinutes, print)
        return worstOf(answers)
      },
    )
    toldIn(stateDir).forget()
    return code
  } catch (thrown) {
    const fault = asFault(thrown)
    if (!isOtherAtWork(fault)) {
      const text = faultLines(fault, invocation.language, invocation.describe)
      // Nobody may hang in a disk that does not answer, only to learn what was told: it is told again.
      const usable = fault.code === 'state.hangs' ? undefined : await findTold(stateDir)
      if (usable?.isRecent(text) !== true) {
        print(text)
        usable?.write(text)
      }
    }
    return fault.exitCode
  }
}

/** Another process is at the same mail, or for a moment at the same books: that is well. */
const isOtherAtWork = ({ code }: Fault): boolean =>
  code === 'state.second-instance' || code === 'journal.locked'

async function tellMailbox(
  { words, language, describe }: Invocation,
  journal: Journal,
  { ports, count, fault, conserved, conservation }: MailboxAnswer,
  afterMinutes: number,
  print: (text: string) => void,
): Promise<void> {
  const { name } = ports.mailbox
  if (!conserved) print(`${name}: ${brokenSentence(words, conservation)}`)
  // Each is refused once.
  if (count.refused > 0) print(words.pull.setAside(name, count.refused))
  const key: NoteKey = `told-quietly ${name}`
  const toldBefore = readTold(await journal.note(key))
  const nowMs = systemClock.nowMs()
  const remember = (told: ToldQuietly): Promise<void> => journal.setNote(key, JSON.stringify(told), 'later')
  if (fault === undefined) {
    if (toldBefore?.code !== undefined) await remember({ atMs: toldBefore.atMs })
    return
  }
  const failingSinceMs = (await findTroubleSinceMs(journal, ports.mailbox, fault.code)) ?? nowMs
  const met = { code: fault.code, retry: faultKinds[fault.code]?.retry ?? fault.retry }
  if (!isLineDue(met, failingSinceMs, toldBefore, afterMinutes, nowMs)) return
  print(`${name}: ${faultLines(fault, language, describe)}`)
  await remember({ code: fault.code, atMs: nowMs })
}

/** A folder in trouble leaves the pull a good one, so the mailbox is not failing; the list knows since when. */
async function findTroubleSinceMs(
  journal: Journal,
  mailbox: MailboxConfig,
  code: string,
): Promise<number | undefined> {
  const { name } = mailbox
  const { failingSinceMs } = await journal.mailbox(name)
  if (failingSinceMs !== undefined) return failingSinceMs
  const same = troublesOf(await journal.troubles.list(), name, accountsOf(mailbox)).filter(
    open => open.code === code,
  )
  return same.reduce<number | undefined>((a, { sinceMs }) => Math.min(a ?? sinceMs, sinceMs), undefined)
}

function readTold(note: string | undefined): ToldQuietly | undefined {
  try {
    const value = JSON.parse(note ?? 'null') as ToldQuietly | null
    return typeof value?.atMs === 'number' ? value : undefined
  } catch {
    return undefined
  }
}

/** The last words of a pull that could not be made at all. */
const toldIn = (stateDir: string): ToldFile => openToldFile(join(stateDir, 'told-quietly'))

/** Undefined where nothing can be kept. */
const findTold = (stateDir: string | undefined): Promise<ToldFile | undefined> | undefined =>
  stateDir === undefined
    ? undefined
    : refuseUnusablePlace(stateDir).then(
        () => toldIn(stateDir),
        () => undefined,
      )

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })
