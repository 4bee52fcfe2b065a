/** The import lines of src/, types included, and what follows from them: who reaches whom, and circles. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Import {
  /** Path from the repository's root for our own files, else the package or node module. */
  readonly of: string
  /** `import type`: gone when the program runs. */
  readonly typeOnly: boolean
}

export const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => join('src', name))
  .sort()

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')
/** Lines as an editor counts them. */
export const linesOf = (file: string): number => textOf(file).split('\n').length - 1

export const imports: ReadonlyMap<string, readonly Import[]> = new Map(
  files.map(file => [file, importsOf(file, textOf(file))]),
)

export function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*)$/gm, '')
  const resolved = (of: string): string => (of.startsWith('.') ? normalize(join(dirname(file), of)) : of)
  const fixed = [
    ...code.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?'([^']+)'/gm),
  ].map(([, type, of = '']) => ({ of: resolved(of), typeOnly: type !== undefined }))
  // `import('./a.ts').Name` is a type, `import('./a.ts')` alone is code.
  const late = [...code.matchAll(/\bimport\(\s*'([^']+)'\s*\)(\.[A-Z])?/g)].map(([, of = '', type]) => ({
    of: resolved(of),
    typeOnly: type !== undefined,
  }))
  // What an import would bring too much of is taken by other means, and is an import all the same.
  const taken = [...code.matchAll(/\b(?:getBuiltinModule|require)\(\s*'([^']+)'\s*\)/g)].map(
    ([, of = '']) => ({
      of: resolved(of),
      typeOnly: false,
    }),
  )
  return [...fixed, ...late, ...taken]
}

/** The folder of src/ in which a file stands, or its own name at the root; undefined for what is not ours. */
export function roomOf(path: string): string | undefined {
  const [src, room = '', ...inside] = path.split('/')
  if (src !== 'src') return undefined
  return inside.length > 0 ? room : room.replace(/\.ts$/, '')
}

/** Every file that runs when `entry` is imported, by static and late imports. */
export function reachable(entry: string): string[] {
  const seen = new Set<string>()
  const walk = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { of, typeOnly } of imports.get(file) ?? []) if (!typeOnly && imports.has(of)) walk(of)
  }
  walk(entry)
  return [...seen].sort()
}

/** Groups of two and more that reach each other (Tarjan), each in alphabetical order. */
export function circlesIn(arrows: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (node: string): number => {
    order.set(node, order.size)
    let low = order.size - 1
    stack.push(node)
    for (const next of arrows.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low)
    }
    if (low === order.get(node)) {
      const circle = stack.splice(stack.indexOf(node)).sort()
      if (circle.length > 1) circles.push(circle)
    }
    return low
  }
  for (const node of arrows.keys()) if (!order.has(node)) visit(node)
  return circles
}
