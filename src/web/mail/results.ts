/** One message's authentication in a few words: what the server wrote, what was found, what a forward would have done. */
import { html } from 'hono/html'
import { type Authentication, parseAuthentication } from '../../authentication/authentication.ts'
import { authenticationWords } from '../../authentication/words.ts'
import { printable } from '../../base/untrusted.ts'
import type { Markup, Reader } from '../layout.ts'
import { mailWords } from './words.ts'

export interface ShortResults {
  readonly senderDomain: string
  /** Each undefined where nothing is known. */
  readonly stamped: Markup | undefined
  readonly verified: Markup | undefined
  readonly forwarded: Markup | undefined
}

type Method = 'spf' | 'dkim' | 'dmarc'
const methods: readonly Method[] = ['spf', 'dkim', 'dmarc']

export function describeResults(reader: Reader, record: string | undefined): ShortResults {
  const without = { senderDomain: '', stamped: undefined, verified: undefined, forwarded: undefined }
  const authentication = parseAuthentication(record)
  if (authentication === undefined) return without
  try {
    return {
      senderDomain: String(authentication.senderDomain ?? ''),
      stamped: results(reader, method => stampedWord(authentication, method)),
      verified: results(reader, method => verifiedWord(authentication, method)),
      forwarded: forwardedMark(reader, authentication),
    }
  } catch {
    // A record in a form that is not ours.
    return without
  }
}

/** What a server wrote may be any text. */
type Word = readonly [word: string, isUnproven: boolean] | undefined

function results({ language }: Reader, wordOf: (method: Method) => Word): Markup | undefined {
  const { results: known, labels } = authenticationWords[language]
  const words = methods.flatMap(method => {
    const [word, isUnproven] = wordOf(method) ?? []
    return word === undefined ? [] : [{ method, word, isUnproven }]
  })
  if (words.length === 0) return undefined
  return html`${words.map(({ method, word, isUnproven }) => {
    const text = Object.hasOwn(known, word) ? known[word as keyof typeof known] : printable(word, 20)
    const kind = word === 'pass' ? 'good' : word === 'fail' || word === 'softfail' ? 'bad' : 'faint'
    return html`<span class="result">${method.toUpperCase()} <span class="${kind}">${text}</span>${isUnproven ? html` <abbr title="${labels.unprovenNote}">${labels.unprovenMark}</abbr>` : ''}</span> `
  })}`
}

function stampedWord({ stamped }: Authentication, method: Method): Word {
  const answer = stamped[method]
  return answer === undefined ? undefined : [String(answer.result), answer.trust === 'unproven']
}

function verifiedWord({ verified }: Authentication, method: Method): Word {
  if (verified.state !== 'done') return undefined
  if (method !== 'dkim') return [verified[method].verdict, false]
  const passing = verified.dkim.find(({ verdict }) => verdict === 'pass')
  return [(passing ?? verified.dkim[0])?.verdict ?? 'none', false]
}

const marks = { none: '✓', softfail: '✓', spam: '▲', 'possibly-lost': '?', lost: '✖' } as const
const kinds = { none: 'good', softfail: 'warn', spam: 'warn', 'possibly-lost': 'bad', lost: 'bad' } as const

function forwardedMark({ language }: Reader, { forecast }: Authentication): Markup | undefined {
  const cost = forecast?.cost
  if (cost === undefined || !Object.hasOwn(marks, cost)) return undefined
  const known = cost as keyof typeof marks
  return html`<span class="${kinds[known]}"><span aria-hidden="true">${marks[known]} </span>${mailWords[language].forwarded[known]}</span>`
}
