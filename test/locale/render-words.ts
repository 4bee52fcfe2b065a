/** The texts of a catalogue: its strings as they stand, its functions called with sample values. */

/** Stands for whatever a text takes: a number, a name, a list of one, or an object of such. */
const sample: unknown = new Proxy(() => sample, {
  get(_target, key) {
    if (key === Symbol.toPrimitive) return () => '3'
    if (key === Symbol.iterator) return () => ['3'].values()
    if (key === 'length' || key === 'size') return 1
    if (key === 'toString' || key === 'join') return () => '3'
    if (key === 'map' || key === 'flatMap') return (make: (item: unknown) => unknown) => ['3'].map(make)
    if (key === 'filter') return () => ['3']
    if (key === 'toUpperCase' || key === 'replace' || key === 'slice') return () => '3'
    return sample
  },
})

const sampleArguments: readonly (readonly unknown[])[] = [
  [sample, sample, sample, sample],
  [1, 1500, 90_000, 3],
  [3, 0, 60_000, 1],
  ['x', 'y', 'z', 'w'],
  ['x', ['y'], ['z'], ['w']],
]

/** Every text that came out; a function that takes none of the samples gives none. */
export function renderWords(words: unknown): string[] {
  if (typeof words === 'string') return [words]
  if (typeof words === 'function')
    return sampleArguments.flatMap(given => {
      try {
        const said: unknown = words(...given)
        return typeof said === 'function' ? [] : renderWords(said)
      } catch {
        return []
      }
    })
  if (typeof words !== 'object' || words === null) return []
  return Object.values(words).flatMap(renderWords)
}
