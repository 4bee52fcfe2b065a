/**
 * Stamped results: what the receiving host wrote about a message's authentication, read from the raw header and
 * never written to it, and how far each of those lines can be trusted.
 *
 * A sender may put any line into his own message, also one in our host's name (RFC 8601 section 7.1). Only place
 * and name together count. From the top:
 *   1. lines above the border (trace.ts): only the host can have written them: trusted if they bear its name;
 *   2. lines below the border but above the first foreign Received line: hosts that insert below their own
 *      Received line write there, but so can the sender. Trusted where the owner confirmed that the host stamps
 *      under this name (such a host removes forgeries, RFC 8601 section 5) or where the line bears the queue id
 *      that the host gave this very message; else unproven, and shown as that;
 *   3. everything below: untrusted.
 */
import {
  type ReadField,
  readAuthenticationResults,
  readAuthservId,
  readReceivedSpf,
  readSpamStatus,
  type StampedResult,
} from './authentication-results.ts'
import { type HeaderField, readFields } from './header-fields.ts'
import { belongs, readTrace, type Trace } from './trace.ts'

export type { StampedResult } from './authentication-results.ts'

export type Trust = 'trusted' | 'unproven' | 'untrusted'

/** Why a line has its trust; words-en.ts and words-ja.ts have the sentences. */
export type TrustReason =
  | 'above-border'
  | 'confirmed'
  | 'queue-id'
  | 'place-open'
  | 'foreign-id'
  | 'no-id'
  | 'below-foreign'
  | 'repeated'
  | 'no-trace'

export type StampedHeader =
  | 'authentication-results'
  | 'received-spf'
  | 'arc-authentication-results'
  | 'x-spam-status'

/** One stamped line. */
export interface StampedField {
  readonly header: StampedHeader
  /** The authserv-id (or Received-SPF's receiver) as written; '' where there is none. Untrusted text. */
  readonly by: string
  readonly trust: Trust
  readonly why: TrustReason
  /** ARC instance. */
  readonly instance?: number
  readonly results: readonly StampedResult[]
}

/** The best stamped answer for one method. */
export interface StampedAnswer {
  readonly result: string
  readonly by: string
  readonly trust: 'trusted' | 'unproven'
  readonly header: StampedHeader
}

/** The ARC chain as its seals describe themselves; whether that is true is verify.ts's question. */
export interface StampedChain {
  /** Highest `i=`. */
  readonly instances: number
  /** `cv=` of the newest seal: `none`, `pass`, `fail`, or '' where it cannot be read. */
  readonly state: string
  /** `d=` of the newest seal. */
  readonly sealedBy: string
}

export interface Stamped {
  /** The name in the host's own border line, or '' where the message has no Received line. */
  readonly host: string
  /** Trusted lines first, then unproven, then untrusted, each from the top; at most fieldsLimit of them. */
  readonly fields: readonly StampedField[]
  /** How many more lines there were. */
  readonly leftOut: number
  readonly spf?: StampedAnswer
  readonly dkim?: StampedAnswer
  readonly dmarc?: StampedAnswer
  readonly arc?: StampedAnswer
  readonly chain?: StampedChain
}

export interface ReceivingHost {
  /** Names of the receiving host: the mailbox's server, its MX. May be empty: then the topmost line teaches. */
  readonly names: readonly string[]
  /** authserv-ids that the owner confirmed as the host's own. */
  readonly confirmedIds: readonly string[]
  /** The mailbox's own addresses: NTT WebARENA writes the recipient's address as authserv-id. */
  readonly addresses: readonly string[]
}

export const unknownHost: ReceivingHost = { names: [], confirmedIds: [], addresses: [] }

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
  return judgeStamped(fields, readTrace(received, host.names), host)
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

function makeJudge(
  fields: readonly HeaderField[],
  trace: Trace,
  host: ReceivingHost,
): (field: HeaderField, inFull: boolean) => StampedField {
  const borderIndex = trace.border?.index ?? -1
  const confirmed = new Set(host.confirmedIds.map(id => id.toLowerCase()))
  const own = new Set([...host.names, ...trace.ownNames].map(name => name.toLowerCase()))
  const addresses = new Set(host.addresses.map(address => address.toLowerCase()))
  if (trace.border?.recipient?.includes('@')) addresses.add(trace.border.recipient)
  const deliveredTo = fields.find(field => field.name === 'delivered-to' && field.index < borderIndex)
  if (deliveredTo !== undefined) addresses.add(deliveredTo.value.toString('latin1').trim().toLowerCase())
  const isOwnId = (id: string): boolean =>
    confirmed.has(id) || addresses.has(id) || (!id.includes('@') && belongs(id, own))
  const answered = new Set<string>()

  const trust = (
    header: StampedHeader,
    index: number,
    read: ReadField,
  ): { trust: Trust; why: TrustReason } => {
    if (trace.lines === 0) return { trust: 'untrusted', why: 'no-trace' }
    if (index > trace.firstForeignIndex) return { trust: 'untrusted', why: 'below-foreign' }
    const id = read.authservId.toLowerCase()
    if (id === '') return { trust: index < borderIndex ? 'unproven' : 'untrusted', why: 'no-id' }
    if (!isOwnId(id)) return { trust: 'untrusted', why: 'foreign-id' }
    // The host writes on top of what the sender wrote, so of two answers to one question the upper is the host's.
    const questions = read.results.map(result => `${header} ${result.method}`)
    const repeated = questions.some(question => answered.has(question))
    for (const question of questions) answered.add(question)
    if (index < borderIndex) return { trust: 'trusted', why: 'above-border' }
    if (read.queueId !== undefined && read.queueId === trace.border?.queueId) {
      return { trust: 'trusted', why: 'queue-id' }
    }
    if (repeated) return { trust: 'untrusted', why: 'repeated' }
    return confirmed.has(id)
      ? { trust: 'trusted', why: 'confirmed' }
      : { trust: 'unproven', why: 'place-open' }
  }

  return (field, inFull) => {
    const header = field.name as StampedHeader
    const far = trace.lines === 0 || field.index > trace.firstForeignIndex
    if (header === 'received-spf') {
      const result = readReceivedSpf(field.value)
      // Without `receiver=` the place alone speaks: the field's owner is whoever could write there.
      const by = result?.properties.receiver ?? trace.border?.by ?? ''
      const read = {
        authservId: by,
        queueId: undefined,
        instance: undefined,
        results: result ? [result] : [],
      }
      return { header, by, ...trust(header, field.index, read), results: read.results }
    }
    const arc = header === 'arc-authentication-results'
    // Thousands of forged lines below: their names are read, their results are not.
    const read =
      far && !inFull
        ? { ...none, authservId: readAuthservId(field.value, arc) }
        : readAuthenticationResults(field.value, arc)
    const forTrust = arc ? { ...read, results: [] } : read
    return {
      header,
      by: read.authservId,
      ...trust(header, field.index, forTrust),
      ...(read.instance === undefined ? {} : { instance: read.instance }),
      results: read.results,
    }
  }
}

const none: ReadField = { authservId: '', queueId: undefined, instance: undefined, results: [] }

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
