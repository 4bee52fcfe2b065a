/** One message's authentication as text for people: what `hikyaku inspect` prints. */

import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import { alignTable, indentParagraph } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import type { Authentication } from './authentication.ts'
import type { Way } from './forecast.ts'
import type { StampedAnswer } from './stamped.ts'
import type { VerdictReason, Verified } from './verified.ts'
import { type AuthenticationWords, authenticationWords, describeReasoning } from './words.ts'

export interface Proof {
  /** Lower-case hexadecimal SHA-256 of the octets that were inspected. */
  readonly sha256: string
  readonly octets: number
  /** As retrieved from the source, from the journal. */
  readonly retrievedSha256?: string
  /** As uploaded to Gmail, from the journal. */
  readonly uploadedSha256?: string
  /** Whether Gmail, asked again, holds the same octets below the lines that it put on top. */
  readonly readBackSame?: boolean
}

export interface DescribeOptions {
  readonly language: Language
  /** What was inspected: a file name, a Message-ID. Untrusted. */
  readonly name: string
  readonly columns?: number
}

const printShort = (text: string): string => printable(text, 120)

/** @returns lines without line ends */
export function describeAuthentication(
  authentication: Authentication,
  proof: Proof | undefined,
  options: DescribeOptions,
): string[] {
  const words = authenticationWords[options.language]
  const columns = Math.max(60, Math.min(options.columns ?? 96, 110))
  return [
    ...heading(authentication, proof, options.name, words),
    '',
    ...results(authentication, words, columns),
    ...untrusted(authentication, words),
    '',
    ...forecast(authentication, words, columns),
    ...(proof === undefined ? [] : ['', ...proofLines(proof, words, columns)]),
  ]
}

function heading(
  { senderDomain, stamped, verified }: Authentication,
  proof: Proof | undefined,
  name: string,
  { labels }: AuthenticationWords,
): string[] {
  const client = verified.state === 'done' ? verified.spf : undefined
  const from =
    client === undefined || client.clientAddress === ''
      ? ''
      : `${labels.comma}${labels.receivedFrom} ${printShort(`${client.helo} [${client.clientAddress}]`)}`
  return tableLines([
    [labels.message, printShort(name) + (proof === undefined ? '' : ` (${proof.octets} ${labels.octets})`)],
    [labels.sender, senderDomain === '' ? labels.notKnown : printShort(senderDomain)],
    [labels.receivedBy, (stamped.host === '' ? labels.notKnown : printShort(stamped.host)) + from],
  ])
}

type Method = 'spf' | 'dkim' | 'dmarc' | 'arc'
const methods: readonly Method[] = ['spf', 'dkim', 'dmarc', 'arc']

function results(authentication: Authentication, words: AuthenticationWords, columns: number): string[] {
  const { labels } = words
  const { stamped, verified } = authentication
  const notes: string[] = []
  const answer = (answered: StampedAnswer | undefined): string => {
    if (answered === undefined) return labels.notTold
    const text = word(words, answered.result)
    return answered.trust === 'trusted' ? text : `${text} ${labels.unprovenMark}`
  }
  const rows = methods.map(method => [
    method.toUpperCase(),
    words.questions[method],
    answer(stamped[method]),
    verifiedText(authentication, method, words, notes),
  ])
  const lines = tableLines([[labels.check, labels.question, labels.stamped, labels.verified], ...rows])
  const answers = methods.flatMap(method => stamped[method] ?? [])
  if (answers.length === 0) notes.unshift(labels.noStamps)
  if (answers.some(answered => answered.trust === 'unproven')) notes.unshift(labels.unprovenNote)
  if (verified.state !== 'done') notes.push(stateText(verified, words))
  return [
    ...lines,
    ...(notes.length > 0 ? [''] : []),
    ...notes.flatMap(note => indentParagraph(note, columns, '')),
  ]
}

const word = (words: AuthenticationWords, result: string): string =>
  lookUp(words.results, result) ?? words.results.unknown

function verifiedText(
  { verified }: Authentication,
  method: Method,
  words: AuthenticationWords,
  notes: string[],
): string {
  if (verified.state !== 'done') return words.labels.notTold
  const note = (why: VerdictReason | undefined, domain = ''): void => {
    if (why === undefined) return
    const of = domain === '' ? '' : ` (${printShort(domain)})`
    notes.push(`${method.toUpperCase()}${of}: ${words.verdictReasons[why]}`)
  }
  if (method === 'dkim') {
    if (verified.dkim.length === 0) return words.results.none
    for (const signature of verified.dkim) note(signature.why, signature.domain)
    const best = verified.dkim.find(signature => signature.verdict === 'pass') ?? verified.dkim[0]
    if (best === undefined) return words.results.none
    const more = verified.dkim.length > 1 ? ` +${verified.dkim.length - 1}` : ''
    return `${word(words, best.verdict)} ${printShort(best.domain)}${more}`
  }
  if (method === 'spf') {
    note(verified.spf.why)
    const domain = verified.spf.domain === '' ? '' : ` ${printShort(verified.spf.domain)}`
    return word(words, verified.spf.verdict) + (verified.spf.verdict === 'unknown' ? '' : domain)
  }
  if (method === 'dmarc') {
    note(verified.dmarc.why)
    const policy = verified.dmarc.policy === undefined ? '' : ` p=${verified.dmarc.policy}`
    return word(words, verified.dmarc.verdict) + policy
  }
  note(verified.arc.why)
  return word(words, verified.arc.verdict)
}

function stateText(verified: Exclude<Verified, { state: 'done' }>, words: AuthenticationWords): string {
  const text = words.states[verified.state] ?? words.states['not-done']
  if (verified.state !== 'message-too-complex' || verified.why === undefined) return text
  return `${text} (${words.complexities[verified.why] ?? verified.why})`
}

function untrusted({ stamped }: Authentication, words: AuthenticationWords): string[] {
  const forged = stamped.fields.filter(field => field.trust === 'untrusted')
  if (forged.length === 0) return []
  const rows = forged.slice(0, 5).map(field => {
    const claims = field.results.slice(0, 4).map(result => printShort(`${result.method}=${result.result}`))
    const by = field.by === '' ? words.labels.notTold : printable(field.by, 40)
    return ['', by, claims.join(' ') || words.labels.notTold, words.trustReasons[field.why]]
  })
  const more = forged.length - rows.length + stamped.leftOut
  return [
    '',
    words.labels.forgedTitle,
    ...tableLines(rows),
    ...(more > 0 ? [`  ${more} ${words.labels.leftOut}`] : []),
  ]
}

function forecast(authentication: Authentication, words: AuthenticationWords, columns: number): string[] {
  const { labels } = words
  const forecast = authentication.forecast
  if (forecast === undefined)
    return [labels.forecastTitle, ...indentParagraph(labels.forecastMissing, columns, '  ')]
  const outcome = (way: Way): string => {
    const text = words.outcomes[way.outcome].replace('{spf}', way.spf)
    return way.certainty === 'depends' ? `${text}${labels.comma}${labels.ifTrusted}` : text
  }
  const heads = tableLines([
    ['', labels.wayImport, labels.imported],
    ['', labels.wayPlain, outcome(forecast.plain)],
    ['', labels.waySrs, outcome(forecast.srs)],
    ['', labels.wayArc, outcome(forecast.arc)],
  ])
  // Of the other ways only what differs from a plain forward is told.
  const toldReasons = new Set<string>()
  const reasons = (way: Way): string[] =>
    way.reasons.flatMap(reason => {
      const text = describeReasoning(words, reason, printShort)
      if (toldReasons.has(text)) return []
      if (way === forecast.plain) toldReasons.add(text)
      return indentParagraph(text, columns, '      - ')
    })
  const stranger =
    authentication.verified.state === 'done' &&
    authentication.verified.forwardedSpf.address === '' &&
    authentication.verified.forwardedSpf.verdict !== 'unknown'
  return [
    labels.forecastTitle,
    ...(heads[0] === undefined ? [] : [heads[0]]),
    ...(heads[1] === undefined ? [] : [heads[1]]),
    ...reasons(forecast.plain),
    ...(heads[2] === undefined ? [] : [heads[2]]),
    ...reasons(forecast.srs),
    ...(heads[3] === undefined ? [] : [heads[3]]),
    ...reasons(forecast.arc),
    ...(forecast.arc.otherwise === undefined
      ? []
      : [`      - ${labels.otherwise}: ${words.outcomes[forecast.arc.otherwise]}`]),
    '',
    ...indentParagraph(words.costs[forecast.cost], columns, '  '),
    ...(stranger ? indentParagraph(labels.addressNote, columns, '  ') : []),
  ]
}

function proofLines(proof: Proof, { labels }: AuthenticationWords, columns: number): string[] {
  const known = proof.retrievedSha256 ?? proof.sha256
  const compared = (sha256: string | undefined): string[] =>
    sha256 === undefined ? [] : [sha256, sha256 === known ? labels.same : labels.different]
  const rows = [
    ['', proof.retrievedSha256 === undefined ? labels.shaFile : labels.shaRetrieved, known],
    ['', labels.shaUploaded, ...compared(proof.uploadedSha256)],
    ...(proof.readBackSame === undefined
      ? []
      : [['', labels.shaReadBack, proof.readBackSame ? labels.same : labels.different]]),
  ].filter(row => row.length > 2)
  const alone = proof.uploadedSha256 === undefined
  return [
    labels.proofTitle,
    ...tableLines(rows),
    ...(alone ? indentParagraph(labels.fileNote, columns, '  ') : []),
  ]
}

const tableLines = (rows: readonly (readonly string[])[]): string[] => alignTable(rows).split('\n')
