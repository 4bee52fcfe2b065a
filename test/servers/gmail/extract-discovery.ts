/**
 * Takes out of Google's discovery document for Gmail what the stand-in plays, and leaves out the prose. To renew
 * discovery.json, from any copy of the document (google-api-python-client ships one as
 * googleapiclient/discovery_cache/documents/gmail.v1.json):
 *
 *   npx node test/servers/gmail/extract-discovery.ts gmail.v1.json >test/servers/gmail/discovery.json
 *   npm run format
 *
 * test/servers/discovery.test.ts holds the result against what Google publishes elsewhere.
 */
import { readFileSync } from 'node:fs'
import type { Discovery, Method, Resource, Schema } from './discovery.ts'

/** The stand-in's methods, by resource under `users`; `` is users itself. */
const played: Readonly<Record<string, readonly string[]>> = {
  '': ['getProfile'],
  labels: ['create', 'delete', 'get', 'list', 'patch', 'update'],
  messages: ['delete', 'get', 'import', 'insert', 'list', 'trash', 'untrash'],
}

const prose = new Set(['description', 'enumDescriptions', 'annotations'])

/** Without prose; `properties` and `parameters` hold names, of which one may read like prose. */
function bare(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map(item => bare(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || !prose.has(key))
      .map(([key, inner]) => [key, bare(inner, !names && (key === 'properties' || key === 'parameters'))]),
  )
}

function pick(methods: Readonly<Record<string, Method>>, names: readonly string[]): Record<string, Method> {
  return Object.fromEntries(
    names.map(name => {
      const method = methods[name]
      if (method === undefined) throw new Error(`the document has no method ${name}`)
      return [name, method]
    }),
  )
}

/** @param document as JSON.parse gives it @throws Error where a method or schema is missing in it */
export function extractDiscovery(document: Discovery): Discovery {
  const { users } = document.resources
  const own = pick(users.methods ?? {}, played[''] ?? [])
  const resources: Record<string, Resource> = {}
  for (const name of ['labels', 'messages'])
    resources[name] = { methods: pick(users.resources?.[name]?.methods ?? {}, played[name] ?? []) }

  const schemas: Record<string, Schema> = {}
  const queue = [JSON.stringify([own, resources])]
  for (let text = queue.pop(); text !== undefined; text = queue.pop())
    for (const [, name = ''] of text.matchAll(/"\$ref":"(\w+)"/g)) {
      const schema = document.schemas[name]
      if (schema === undefined) throw new Error(`the document has no schema ${name}`)
      if (name in schemas) continue
      schemas[name] = schema
      queue.push(JSON.stringify(schema))
    }
  const { kind, discoveryVersion, id, name, version, revision, rootUrl, servicePath, baseUrl, batchPath } =
    document
  const { basePath, protocol, parameters } = document
  return bare({
    ...{ kind, discoveryVersion, id, name, version, revision, protocol },
    ...{ rootUrl, servicePath, basePath, baseUrl, batchPath, parameters },
    schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    resources: { users: { methods: own, resources } },
  }) as Discovery
}

if (import.meta.main) {
  const document = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Discovery
  process.stdout.write(`${JSON.stringify(extractDiscovery(document), undefined, 2)}\n`)
}
