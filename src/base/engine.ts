/**
 * How much memory JavaScript's engine takes. A daemon mostly waits, so it is to be small while it waits and quick while
 * there is much to carry. V8 reads these flags whenever it decides, and ignores what it does not know. Once one is set,
 * Node's own code is no longer taken from the cache that it brings along: where a start is to be quick (10 ms), after it.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** V8's own limit for what its optimising compiler takes, octets of bytecode; with 0 it takes nothing. */
const usualLimit = 61_440
/** With haste code is optimised, and several threads collect; without it waking them takes longer than what there is to collect. */
function setHaste(isHasty: boolean): void {
  setFlagsFromString(`--max-optimized-bytecode-size=${isHasty ? usualLimit : 0}`)
  setFlagsFromString(isHasty ? '--parallel-scavenge' : '--no-parallel-scavenge')
}

/**
 * The space for new objects would grow to 32 MiB and more while a large message streams through, and never be given
 * back: collected more often, 100 MiB pass in about 30 MiB above idle where it took up to 80, at the same speed.
 */
export const keepYoungSpaceSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1')

let waits = false
let hasty = 0
let isUntidy = true

/** For a process that will mostly wait: the optimising compiler, 11 MiB by itself, is left out but for `withHaste`. */
export function keepSmall(): void {
  waits = true
  setHaste(false)
  // The compiler before it takes Node's own functions in spite of that limit. For good: not every Node has it on.
  setFlagsFromString('--no-maglev')
}

/**
 * Empties the space for new objects, 0.4 ms, where nobody waits: what one mail leaves there nearly fills it, so that the next
 * would be stopped for it in mid-way.
 */
export const collectYoung = (): void => collect({ type: 'minor' })

type Collect = (how: { type: 'minor' | 'major'; execution?: 'sync'; flavor?: 'last-resort' }) => void
let collector: Collect | undefined

/** V8's own call, which a process has only where it is asked for. */
function collect(...how: Parameters<Collect>): void {
  if (collector === undefined) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('globalThis.gc') as Collect | undefined
    setFlagsFromString('--no-expose-gc')
  }
  collector?.(...how)
}

/** Lets code be optimised while `work` goes on: a backlog comes half as quick again with it. */
export async function withHaste<T>(work: () => Promise<T>): Promise<T> {
  if (!waits) return work()
  hasty += 1
  setHaste(true)
  try {
    return await work()
  } finally {
    hasty -= 1
    isUntidy = true
    if (hasty === 0) setHaste(false)
  }
}

/** So long nothing may begin or end. */
const usualRestMs = 5000

/** What a start left behind is given back after so long at the latest: where many mailboxes wait there is no rest. */
const usualMostMs = 60_000

/** V8's own number of collections that compiled code outlives unused. */
const usualAge = 6
const forgetCode = (age: number, isAll: boolean): void => {
  setFlagsFromString(`--bytecode-old-age=${age}`)
  setFlagsFromString(isAll ? '--flush-baseline-code' : '--no-flush-baseline-code')
}

/**
 * Gives back what a start, or much mail, has left behind: 3 to 10 MiB, which V8 would keep, at 60 ms of the thread; among
 * it 2 to 4 MiB of compiled code that will hardly run again. The next mail compiles its part anew, once, in 15 ms or so.
 * @returns to be called at whatever happens; it happens once nothing has for a while, and only after much; the first time
 * `mostMs` after this call at the latest
 */
export function makeTidying(restMs = usualRestMs, mostMs = usualMostMs): { happened(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  /** When it is not to wait for rest any more, ms of performance.now(). */
  let latestMs = performance.now() + mostMs
  const tidyUp = (): void => {
    if (hasty > 0) return
    latestMs = Number.POSITIVE_INFINITY
    isUntidy = false
    forgetCode(1, true)
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    forgetCode(usualAge, false)
  }
  return {
    happened() {
      clearTimeout(timer)
      if (isUntidy) timer = setTimeout(tidyUp, performance.now() > latestMs ? 0 : restMs).unref()
    },
    stop: () => clearTimeout(timer),
  }
}
