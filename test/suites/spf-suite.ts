/**
 * The RFC 7208 suite as Debian's source package pyspf has it (`rfc7208-tests.yml`): not ours to copy, so it is
 * fetched by .ci/install-servers and read where that put it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { DnsError, type Lookup } from '../../src/authentication/dns.ts'

const spfSuiteFile = join(process.env.HIKYAKU_SUITES ?? '/opt/hikyaku-suites', 'rfc7208-tests.yml')

export const missingSpfSuite = existsSync(spfSuiteFile)
  ? undefined
  : `${spfSuiteFile} is not there (.ci/install-servers fetches it)`

export interface SpfCase {
  readonly name: string
  readonly helo: string
  /** The client's address. */
  readonly host: string
  /** '' is the null sender. */
  readonly sender: string
  /** Words of RFC 7208; where there are several, each is right. */
  readonly results: readonly string[]
}

export interface SpfScenario {
  readonly description: string
  readonly lookup: Lookup
  readonly cases: readonly SpfCase[]
}

type Row = readonly [type: string, value: unknown] | 'TIMEOUT'
type ZoneData = Readonly<Record<string, readonly (string | Record<string, unknown>)[]>>
type CaseData = Readonly<Record<'helo' | 'host' | 'mailfrom' | 'result', unknown>>

export function readSpfSuite(): SpfScenario[] {
  return parseAllDocuments(readFileSync(spfSuiteFile, 'utf8')).map(document => {
    const { description, tests, zonedata } = document.toJS() as {
      description: string
      tests: Readonly<Record<string, CaseData>>
      zonedata: ZoneData
    }
    return {
      description,
      lookup: lookupIn(readZone(zonedata)),
      cases: Object.entries(tests).map(([name, test]) => ({
        name,
        helo: String(test.helo),
        host: String(test.host),
        sender: String(test.mailfrom ?? ''),
        results: [test.result].flat().map(String),
      })),
    }
  })
}

/** The suite writes most records as type SPF, which RFC 7208 dropped: they stand for TXT where a name has none. */
function readZone(zonedata: ZoneData): ReadonlyMap<string, readonly Row[]> {
  const zone = new Map<string, readonly Row[]>()
  for (const [name, given] of Object.entries(zonedata)) {
    const rows = given.map((row): Row => {
      if (typeof row === 'string') return 'TIMEOUT'
      const [type = '', value] = Object.entries(row)[0] ?? []
      return [type, value]
    })
    const hasText = rows.some(row => row[0] === 'TXT')
    const seen = rows.map((row): Row => (row[0] === 'SPF' && !hasText ? ['TXT', row[1]] : row))
    zone.set(name.toLowerCase(), seen)
  }
  return zone
}

/** Answers in node's shapes and with its codes; a recursive server follows CNAME before it answers. */
function lookupIn(zone: ReadonlyMap<string, readonly Row[]>): Lookup {
  return async function lookup(name, type) {
    const key = name.toLowerCase().replace(/\.$/, '')
    if (key.split('.').some(label => label === '' || label.length > 63)) {
      throw new DnsError('EBADNAME', `${name} is no name`)
    }
    const rows = zone.get(key)
    if (rows === undefined) throw new DnsError('ENOTFOUND', `${name} does not exist`)
    const answer: unknown[] = []
    for (const row of rows) {
      if (row === 'TIMEOUT') {
        if (answer.length === 0) throw new DnsError('ETIMEOUT', `${name} does not answer`)
        break
      }
      const [rowType, value] = row
      if (rowType === 'CNAME' && type !== 'CNAME') return lookup(String(value), type)
      if (rowType !== type || value === 'NONE') continue
      if (value === 'TIMEOUT') throw new DnsError('ETIMEOUT', `${name} does not answer`)
      answer.push(shapeOf(type, value))
    }
    if (answer.length === 0) throw new DnsError('ENODATA', `${name} has no ${type}`)
    return answer
  }
}

function shapeOf(type: string, value: unknown): unknown {
  if (type === 'TXT') return [value].flat()
  if (type !== 'MX') return value
  const [priority, exchange] = value as [number, string]
  return { priority, exchange }
}
