/**
 * discovery.json, after which the stand-in for Gmail judges requests, held against what Google publishes: the types
 * and paths of @googleapis/gmail, and the descriptions in its Go client (Debian), which are some years older.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { discovery, locate, type Method, methodsOf, type Schema } from './gmail/discovery.ts'
import { extractDiscovery } from './gmail/extract-discovery.ts'
import { requireServer } from './required.ts'

const methods = methodsOf(discovery)
const npm = dirname(createRequire(import.meta.url).resolve('@googleapis/gmail/package.json'))
const goFile = join(
  process.env.HIKYAKU_GOOGLE ?? '/opt/hikyaku-google',
  'usr/share/gocode/src/google.golang.org/api/gmail/v1/gmail-gen.go',
)

/** The name of a schema's type in TypeScript, as Google's generator writes it. */
function typeScriptOf({ $ref, type, format, items }: Schema): string {
  if ($ref !== undefined) return `Schema$${$ref}`
  if (type === 'array') return `${typeScriptOf(items ?? {})}[]`
  if (type === 'integer' || type === 'number') return 'number'
  return format === 'date' || type === undefined ? 'string' : type
}

/** The fields of an exported interface, with their types; `null` left aside, which every field takes. */
function interfaceOf(text: string, name: string): Record<string, string> {
  const start = text.indexOf(`interface ${name} `)
  assert(start >= 0, `there is no ${name}`)
  const body = text.slice(start, text.indexOf('\n    }', start)).replace(/\/\*\*[\s\S]*?\*\//g, '')
  return Object.fromEntries(
    [...body.matchAll(/^ {8}'?([$.\w]+)'?\?: ([^;{]+);$/gm)].map(([, field = '', type = '']) => [
      field,
      type.replace(' | null', ''),
    ]),
  )
}

const typed = (schemas: Readonly<Record<string, Schema & { repeated?: boolean }>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      `${typeScriptOf(schema)}${schema.repeated === true ? '[]' : ''}`,
    ]),
  )

describe('the description of Gmail that the stand-in judges by', () => {
  const types = readFileSync(join(npm, 'build/v1.d.ts'), 'utf8')
  const code = readFileSync(join(npm, 'build/v1.js'), 'utf8')

  it('has the fields and types of Google’s Node client, no more and no fewer', () => {
    for (const [name, schema] of Object.entries(discovery.schemas))
      assert.deepEqual(typed(schema.properties ?? {}), interfaceOf(types, `Schema$${name}`), name)
  })

  it('has the parameters of Google’s Node client', () => {
    const { auth: _, ...standard } = interfaceOf(types, 'StandardParameters')
    assert.deepEqual(typed(discovery.parameters), standard)
    for (const method of methods.values()) {
      const [, ...words] = method.id
        .split('.')
        .map(word => word.toLowerCase().replace(/^./, first => first.toUpperCase()))
      const { requestBody, ...own } = interfaceOf(types, `Params$Resource$${words.join('$')}`)
      assert.deepEqual(typed(method.parameters), own, method.id)
      assert.equal(requestBody, method.request && `Schema$${method.request.$ref}`, method.id)
    }
  })

  it('has the paths and HTTP methods of Google’s Node client', () => {
    const calls = [...code.matchAll(/rootUrl \+\s*'([^']+)'\)[^\n]*\n\s*method: '(\w+)'/g)].map(
      ([, path, verb]) => `${verb} ${path}`,
    )
    const uploads = [...code.matchAll(/mediaUrl: \(rootUrl \+\s*'([^']+)'/g)].map(([, path]) => path)
    for (const { id, httpMethod, flatPath, mediaUpload } of methods.values()) {
      assert(calls.includes(`${httpMethod} /${flatPath}`), id)
      if (mediaUpload !== undefined) assert(uploads.includes(mediaUpload.protocols.simple.path), id)
    }
  })

  it('gives itself back when it is extracted again', () => {
    assert.deepEqual(extractDiscovery(discovery), discovery)
    assert.deepEqual([...methods.keys()].map(id => id.replace('gmail.users.', '')).sort(), [
      ...['getProfile', 'labels.create', 'labels.delete', 'labels.get', 'labels.list', 'labels.patch'],
      ...['labels.update', 'messages.delete', 'messages.get', 'messages.import', 'messages.insert'],
      ...['messages.list', 'messages.trash', 'messages.untrash'],
    ])
  })

  it('locates a method by its HTTP method and its path, and nothing else', () => {
    const found = (verb: string, path: string): string | undefined => {
      const located = locate(verb, path)
      return located && `${located.method.id} ${located.way} ${JSON.stringify(located.path)}`
    }
    const root = '/gmail/v1/users/me'
    assert.equal(
      found('POST', `${root}/messages/import`),
      'gmail.users.messages.import plain {"userId":"me"}',
    )
    assert.equal(
      found('POST', `/upload${root}/messages`),
      'gmail.users.messages.insert simple {"userId":"me"}',
    )
    assert.equal(
      found('POST', `/resumable/upload${root}/messages/import`),
      'gmail.users.messages.import resumable {"userId":"me"}',
    )
    assert.equal(
      found('GET', '/gmail/v1/users/a%40b.test/labels/Label_1'),
      'gmail.users.labels.get plain {"userId":"a@b.test","id":"Label_1"}',
    )
    for (const [verb, path] of [
      ['PUT', `${root}/messages/import`],
      ['POST', `/upload${root}/labels`],
      ['GET', `${root}/messages/`],
      ['GET', `${root}/messages/1/2`],
      ['POST', `/gmail/v1/users/me/messages/import/`],
      ['GET', '/gmail/v1/users/%zz/labels'],
      ['GET', `/gmail/v2/users/me/labels`],
    ] as const)
      assert.equal(found(verb, path), undefined, `${verb} ${path}`)
  })
})

/** What Google added or changed since the Go client of Debian 12 (December 2021). */
const newer = {
  /** Octets: 50 MiB then, 150 MiB now. */
  maxSize: '157286400',
  fields: ['classificationLabelValues'],
  schemas: ['ClassificationLabelValue', 'ClassificationLabelFieldValue'],
}

describe('the same, against the descriptions in Google’s Go client,', {
  skip: requireServer(
    'google-go',
    existsSync(goFile) || "Google's Go client (golang-google-api-dev) is missing",
  ),
}, () => {
  const go = existsSync(goFile) ? readFileSync(goFile, 'utf8') : ''

  it('has every method with its paths, parameters, enums, schemas and scopes', () => {
    const described = new Map<string, Method>()
    for (const [block] of go.matchAll(/^\t\/\/ \{\n(?:\t\/\/ .*\n)+?\t\/\/ \}$/gm)) {
      const method = JSON.parse(block.replace(/^\t\/\/ /gm, '')) as Method
      described.set(method.id, method)
    }
    const shape = (method: Method | undefined): unknown =>
      method && {
        ...{ id: method.id, httpMethod: method.httpMethod, flatPath: method.flatPath },
        ...{ request: method.request, response: method.response, scopes: [...method.scopes].sort() },
        mediaUpload: method.mediaUpload && { ...method.mediaUpload, maxSize: newer.maxSize },
        parameters: Object.fromEntries(
          Object.entries(method.parameters)
            .sort()
            .map(([name, { location, required, repeated, type, format, enum: values }]) => [
              name,
              { location, required, repeated, type, format, enum: values && [...values].sort() },
            ]),
        ),
      }
    for (const [id, method] of methods) assert.deepEqual(shape(method), shape(described.get(id)), id)
  })

  it('has every field, and the values that an enum can have', () => {
    for (const [name, { properties = {} }] of Object.entries(discovery.schemas)) {
      if (newer.schemas.includes(name)) continue
      const [, struct = ''] = new RegExp(`^type ${name} struct \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(go) ?? []
      const fields = new Map<string, string[]>()
      for (const [, comment = '', field = ''] of struct.matchAll(
        /((?:^\t\/\/.*\n)*)^\t\w+ .*`json:"(\w+),omitempty/gm,
      )) {
        const values = comment.includes('Possible values:')
          ? [...comment.matchAll(/^\t\/\/ {3}"(\w+)"/gm)].map(([, value = '']) => value)
          : []
        fields.set(field, values)
      }
      const own = Object.entries(properties).filter(([field]) => !newer.fields.includes(field))
      assert.deepEqual(
        Object.fromEntries(own.map(([field, schema]) => [field, schema.enum ?? []])),
        Object.fromEntries(fields),
        name,
      )
    }
  })
})
