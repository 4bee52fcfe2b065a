/**
 * How far a line about a message's authentication can be trusted to be the receiving host's.
 *
 * A sender may put any line into his own message, also one in our host's name (RFC 8601 section 7.1). Only place
 * and name together count. From the top:
 *   1. lines above the border (trace.ts): only the host can have written them: trusted if they bear its name;
 *   2. lines below the border but above the next Received line: hosts that insert below their own Received line
 *      write there, but so can the sender. Trusted where the line bears the queue id that the host gave this very
 *      message, or where the owner confirmed that the host stamps these methods under this very name (base/authserv-id.ts);
 *      else unproven, and shown as that;
 *   3. everything below: untrusted.
 */
import { type ConfirmedId, readConfirmedId } from '../base/authserv-id.ts'
import {
  type ReadField,
  readAuthenticationResults,
  readAuthservId,
  readReceivedSpf,
} from './authentication-results.ts'
import type { HeaderField } from './header-fields.ts'
import { isSister } from './names.ts'
import type { ReceivingHost, StampedField, StampedHeader, Trust, TrustReason } from './stamped.ts'
import type { Trace } from './trace.ts'

/** @returns the judge of one message's lines, to be given them from the top */
export function makeJudge(
  fields: readonly HeaderField[],
  trace: Trace,
  host: ReceivingHost,
): (field: HeaderField, inFull: boolean) => StampedField {
  const borderIndex = trace.border?.index ?? -1
  const confirmed = new Map<string, ConfirmedId>()
  for (const text of host.confirmedIds.slice(0, 100)) {
    const read = readConfirmedId(text)
    confirmed.set(read.id, read)
  }
  const own = new Set([...host.names, ...host.machines, ...trace.ownNames].map(name => name.toLowerCase()))
  const addresses = new Set(host.addresses.map(address => address.toLowerCase()))
  if (trace.border?.recipient?.includes('@')) addresses.add(trace.border.recipient)
  const deliveredTo = fields.find(field => field.name === 'delivered-to' && field.index < borderIndex)
  if (deliveredTo !== undefined) addresses.add(deliveredTo.value.toString('latin1').trim().toLowerCase())
  const isSigned = fields.some(field => field.name === 'dkim-signature')
  const answered = new Set<string>()
  const seenIds = new Set<string>()

  const trust = (
    header: StampedHeader,
    index: number,
    read: ReadField,
  ): { trust: Trust; why: TrustReason } => {
    if (trace.lines === 0) return { trust: 'untrusted', why: 'no-trace' }
    const isAbove = index < borderIndex
    if (!isAbove && isOutgoingForm(read)) return { trust: 'untrusted', why: 'outgoing-form' }
    if (index > trace.firstForeignIndex) return { trust: 'untrusted', why: 'below-foreign' }
    const id = read.authservId.toLowerCase()
    if (id === '') {
      if (!isAbove) return { trust: 'untrusted', why: 'no-id' }
      // In the host's own block the place alone speaks, where its software is known to write no name.
      if (header === 'received-spf') return { trust: 'trusted', why: 'above-border' }
      return trace.isExchange ? { trust: 'trusted', why: 'own-form' } : { trust: 'unproven', why: 'no-id' }
    }
    const isOwn = own.has(id) || confirmed.has(id) || addresses.has(id)
    // Another machine of the host may have stamped; nobody else can have written there.
    const isSistersAbove = isAbove && !id.includes('@') && isSister(id, own)
    const isExchangesAbove = isAbove && trace.isExchange && id === 'protection.outlook.com'
    if (!isOwn && !isSistersAbove && !isExchangesAbove) return { trust: 'untrusted', why: 'foreign-id' }
    // The host writes on top of what the sender wrote, so of two answers to one question the upper is the host's.
    const questions = read.results.map(result => `${header} ${result.method}`)
    const isRepeated = questions.some(question => answered.has(question))
    for (const question of questions) answered.add(question)
    const isFirst = !seenIds.has(id)
    if (header === 'authentication-results') seenIds.add(id)
    if (isAbove) return { trust: 'trusted', why: 'above-border' }
    if (read.queueId !== undefined && read.queueId === trace.border?.queueId) {
      return { trust: 'trusted', why: 'queue-id' }
    }
    if (isRepeated) return { trust: 'untrusted', why: 'repeated' }
    const known = confirmed.get(id)
    if (known === undefined) return { trust: 'unproven', why: 'place-open' }
    // Some hosts stamp nothing about DKIM on what is not signed, and what a sender wrote then stands first.
    if (known.methods !== undefined && !isSigned && hasPassedDkim(read))
      return { trust: 'untrusted', why: 'no-signature' }
    return isStampedBy(known, header, read, isFirst)
      ? { trust: 'trusted', why: 'confirmed' }
      : { trust: 'unproven', why: 'method-open' }
  }

  return (field, inFull) => {
    const header = field.name as StampedHeader
    const far = trace.lines === 0 || field.index > trace.firstForeignIndex
    if (header === 'received-spf') {
      const result = readReceivedSpf(field.value)
      const by = result?.properties.receiver ?? ''
      const read = { ...none, authservId: by, results: result ? [result] : [] }
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

const weighty: ReadonlySet<string> = new Set(['spf', 'dkim', 'dmarc', 'arc'])

/**
 * Whether a confirmed host stamps what this line answers. Without a list of methods only its first line counts: what
 * stands below could be the sender's, who adds what the host does not stamp.
 */
function isStampedBy(known: ConfirmedId, header: StampedHeader, read: ReadField, isFirst: boolean): boolean {
  if (header === 'received-spf') return known.methods?.has('received-spf') === true
  if (header !== 'authentication-results') return false
  if (known.methods === undefined) return isFirst
  const { methods } = known
  return read.results.every(({ method }) => !weighty.has(method) || methods.has(method))
}

const hasPassedDkim = ({ results }: ReadField): boolean =>
  results.some(({ method, result }) => method === 'dkim' && result === 'pass')

/** `dkim=none (message not signed) header.d=none;ID; dmarc=none action=none`: Exchange Online on what it sends. */
export function isOutgoingForm({ results }: ReadField): boolean {
  const answered = (method: string) => results.find(result => result.method === method)
  return (
    answered('dmarc')?.properties.action !== undefined &&
    answered('dkim')?.properties['header.d'] === 'none' &&
    answered('spf') === undefined
  )
}

const none: ReadField = { authservId: '', queueId: undefined, instance: undefined, results: [] }
