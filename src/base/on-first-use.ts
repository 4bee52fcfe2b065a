/**
 * Libraries that a library loads at its start, and that are hardly ever used: they wait on disk until they are. What a
 * process does not use is not in its memory (test/loaded.test.ts).
 */
import { createRequire } from 'node:module'

type Callable = (...given: unknown[]) => unknown
type Newable = new (...given: unknown[]) => object

/**
 * @param start requires the library
 * @param from where it is resolved from, a file's path or URL
 * @param names what is to wait meanwhile: CommonJS modules, of which nothing is read before they are used
 * @returns what `start` does
 */
export function withoutYet<T>(from: string | URL, names: readonly string[], start: () => T): T {
  const require = createRequire(from)
  // What somebody has loaded already is there.
  const paths = names.map(name => require.resolve(name)).filter(path => require.cache[path] === undefined)
  // nodejs.org/api/modules.html, require.cache: "Adding or replacing entries is also possible."
  for (const path of paths) require.cache[path] = { exports: standFor(() => require(path)) } as NodeJS.Module
  try {
    return start()
  } finally {
    for (const path of paths) delete require.cache[path]
  }
}

/**
 * Loads a library for somebody who will hardly need it again.
 * @param name a CommonJS module that has loaded all of its files once it is loaded
 * @returns what it exports, in memory for as long as anything of it is in use
 */
export function loadToForget(from: string | URL, name: string): unknown {
  const require = createRequire(from)
  const before = new Set(Object.keys(require.cache))
  try {
    return require(name)
  } finally {
    for (const path of Object.keys(require.cache)) if (!before.has(path)) delete require.cache[path]
  }
}

/** A function or object that is loaded when it is first asked for anything, but for how it was compiled. */
function standFor(load: () => unknown): unknown {
  let loaded: object | undefined
  const real = (): object => {
    loaded ??= load() as object
    return loaded
  }
  // A function that can be called and newed, as either may be what the library is.
  function stand(): void {}
  return new Proxy(stand, {
    // What TypeScript's compiled `import` asks for first: its own modules are used by the names that they export.
    get: (_, name) => (name === '__esModule' ? undefined : Reflect.get(real(), name)),
    apply: (_, self, given) => Reflect.apply(real() as Callable, self, given),
    construct: (_, given) => Reflect.construct(real() as Newable, given),
  })
}
