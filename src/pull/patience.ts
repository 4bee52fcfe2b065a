/**
 * Deadlines that learn. There are servers that need 75 s for PASS or for opening a large folder and are silent
 * meanwhile; who gives up after 60 s makes them begin anew, for ever. So a phase that ran into its deadline gets
 * longer the next time, 60, 180 and 600 s, for this mailbox alone, and the usual time again when the longer one was
 * not needed for some days. Kept in the journal; `doctor` shows it.
 *
 * Waiting for a sign of life (IDLE, NOOP of a watch) is not among the phases: there silence means that nobody is there.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Journal, NoteKey } from '../journal/journal.ts'
import type { Patience, Source, SourceSession } from '../source/source.ts'

const stepsMs = [60_000, 180_000, 600_000] as const
const keptMs = 3 * 24 * 3600_000
const opening = ['lookup', 'connect', 'tls', 'greeting', 'starttls', 'login', 'folders'] as const
const listing = ['select', 'list'] as const
const phases = [...opening, ...listing, 'retrieve', 'peek', 'settle', 'quit', 'command'] as const

/** What one phase is given, ms, and when (ms since 1970) it needed that last. */
export interface Learned {
  readonly ms: number
  readonly neededAtMs: number
}

type Books = Pick<Journal, 'note' | 'setNote'>

const noteOf = (mailbox: string): NoteKey => `patience ${mailbox}`

/** The phases of a mailbox that are given more than the usual time, by name. */
export async function learnedDeadlines(
  journal: Pick<Journal, 'note'>,
  mailbox: string,
  nowMs: number,
): Promise<Readonly<Record<string, Learned>>> {
  try {
    const kept = JSON.parse((await journal.note(noteOf(mailbox))) ?? '{}') as Record<string, Learned>
    return inForce(kept, nowMs)
  } catch {
    return {}
  }
}

function inForce(learned: Readonly<Record<string, Learned>>, nowMs: number): Record<string, Learned> {
  return Object.fromEntries(
    Object.entries(learned).filter(
      ([, { ms, neededAtMs }]) => Number(ms) <= 600_000 && Math.abs(nowMs - neededAtMs) < keptMs,
    ),
  )
}

export interface DeadlineMemory {
  readonly patience: Patience
  /** The same source; what it does is noted here. */
  watching(source: Source): Source
}

/** What the journal knows is read once: nobody else writes it while this process holds the journal. */
export async function makeDeadlineMemory(
  journal: Books,
  mailbox: string,
  clock: Clock,
): Promise<DeadlineMemory> {
  let known = await learnedDeadlines(journal, mailbox, clock.nowMs())
  const learned = (): Readonly<Record<string, Learned>> => inForce(known, clock.nowMs())
  const keep = async (phase: string, ms: number): Promise<void> => {
    known = { ...learned(), [phase]: { ms, neededAtMs: clock.nowMs() } }
    await journal.setNote(noteOf(mailbox), JSON.stringify(known))
  }
  const learn = async (error: unknown): Promise<void> => {
    if (!(error instanceof Fault) || error.code !== 'source.timeout') return
    const phase = phases.find(name => name === error.facts.phase)
    const { seconds } = error.facts
    // Without seconds it was the operating system that gave up.
    if (phase === undefined || typeof seconds !== 'number') return
    await keep(phase, stepsMs.find(ms => ms > seconds * 1000) ?? 600_000)
  }
  /** Whether one of these phases needed more than the step below is not known alone, only that all took so long. */
  const noteNeed = async (ofWork: readonly string[], tookMs: number): Promise<void> => {
    for (const [phase, { ms, neededAtMs }] of Object.entries(learned())) {
      const below = stepsMs.findLast(step => step < ms) ?? 0
      // Once an hour is often enough to keep it for days.
      if (ofWork.includes(phase) && tookMs > below && clock.nowMs() - neededAtMs > 3600_000)
        await keep(phase, ms)
    }
  }
  const observe = async <T>(ofWork: readonly string[], work: () => Promise<T>): Promise<T> => {
    const beganMs = clock.monotonicMs()
    try {
      const outcome = await work()
      await noteNeed(ofWork, clock.monotonicMs() - beganMs)
      return outcome
    } catch (error) {
      await learn(error)
      throw error
    }
  }
  const watchSession = (session: SourceSession): SourceSession => ({
    ...(session.standsUnchanged && {
      standsUnchanged: (...given: Parameters<NonNullable<SourceSession['standsUnchanged']>>) =>
        observe(listing, async () => session.standsUnchanged?.(...given)),
    }),
    abilities: session.abilities,
    folders: session.folders,
    get usable() {
      return session.usable
    },
    get droppedAtMessage() {
      return session.droppedAtMessage
    },
    news: session.news,
    foresee: upcoming => session.foresee?.(upcoming),
    list: (...given) => observe(listing, () => session.list(...given)),
    retrieve: (...given) => observe(['retrieve'], () => session.retrieve(...given)),
    peekHeader: (...given) => observe(['peek'], () => session.peekHeader(...given)),
    settle: (...given) => observe(['settle', 'command'], () => session.settle(...given)),
    close: () => observe(['quit'], () => session.close()),
    abandon: () => session.abandon(),
  })
  return {
    patience: phase => learned()[phase]?.ms,
    watching(source) {
      const { watch, expectWatch } = source
      return {
        protocol: source.protocol,
        countsLogins: source.countsLogins,
        ...(expectWatch && { expectWatch }),
        open: async (...given) => watchSession(await observe(opening, () => source.open(...given))),
        ...(watch && {
          watch: (...given: Parameters<typeof watch>) =>
            watch(...given).catch(async error => {
              await learn(error)
              throw error
            }),
        }),
      }
    },
  }
}
