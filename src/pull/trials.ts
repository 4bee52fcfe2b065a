/**
 * How many suspects (under-way.ts) a process may have in hand at once, in all its mailboxes: a few of those that were seen at
 * one end only, since nearly all of them are innocent; of those that were seen at more, one, and no other beside it, so that
 * the next end speaks of it alone. Who comes first is served first: neither kind keeps the other waiting for ever.
 */

/** So many that were seen at one end only. */
export const suspectsAtOnce = 6

export interface Trials {
  /**
   * @param isSole no other one may be in hand
   * @param waiting waits for its turn until this aborts; without it nothing is waited for
   * @returns gives the place back; undefined where there was none
   */
  enter(isSole: boolean, waiting?: AbortSignal): Promise<(() => void) | undefined>
}

interface Waiter {
  readonly places: number
  begin(): void
}

export function makeTrials(): Trials {
  let free = suspectsAtOnce
  const queue: Waiter[] = []
  const serve = (): void => {
    for (let first = queue[0]; first !== undefined && first.places <= free; first = queue[0]) {
      queue.shift()
      free -= first.places
      first.begin()
    }
  }
  const makeLeave = (places: number): (() => void) => {
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      free += places
      serve()
    }
  }
  return {
    async enter(isSole, waiting) {
      const places = isSole ? suspectsAtOnce : 1
      if (queue.length === 0 && places <= free) {
        free -= places
        return makeLeave(places)
      }
      if (waiting === undefined || waiting.aborted) return undefined
      return new Promise(resolve => {
        const giveUp = (): void => {
          queue.splice(queue.indexOf(waiter), 1)
          resolve(undefined)
          // It may have been the one that held up those behind it.
          serve()
        }
        const waiter: Waiter = {
          places,
          begin() {
            waiting.removeEventListener('abort', giveUp)
            resolve(makeLeave(places))
          },
        }
        waiting.addEventListener('abort', giveUp, { once: true })
        queue.push(waiter)
      })
    },
  }
}
