/** One message's authentication as text for people: what `hikyaku inspect` prints. */

import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import { alignTable, indentParagraph, measureWidth } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import type { Authentication } from './authentication.ts'
import type { Way } from './forecast.ts'
import type { StampedAnswer } from './stamped.ts'
import type { VerdictReason, Verified, VerifiedDkim } from './verified.ts'
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

/** Where no terminal says how wide it is. */
const usualColumns = 96

const printShort = (text: string): string => printable(text, 120)

/** @returns lines without line ends */
export function describeAuthentication(
  authentication: Authentication,
  proof: Proof | undefined,
  options: DescribeOptions,
): string[] {
  const words = authenticationWords[options.language]
  const columns = Math.max(60, Math.min(options.columns ?? usualColumns, 110))
  return [
    ...heading(authentication, proof, options.name, words, columns),
    '',
    ...results(authentication, words, columns),
    ...untrusted(authentication, words, columns),
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
  columns: number,
): string[] {
  const client = verified.state === 'done' ? verified.spf : undefined
  const from =
    client === undefined || client.clientAddress === ''
      ? ''
      : `${labels.comma}${labels.receivedFrom} ${printShort(`${client.helo} [${client.clientAddress}]`)}`
  const heads = [labels.message, labels.sender, labels.receivedBy]
  const host = stamped.host === '' ? labels.notKnown : printShort(stamped.host)
  const size = proof === undefined ? '' : ` (${proof.octets} ${labels.octets})`
  return [
    // A path is shown in one piece, however long.
    ...hang(labels.message, printShort(name) + size, heads, Number.POSITIVE_INFINITY),
    ...hang(labels.sender, senderDomain === '' ? labels.notKnown : printShort(senderDomain), heads, columns),
    ...hang(labels.receivedBy, host + from, heads, columns),
  ]
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
    answer(stamped[method]),
    verifiedText(authentication, method, words, notes),
  ])
  const answers = methods.flatMap(method => stamped[method] ?? [])
  if (answers.length === 0) notes.unshift(labels.noStamps)
  if (answers.some(answered => answered.trust === 'unproven'))
    notes.unshift(unprovenNote(authentication, words))
  if (verified.state !== 'done') notes.push(stateText(verified, words))
  return [
    ...tableLines([[labels.check, labels.stamped, labels.verified], ...rows]),
    '',
    ...listed(
      methods.map(method => [method.toUpperCase(), words.questions[method]] as const),
      columns,
    ),
    '',
    ...indentParagraph(meanings(authentication, words), columns),
    ...(notes.length > 0 ? [''] : []),
    ...notes.flatMap(note => indentParagraph(note, columns, '- ')),
  ]
}

/** Only a line that the owner can confirm is worth the invitation to do so. */
function unprovenNote({ stamped }: Authentication, { labels }: AuthenticationWords): string {
  const reasons = stamped.fields.filter(({ trust }) => trust === 'unproven').map(({ why }) => why)
  if (reasons.includes('judged-before')) return labels.judgedBeforeNote
  return reasons.every(why => why === 'no-id') && reasons.length > 0
    ? labels.namelessNote
    : labels.unprovenNote
}

/** What the words on the screen mean, in their order from good to not known. */
function meanings({ stamped, verified }: Authentication, words: AuthenticationWords): string {
  const results: string[] = methods.flatMap(method => stamped[method]?.result ?? [])
  if (verified.state === 'done') {
    const { spf, dkim, dmarc, arc } = verified
    results.push(spf.verdict, bestSignature(dkim)?.verdict ?? 'none', dmarc.verdict, arc.verdict)
  }
  const isOnScreen = (result: string): boolean =>
    results.some(
      other => other === result || (result === 'unknown' && lookUp(words.results, other) === undefined),
    )
  const policy = verified.state === 'done' ? verified.dmarc.policy : undefined
  return [
    ...Object.entries(words.meanings)
      .filter(([result]) => isOnScreen(result))
      .map(([result, meaning]) => words.labels.meaning(word(words, result), meaning)),
    ...(policy === undefined ? [] : [words.policies[policy]]),
  ].join(words.labels.space)
}

const bestSignature = (dkim: readonly VerifiedDkim[]): VerifiedDkim | undefined =>
  dkim.find(({ verdict }) => verdict === 'pass') ?? dkim[0]

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
    for (const signature of verified.dkim) note(signature.why, signature.domain)
    const best = bestSignature(verified.dkim)
    if (best === undefined) return words.results.none
    const more = verified.dkim.length > 1 ? words.labels.more(String(verified.dkim.length - 1)) : ''
    return words.labels.of(word(words, best.verdict), printable(best.domain, 36) + more)
  }
  if (method === 'spf') {
    note(verified.spf.why)
    const { verdict, domain } = verified.spf
    const result = word(words, verdict)
    return verdict === 'unknown' || domain === '' ? result : words.labels.of(result, printable(domain, 36))
  }
  if (method === 'dmarc') {
    // Where SPF could not be known, DMARC cannot for the same reason.
    if (verified.dmarc.why !== verified.spf.why) note(verified.dmarc.why)
    const { verdict, policy } = verified.dmarc
    const result = word(words, verdict)
    return policy === undefined ? result : words.labels.of(result, `p=${policy}`)
  }
  note(verified.arc.why)
  return word(words, verified.arc.verdict)
}

function stateText(verified: Exclude<Verified, { state: 'done' }>, words: AuthenticationWords): string {
  const text = words.states[verified.state] ?? words.states['not-done']
  if (verified.state !== 'message-too-complex' || verified.why === undefined) return text
  return `${text} (${words.complexities[verified.why] ?? verified.why})`
}

function untrusted({ stamped }: Authentication, words: AuthenticationWords, columns: number): string[] {
  const { labels } = words
  const forged = stamped.fields.filter(field => field.trust === 'untrusted')
  if (forged.length === 0) return []
  const shown = forged.slice(0, 5)
  const lines = shown.flatMap(field => {
    const claims = field.results.slice(0, 4).map(result => printShort(`${result.method}=${result.result}`))
    const by = field.by === '' ? labels.notTold : printable(field.by, 40)
    const text = `${by}  ${claims.join(' ') || labels.notTold}: ${words.trustReasons[field.why]}`
    return indentParagraph(text, columns, '- ')
  })
  const more = forged.length - shown.length + stamped.leftOut
  return ['', labels.forgedTitle, ...lines, ...(more > 0 ? [`  ${more} ${labels.leftOut}`] : [])]
}

function forecast(authentication: Authentication, words: AuthenticationWords, columns: number): string[] {
  const { labels } = words
  const { forecast, verified } = authentication
  if (forecast === undefined || verified.state !== 'done')
    return [labels.forecastTitle, ...indentParagraph(labels.forecastMissing, columns, '  ')]
  const { plain, srs, arc, cost, told } = forecast
  const outcome = (way: Way): string => {
    const text = words.outcomes[way.outcome].replace('{spf}', way.spf)
    if (way.certainty === 'expected' || way.otherwise === undefined) return text
    const otherwise = words.outcomes[way.otherwise].replace('{spf}', way.spf)
    return labels.depends(text, otherwise)
  }
  // Of the other ways only what differs from a plain forward is told.
  const toldReasons = new Set<string>()
  const reasons = (way: Way): string[] =>
    way.reasons.flatMap(reason => {
      const text = describeReasoning(words, reason, printShort)
      if (toldReasons.has(text)) return []
      if (way === plain) toldReasons.add(text)
      return indentParagraph(text, columns, '      - ')
    })
  const heads = [labels.wayImport, labels.wayPlain, labels.waySrs, labels.wayArc]
  const row = (head: string, text: string): string[] => hang(head, text, heads, columns, '  ')
  const { from, address } = verified.forwardedSpf
  const isRefusal = [plain.outcome, plain.otherwise].some(
    outcome => outcome === 'refused' || outcome === 'refused-or-spam',
  )
  const asked = verified.forwardedSpf.verdict !== 'unknown'
  return [
    labels.forecastTitle,
    ...row(labels.wayImport, labels.imported),
    ...row(labels.wayPlain, outcome(plain)),
    ...reasons(plain),
    ...row(labels.waySrs, outcome(srs)),
    ...reasons(srs),
    ...row(labels.wayArc, outcome(arc)),
    ...reasons(arc),
    '',
    ...indentParagraph(
      [words.costs[cost], ...(isRefusal ? [words.told[told]] : [])].join(labels.space),
      columns,
      '  ',
    ),
    ...(asked && address === '' ? indentParagraph(labels.addressNote, columns, '  ') : []),
    ...(asked && from === 'host' ? indentParagraph(labels.guessNote, columns, '  ') : []),
  ]
}

function proofLines(proof: Proof, { labels }: AuthenticationWords, columns: number): string[] {
  const known = proof.retrievedSha256 ?? proof.sha256
  const rows: string[][] = [
    [proof.retrievedSha256 === undefined ? labels.shaFile : labels.shaRetrieved, known],
  ]
  if (proof.uploadedSha256 !== undefined)
    rows.push([
      labels.shaUploaded,
      proof.uploadedSha256,
      proof.uploadedSha256 === known ? labels.same : labels.different,
    ])
  if (proof.readBackSame !== undefined)
    rows.push([labels.shaReadBack, proof.readBackSame ? labels.same : labels.different])
  const wide = tableLines(rows.map(row => ['', ...row]))
  // A digest is shown in one piece, on a line of its own where the row would be too wide.
  const narrow = rows.flatMap(([label = '', value = '', ...more]) =>
    value.length === 64 ? [`  ${[label, ...more].join('  ')}`, `    ${value}`] : [`  ${label}  ${value}`],
  )
  const fits = columns >= usualColumns || wide.every(line => measureWidth(line) <= columns)
  const alone = proof.uploadedSha256 === undefined
  return [
    labels.proofTitle,
    ...(fits ? wide : narrow),
    ...(alone ? indentParagraph(labels.fileNote, columns, '  ') : []),
  ]
}

const tableLines = (rows: readonly (readonly string[])[]): string[] => alignTable(rows).split('\n')

/** A row of two columns whose second one goes on below itself. */
function hang(head: string, text: string, heads: readonly string[], columns: number, before = ''): string[] {
  const width = Math.max(...heads.map(measureWidth))
  return indentParagraph(text, columns, `${before}${head}${' '.repeat(width - measureWidth(head))}  `)
}

const listed = (rows: readonly (readonly [string, string])[], columns: number): string[] =>
  rows.flatMap(([head, text]) =>
    hang(
      head,
      text,
      rows.map(([other]) => other),
      columns,
    ),
  )
