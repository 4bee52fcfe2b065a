/** What is done to a fleet while it works: worker processes and the database are killed, stopped and ended, in turns. */
import { between, pick, type Random } from '../soak/random.ts'

export type Blow =
  /** SIGKILL to so many workers at once; another comes in the place of each, under the same name or a new one. */
  | {
      readonly kind: 'kill'
      readonly workers: number
      readonly backAfterMs: number
      readonly isRenamed: boolean
    }
  /** The database's first process ends by SIGKILL, or at once by SIGQUIT (an immediate shutdown), and is started again. */
  | { readonly kind: 'database'; readonly signal: 'SIGKILL' | 'SIGQUIT'; readonly awayMs: number }
  /** SIGSTOP until its time is long over, then SIGCONT. */
  | { readonly kind: 'pause'; readonly forMs: number }
  /** SIGTERM, and another comes in its place. */
  | { readonly kind: 'end'; readonly backAfterMs: number }

export interface Timed {
  readonly blow: Blow
  /** Until the next one, ms. Some last longer than that. */
  readonly gapMs: number
}

const turns = ['kill', 'database', 'pause', 'database', 'kill', 'end'] as const

/** @param random decides everything: a seed repeats it */
export function planBlows(random: Random, count: number): Timed[] {
  return Array.from({ length: count }, (_, at) => {
    const kind = turns[at % turns.length] ?? 'kill'
    return { blow: planBlow(random, kind), gapMs: between(random, 1000, 14_000) }
  })
}

function planBlow(random: Random, kind: Blow['kind']): Blow {
  switch (kind) {
    case 'kill':
      return {
        kind,
        workers: random() < 0.3 ? 2 : 1,
        backAfterMs: between(random, 0, 14_000),
        isRenamed: random() < 0.5,
      }
    case 'database':
      return {
        kind,
        signal: pick(random, ['SIGKILL', 'SIGQUIT']),
        // Up to some seconds everybody stays where he is; beyond that all is let go.
        awayMs: pick(random, [0, between(random, 1000, 5000), between(random, 6000, 13_000)]),
      }
    case 'pause':
      return { kind, forMs: between(random, 4000, 22_000) }
    case 'end':
      return { kind, backAfterMs: between(random, 0, 8000) }
  }
}
