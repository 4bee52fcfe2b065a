/**
 * A request held against its description. The words are those of Google's JSON transcoding, as its answers quote
 * them: "Unknown name", "Cannot bind query parameter", "Invalid value at". Stricter than Google in one thing:
 * Google also reads the proto's own spelling of a field (label_ids), which its documentation never uses.
 */
import { discovery, type Method, type Parameter, type Schema } from './discovery.ts'

/** google.rpc.BadRequest.FieldViolation. */
export interface Violation {
  readonly field?: string
  readonly description: string
}

const snake = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** The enum's name as far as it can be known from outside: Google's answer has the proto's package before it. */
const enumOf = (field: string): string =>
  field.replace(/^.*\./, '').replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

const invalid = (field: string, type: string, value: unknown, more = ''): Violation => ({
  field,
  description: `Invalid value at '${field}' (${type}), ${more}${JSON.stringify(value) ?? 'undefined'}`,
})

const integers: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

function isInteger(value: unknown, format: string): boolean {
  const digits = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  if (!/^-?\d{1,20}$/.test(digits)) return false
  const [least, most] = integers[format] ?? [0n, 0n]
  return BigInt(digits) >= least && BigInt(digits) <= most
}

/** What is wrong with one value that is no object and no list. */
function scalarViolation(schema: Schema, value: unknown, field: string): Violation | undefined {
  const format = schema.format ?? ''
  if (format in integers)
    return isInteger(value, format) ? undefined : invalid(field, `TYPE_${format.toUpperCase()}`, value)
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false'
        ? undefined
        : invalid(field, 'TYPE_BOOL', value)
    case 'string':
      if (typeof value !== 'string') return invalid(field, 'TYPE_STRING', value)
      if (schema.enum !== undefined && !schema.enum.includes(value))
        return invalid(field, `type.googleapis.com/${enumOf(field)}`, value)
      if (format === 'byte' && !/^[A-Za-z0-9_\-+/]*={0,2}$/.test(value))
        return invalid(field, 'TYPE_BYTES', value.slice(0, 80), 'Base64 decoding failed for ')
      return undefined
    default:
      throw new Error(`a schema of type ${schema.type} is not known here`)
  }
}

/**
 * What in a JSON body is not as its schema says.
 * @param at where the value stands, in the proto's spelling: `message`, `label.color`
 */
export function bodyViolations(schema: Schema, value: unknown, at: string): Violation[] {
  if (value === null) return [] // proto3 JSON: as if it were not there
  const resolved = schema.$ref === undefined ? schema : discovery.schemas[schema.$ref]
  if (resolved === undefined) throw new Error(`no schema ${schema.$ref}`)
  const name = at.slice(at.lastIndexOf('.') + 1)
  const unknown = (why: string): Violation => ({
    field: at,
    description: `Invalid JSON payload received. Unknown name "${name}" at '${at}': ${why}`,
  })
  if (resolved.type === 'array') {
    if (!Array.isArray(value)) return [invalid(at, 'repeated', value)]
    return value.flatMap((item, n) => bodyViolations(resolved.items ?? {}, item, `${at}[${n}]`))
  }
  if (Array.isArray(value)) return [unknown('Proto field is not repeating, cannot start list.')]
  if (resolved.type === 'object') {
    if (typeof value !== 'object') return [invalid(at, 'object', value)]
    return Object.entries(value).flatMap(([key, inner]): Violation[] => {
      const property = Object.hasOwn(resolved.properties ?? {}, key) ? resolved.properties?.[key] : undefined
      if (property !== undefined) return bodyViolations(property, inner, `${at}.${snake(key)}`)
      const description = `Invalid JSON payload received. Unknown name "${key}" at '${at}': Cannot find field.`
      return [{ field: at, description }]
    })
  }
  if (typeof value === 'object') return [unknown('Proto field is not a message, cannot start object.')]
  const violation = scalarViolation(resolved, value, at)
  return violation === undefined ? [] : [violation]
}

/** What in a query is not as the method, or the parameters of every method, say. */
export function queryViolations(method: Method, query: URLSearchParams): Violation[] {
  const described = (name: string): Parameter | undefined => {
    if (Object.hasOwn(method.parameters, name)) {
      const own = method.parameters[name]
      return own?.location === 'query' ? own : undefined
    }
    return Object.hasOwn(discovery.parameters, name) ? discovery.parameters[name] : undefined
  }
  return [...new Set(query.keys())].flatMap((name): Violation[] => {
    const parameter = described(name)
    const values = query.getAll(name)
    if (parameter === undefined)
      return [
        {
          description: `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`,
        },
      ]
    if (values.length > 1 && parameter.repeated !== true)
      return [
        {
          description: `Invalid JSON payload received. Unknown name "${name}": Proto field is not repeating, cannot start list.`,
        },
      ]
    return values.flatMap(value => scalarViolation(parameter, value, snake(name)) ?? [])
  })
}
