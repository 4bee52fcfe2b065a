/**
 * Stamped results: what the receiving host wrote about a message's authentication, read from the raw header and
 * never written to it. How far each of those lines can be trusted is decided in trust.ts.
 */
import { readSpamStatus } from './authentication-results.ts'
import { type HeaderField, readFields } from './header-fields.ts'
import {
  type ReceivingHost,
  type Stamped,
  type StampedAnswer,
  type StampedChain,
  type StampedField,
  type Trust,
  unknownHost,
} from './stamped.ts'
import { readTrace, type Trace } from './trace.ts'
import { makeJudge } from './trust.ts'

/** Fields of a message that this room reads. */
export const wantedFields: ReadonlySet<string> = new Set([
  'received',
  'authentication-results',
  'received-spf',
  'arc-authentication-results',
  'arc-seal',
  'x-spam-status',
  'return-path',
  'delivered-to',
  'from',
  'subject',
  'date',
  'message-id',
  'dkim-signature',
  'arc-message-signature',
])

const fieldsLimit = 30
const untrustedLimit = 10
const stamps: ReadonlySet<string> = new Set([
  'authentication-results',
  'received-spf',
  'arc-authentication-results',
])

/** The stamped results of a raw header section. Linear in its octets; throws nothing whatever stands there. */
export function readStamped(header: Buffer, host: ReceivingHost = unknownHost): Stamped {
  const fields = readFields(header, wantedFields)
  const received = fields.filter(field => field.name === 'received')
  return judgeStamped(fields, readTrace(received, host), host)
}

/** The same, for a caller that has read the fields and the trace already. */
export function judgeStamped(fields: readonly HeaderField[], trace: Trace, host: ReceivingHost): Stamped {
  const judge = makeJudge(fields, trace, host)
  const kept: Record<Trust, StampedField[]> = { trusted: [], unproven: [], untrusted: [] }
  let leftOut = 0
  const keep = (field: StampedField): void => {
    const limit = field.trust === 'untrusted' ? untrustedLimit : fieldsLimit
    if (kept[field.trust].length < limit) kept[field.trust].push(field)
    else leftOut += 1
  }
  for (const field of fields)
    if (stamps.has(field.name)) keep(judge(field, kept.untrusted.length < untrustedLimit))
  if (kept.trusted.length + kept.unproven.length === 0) {
    // Hosts with SpamAssassin and nothing else: only its list of rules tells. Only from above the border.
    const status = fields.find(
      field => field.name === 'x-spam-status' && field.index < (trace.border?.index ?? -1),
    )
    const results = status === undefined ? [] : readSpamStatus(status.value)
    const by = trace.border?.by ?? ''
    if (results.length > 0)
      keep({ header: 'x-spam-status', by, trust: 'trusted', why: 'above-border', results })
  }
  const all = [...kept.trusted, ...kept.unproven, ...kept.untrusted]
  const chain = readChain(fields)
  return {
    host: trace.border?.by ?? '',
    fields: all,
    leftOut,
    ...answers(all),
    ...(chain === undefined ? {} : { chain }),
  }
}

/** Per method: the first trusted answer, else the first unproven one. A pass among several DKIM answers wins. */
function answers(fields: readonly StampedField[]): Pick<Stamped, 'spf' | 'dkim' | 'dmarc' | 'arc'> {
  const find = (method: string): StampedAnswer | undefined => {
    for (const trust of ['trusted', 'unproven'] as const) {
      const answers: StampedAnswer[] = []
      for (const field of fields) {
        // What an earlier or inner hop saw is for the chain; the host's own line says what it saw itself.
        if (field.trust !== trust || field.header === 'arc-authentication-results') continue
        for (const result of field.results) {
          if (result.method === method) {
            answers.push({ result: plainResult(result.result), by: field.by, trust, header: field.header })
          }
        }
      }
      const best = (method === 'dkim' && answers.find(answer => answer.result === 'pass')) || answers[0]
      if (best !== undefined) return best
    }
    return undefined
  }
  const spf = find('spf')
  const dkim = find('dkim')
  const dmarc = find('dmarc')
  const arc = find('arc')
  return { ...(spf && { spf }), ...(dkim && { dkim }), ...(dmarc && { dmarc }), ...(arc && { arc }) }
}

const knownResults = ['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror']

/** RFC 8601 section 2.7's words; older and home-made ones are mapped, unknown ones become `unknown`. */
function plainResult(result: string): string {
  if (knownResults.includes(result)) return result
  if (result === 'hardfail') return 'fail'
  if (result === 'error' || result === 'temp_error') return 'temperror'
  if (result === 'perm_error') return 'permerror'
  return 'unknown'
}

/** The newest ARC-Seal's own words (RFC 8617 section 4.1.3). */
function readChain(fields: readonly HeaderField[]): StampedChain | undefined {
  let chain: StampedChain | undefined
  for (const field of fields.filter(field => field.name === 'arc-seal').slice(0, 100)) {
    const tags = new Map<string, string>()
    for (const part of field.value.toString('latin1', 0, Math.min(field.value.length, 4096)).split(';')) {
      const equals = part.indexOf('=')
      if (equals > 0) tags.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim())
    }
    const instance = /^\d{1,2}$/.test(tags.get('i') ?? '') ? Number(tags.get('i')) : 0
    if (instance > (chain?.instances ?? 0)) {
      const state = (tags.get('cv') ?? '').toLowerCase()
      chain = {
        instances: instance,
        state: ['none', 'pass', 'fail'].includes(state) ? state : '',
        sealedBy: (tags.get('d') ?? '').slice(0, 255),
      }
    }
  }
  return chain
}
