/** Works through `all` in order with at most `most` under way at once. */
export async function inParallel<T>(
  most: number,
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const one = all[next++] as T
      await work(one)
    }
  }
  await Promise.all(Array.from({ length: most }, worker))
}
