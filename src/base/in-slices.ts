/** A long loop in slices, so that the event loop (another mailbox, a signal, the sign of life) never waits for it. */
const usualSlice = 10_000

/** Lets the event loop do what waits. */
export const endSlice = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Calls `work(from, to)` for slices of 0 to `count`, one a turn of the event loop. */
export async function inSlices(
  count: number,
  work: (from: number, to: number) => unknown,
  slice = usualSlice,
): Promise<void> {
  for (let from = 0; from < count; from += slice) {
    if (from > 0) await endSlice()
    await work(from, Math.min(from + slice, count))
  }
}

/** The numbers in ascending order; a million take well under 0.2 s whatever their order was. */
export function inOrder(numbers: Iterable<number>): Float64Array {
  return Float64Array.from(numbers).sort()
}
