/** Which words of a catalogue somebody reads: found by their names in the source, since a catalogue is plain data. */

export interface Catalogue {
  readonly name: string
  /** The English one; it owns the keys. */
  readonly words: object
  /** Files that may read it. */
  readonly readers: RegExp
}

/** Comments name words that nobody reads any more. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1')

/**
 * Paths of words that no reader names. A word counts as read where its group stands before it (`retry.nothing`),
 * where it is taken out of its group (`const { nothing } = words.retry`, also under another name), or with its whole
 * group: handed on (`note(words.noIdle)`), or read by a key that comes from elsewhere (`words.stages[stage]`), which
 * the compiler holds to the keys that there are.
 */
export function unreadWords({ words }: Pick<Catalogue, 'words'>, texts: readonly string[]): string[] {
  const unread = new Set(pathsIn(words))
  for (const text of texts) for (const path of pathsReadIn(withoutComments(text), words)) unread.delete(path)
  return [...unread]
}

function pathsIn(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [path.join('.')]
  return Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))
}

/** A name that a file gives to something: `const { nothing } = words.retry`, `const t = words.retry`. */
interface Naming {
  readonly name: string
  /** What is named, as the source has it: `words.retry.nothing`. */
  readonly of: string
}

/** Every naming of a file, also that of a parameter by its type. */
function namingsIn(code: string): Naming[] {
  const destructured = [...code.matchAll(/\{([^{}]*)\} = ([^\n]*)\n/g)].flatMap(([, inner = '', of = '']) =>
    inner.split(',').map(part => {
      const [key = '', name = key] = part.trim().split(': ')
      return { name, of: `${of}.${key}` }
    }),
  )
  const assigned = [...code.matchAll(/\b(\w+)(?: =|:) ([^\n]+?),?\n/g)]
  const typed = [...code.matchAll(/\b(\w+): \w*Words((?:\['\w+'\])+)/g)].map(([, name = '', keys = '']) => ({
    name,
    of: `words${keys.replace(/\['(\w+)'\]/g, '.$1')}`,
  }))
  return [...destructured, ...assigned.map(([, name = '', of = '']) => ({ name, of })), ...typed]
}

/** What holds a whole catalogue in our sources. */
const catalogueNames = ['\\b(?:words|own)', '\\w*Words\\[[\\w.]+\\]', 'chooseWords\\([\\w.]+\\)']

function pathsReadIn(code: string, catalogue: object): string[] {
  if (!new RegExp(catalogueNames.join('|')).test(code)) return []
  const namings = namingsIn(code)
  const visit = (group: object, path: readonly string[], names: readonly string[]): string[] =>
    Object.entries(group).flatMap(([key, value]) => {
      if (!code.includes(key)) return []
      const whole = [...path, key]
      const own = key.replace(/\W/g, '\\$&')
      const direct = `(?:${names.join('|')})(?:\\.${own}\\b|\\['${own}'\\])`
      const ofThis = new RegExp(`${direct}$`)
      const aliases = namings.filter(({ of }) => ofThis.test(of)).map(({ name }) => `(?<![.\\w])${name}`)
      const here = [direct, ...aliases]
      if (typeof value !== 'object' || value === null)
        return aliases.length > 0 || new RegExp(direct).test(code) ? [whole.join('.')] : []
      const isWhole = new RegExp(`(?:${here.join('|')})(?:\\[[^']|[,)])`).test(code)
      return isWhole ? pathsIn(value, whole) : visit(value, whole, here)
    })
  return visit(catalogue, [], catalogueNames)
}
