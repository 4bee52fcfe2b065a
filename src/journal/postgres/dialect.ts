/** What PostgreSQL spells otherwise than SQLite, and what its answers are read as. */
import pg from 'pg'
import { roundToInteger, type SqlValue } from '../columns.ts'
import type { SqlWords } from '../sql.ts'
import { forwardingCost, isJudgedBefore, senderDomain } from './postgres-schema.ts'

export const words: SqlWords = {
  numbersIn: place => `SELECT value::bigint FROM jsonb_array_elements_text(${place}::jsonb)`,
  textsIn: place => `SELECT value FROM jsonb_array_elements_text(${place}::jsonb)`,
  listNumbers: column => `json_agg(${column})::text`,
  senderDomain,
  forwardingCost,
  isJudgedBefore,
  toChange: 'FOR UPDATE',
  withOwnIds: 'OVERRIDING SYSTEM VALUE',
}

const bigintType = 20
const numericType = 1700

/** Whole numbers are numbers: none of ours is past 2^53 (columns.ts). */
export const types: pg.CustomTypesConfig = {
  getTypeParser(id, format) {
    if (id === bigintType || id === numericType) return Number
    return pg.types.getTypeParser(id, format as 'text')
  },
}

/** `?` and `?1` as `$1`. The texts are our own: no literal of theirs holds a question mark. */
const numbered = new Map<string, string>()
export function toNumberedPlaces(text: string): string {
  const known = numbered.get(text)
  if (known !== undefined) return known
  let plain = 0
  const made = text.replace(/\?(\d*)/g, (_, number: string) => {
    if (number !== '') return `$${number}`
    plain += 1
    return `$${plain}`
  })
  if (plain > 0 && /\?\d/.test(text)) throw new Error(`numbered and plain values mixed: ${text}`)
  numbered.set(text, made)
  return made
}

/**
 * PostgreSQL keeps no NUL in a text (postgresql.org/docs/15/datatype-character.html), and a folder or a Message-ID of a
 * hostile server may hold one: the sign for a character that could not be kept stands for it, whenever it is written or
 * looked for. A number that is compared with whole ones is one.
 */
export function toPostgresValue(value: SqlValue): SqlValue {
  if (typeof value === 'number') return roundToInteger(value)
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
}
