/**
 * Google's description of Gmail's methods, as far as the stand-in plays them: discovery.json, a part of the
 * discovery document (Apache License 2.0, Google LLC; see extract-discovery.ts). Format:
 * https://developers.google.com/discovery/v1/reference/apis
 */
import { readFileSync } from 'node:fs'

/** A JSON Schema of Google's dialect, or a parameter. */
export interface Schema {
  readonly $ref?: string
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'any'
  readonly format?: string
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
}

export interface Parameter extends Schema {
  readonly location: 'path' | 'query'
  readonly required?: boolean
  readonly repeated?: boolean
}

export interface Method {
  readonly id: string
  readonly httpMethod: string
  readonly flatPath: string
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly request?: { readonly $ref: string }
  readonly response?: { readonly $ref: string }
  readonly scopes: readonly string[]
  readonly mediaUpload?: {
    readonly accept: readonly string[]
    readonly maxSize: string
    readonly protocols: Readonly<Record<'simple' | 'resumable', { readonly path: string }>>
  }
}

export interface Resource {
  readonly methods?: Readonly<Record<string, Method>>
  readonly resources?: Readonly<Record<string, Resource>>
}

export interface Discovery {
  readonly [key: string]: unknown
  readonly revision: string
  /** What every method takes in its query. */
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly schemas: Readonly<Record<string, Schema>>
  readonly resources: { readonly users: Resource }
}

export const discovery = JSON.parse(
  readFileSync(new URL('discovery.json', import.meta.url), 'utf8'),
) as Discovery

/** Every method of a document, by id. */
export function methodsOf(document: Discovery): Map<string, Method> {
  const methods = new Map<string, Method>()
  const visit = (resource: Resource): void => {
    for (const method of Object.values(resource.methods ?? {})) methods.set(method.id, method)
    for (const inner of Object.values(resource.resources ?? {})) visit(inner)
  }
  visit(document.resources.users)
  return methods
}

/** How a method was reached: by its own path, or by one of its two upload paths. */
export type Way = 'plain' | 'simple' | 'resumable'

export interface Located {
  readonly method: Method
  readonly way: Way
  /** The path's parameters, percent-decoded. */
  readonly path: Readonly<Record<string, string>>
}

interface Pattern {
  readonly method: Method
  readonly way: Way
  readonly matches: RegExp
}

const patterns: readonly Pattern[] = [...methodsOf(discovery).values()].flatMap(method => {
  const upload = method.mediaUpload?.protocols
  const ways: [Way, string][] = [['plain', `/${method.flatPath}`]]
  if (upload !== undefined) ways.push(['simple', upload.simple.path], ['resumable', upload.resumable.path])
  return ways.map(([way, path]) => ({
    method,
    way,
    matches: new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  }))
})

/** The method that a request means; undefined where Gmail has none at that path, or none by that HTTP method. */
export function locate(httpMethod: string, pathname: string): Located | undefined {
  for (const { method, way, matches } of patterns) {
    if (method.httpMethod !== httpMethod) continue
    const groups = matches.exec(pathname)?.groups
    if (groups === undefined) continue
    try {
      const path = Object.fromEntries(
        Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]),
      )
      return { method, way, path }
    } catch {
      return undefined // a percent sign that encodes nothing
    }
  }
  return undefined
}
