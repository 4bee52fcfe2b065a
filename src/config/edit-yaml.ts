/** Changes a YAML text and leaves everything else in it as people wrote it: order, comments, quotes. */
import { Document, isSeq, parseDocument, type YAMLSeq } from 'yaml'

type Path = readonly (string | number)[]

export interface YamlText {
  has(path: Path): boolean
  set(path: Path, value: unknown): void
  remove(path: Path): void
  /** Adds an entry at the end of a list of the top, which is made where it is missing. */
  add(list: string, entry: object): void
  toString(): string
}

/**
 * @param text what stands in the file; undefined: none is there yet
 * @param heading the comment above a new one
 */
export function editYaml(text: string | undefined, heading: string): YamlText {
  const document = text === undefined ? new Document({}) : parseDocument(text, { merge: true })
  if (text === undefined) document.commentBefore = heading
  const listAt = (key: string): YAMLSeq => {
    const list = document.get(key)
    if (isSeq(list)) return list
    const empty = document.createNode([]) as YAMLSeq
    document.set(key, empty)
    return empty
  }
  return {
    has: path => document.hasIn(path),
    set: (path, value) =>
      document.setIn(path, typeof value === 'object' ? document.createNode(value) : value),
    remove: path => void document.deleteIn(path),
    add: (list, entry) => void listAt(list).add(document.createNode(entry)),
    toString: () => document.toString({ lineWidth: 0 }),
  }
}
