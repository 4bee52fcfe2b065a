/** A generator of choices (Numerical Recipes' constants) that are the same each time, so that a case can be looked at. */
export function makeDraw(seed: number): <T>(list: readonly T[]) => T {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  // Small seeds begin alike.
  for (let i = 0; i < 10; i += 1) next()
  return list => list[Math.floor(next() * list.length)] as never
}
