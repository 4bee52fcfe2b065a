/**
 * One after the other, in the order in which they were asked for. What finds nobody before it is begun at once: a
 * statement is then done when the call returns.
 */
export function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const answer = waiting === 0 ? work() : last.then(work)
    waiting += 1
    last = answer.then(
      () => {
        waiting -= 1
      },
      () => {
        waiting -= 1
      },
    )
    return answer
  }
}
