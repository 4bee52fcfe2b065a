/** Finds the places of mutants by their text. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'

/** Path from the root -> text, of every source file. */
export type Sources = ReadonlyMap<string, string>

export interface Place {
  readonly file: string
  readonly text: string
  /** The file's text with the change made. */
  readonly changed: string
}

export function readSources(root: string): Sources {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return new Map(
    names
      .filter(name => name.endsWith('.ts'))
      .map(name => `src/${name.replaceAll('\\', '/')}`)
      .map(file => [file, readFileSync(join(root, file), 'utf8')]),
  )
}

/**
 * Any white space stands for any other, and `await` may come or go: code that moves is wrapped and indented anew, and a
 * port becomes asynchronous.
 */
function patternOf(text: string): RegExp {
  const words = text.trim().split(/\s+/)
  const quoted = words.map(word => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`(?:await\\s+)?${quoted.join('\\s+(?:await\\s+)?')}`, 'g')
}

/** @returns the one place, or in words why there is none */
export function findPlace(sources: Sources, { from, to, file }: Mutant): Place | string {
  const pattern = patternOf(from)
  const hits = [...sources].flatMap(([name, text]) => {
    const places = [...text.matchAll(pattern)].length
    return places === 0 ? [] : [{ name, text, places }]
  })
  const [hit] = hits.length === 1 ? hits : hits.filter(({ name }) => name === file)
  if (hit === undefined) {
    const where = hits.map(({ name }) => name).join(', ')
    return hits.length === 0 ? 'the place is not there' : `the place is in ${hits.length} files: ${where}`
  }
  if (hit.places > 1) return `the place is ${hit.places} times in ${hit.name}`
  return { file: hit.name, text: hit.text, changed: hit.text.replace(pattern, () => to) }
}
