/** One Received line (RFC 5321 section 4.4), as far as it can be read without taking a client's word for the server's. */
import { isIP } from 'node:net'
import type { HeaderField } from './header-fields.ts'
import { Tokenizer } from './tokens.ts'

/** What a line tells. Of one in which the client may have written a server's words, no more than `by` and `atMs`. */
export interface ReceivedLine {
  readonly index: number
  /** The name that wrote the line, lower case; undefined for qmail's "invoked by" notes. */
  readonly by: string | undefined
  /** Name that the client gave in HELO or EHLO. */
  readonly helo: string | undefined
  /** Name that the host found for the client's address (PTR), where it wrote one. */
  readonly reverseName: string | undefined
  /** Whether it is software that asks whether such a name leads back to the address, and says so or leaves it out. */
  readonly confirmsNames: boolean
  /** The client's IP address as the host saw it, never what the client claimed. */
  readonly clientAddress: string | undefined
  readonly hasFrom: boolean
  /** qmail's note above the line that its SMTP server wrote. */
  readonly isNetworkNote: boolean
  readonly protocol: string | undefined
  readonly queueId: string | undefined
  readonly recipient: string | undefined
  readonly envelopeSender: string | undefined
  readonly authenticated: boolean
  readonly atMs: number | undefined
}

const clauses: ReadonlySet<string> = new Set(['from', 'by', 'via', 'with', 'id', 'for'])
/** What a client could have smuggled in with its HELO name: clauses that stand twice, or before `by`. */
const onlyOnce: ReadonlySet<string> = new Set(['from', 'by', 'with', 'id'])

/** Reads one Received field. Postfix, sendmail, Exim, qmail, Courier, Dovecot and Exchange write it differently. */
export function readReceived(field: HeaderField): ReceivedLine {
  const tokens = new Tokenizer(field.value)
  const fromComments: string[] = []
  const words: Record<string, string> = {}
  const begun = new Set<string>()
  let clause = ''
  let keywordBefore = ''
  let lastBy: string | undefined
  let isNetworkNote = false
  let isDoubtful = false
  let confirmsNames = false
  let envelopeSender: string | undefined
  let authenticated = false
  let atMs: number | undefined
  for (
    let token = tokens.next(true), seen = 0;
    token !== undefined && seen < 200;
    token = tokens.next(true), seen += 1
  ) {
    if (token.is === 'mark') {
      if (token.text !== ';') continue
      const at = Date.parse(tokens.rest(80).replace(/\([^()]*\)/g, ' '))
      atMs = Number.isNaN(at) ? undefined : at
      break
    }
    if (token.is === 'comment') {
      if (clause === '') isNetworkNote ||= /^qmail \d+ invoked from network$/.test(token.text)
      if (begun.has('by')) confirmsNames ||= /^Postfix\b|^\d+\.\d+\.\d+\/\d|\bExim\b/.test(token.text)
      if (clause === 'from') fromComments.push(token.text)
      else envelopeSender ??= /^envelope-(?:from|sender) <?([^<>\s]*)>?/i.exec(token.text)?.[1]
      if (/^authenticated/i.test(token.text)) authenticated = true
      continue
    }
    const keyword = token.text.toLowerCase()
    if (!token.quoted && clauses.has(keyword)) {
      isDoubtful ||= begun.has(keyword) && onlyOnce.has(keyword)
      isDoubtful ||= begun.has('from') && !begun.has('by') && keyword !== 'by'
      begun.add(keyword)
      clause = words[keyword] === undefined ? keyword : ''
      keywordBefore = keyword
      continue
    }
    if (keywordBefore === 'by') lastBy = keyword.replace(/[[\]]/g, '')
    keywordBefore = ''
    if (clause !== '' && words[clause] === undefined) words[clause] = token.text
  }
  const hasFrom = begun.has('from')
  const protocol = words.with?.toUpperCase()
  // Whatever the client said, the server's own name came after it.
  if (isDoubtful) return { ...unreadable, index: field.index, by: lastBy, hasFrom, atMs }
  return {
    index: field.index,
    by: lastBy,
    ...readClient(words.from, fromComments),
    confirmsNames,
    hasFrom,
    isNetworkNote: isNetworkNote && begun.size === 0,
    protocol,
    queueId: words.id,
    recipient: words.for?.replace(/[<>]/g, '').toLowerCase(),
    envelopeSender,
    // RFC 3848: ESMTPA and ESMTPSA say that the client logged in, which is a submission, not a reception.
    authenticated: authenticated || (protocol !== undefined && /^E?SMTPS?A$/.test(protocol)),
    atMs,
  }
}

const unreadable: Omit<ReceivedLine, 'index'> = {
  by: undefined,
  helo: undefined,
  reverseName: undefined,
  clientAddress: undefined,
  confirmsNames: false,
  hasFrom: true,
  isNetworkNote: false,
  protocol: undefined,
  queueId: undefined,
  recipient: undefined,
  envelopeSender: undefined,
  authenticated: false,
  atMs: undefined,
}

function readClient(
  word: string | undefined,
  comments: readonly string[],
): Pick<ReceivedLine, 'helo' | 'reverseName' | 'clientAddress'> {
  let clientAddress: string | undefined
  let helo: string | undefined
  let reverseName: string | undefined
  for (const comment of comments) {
    // Exim "helo=x", qmail "HELO x": the client's own claim; an address in it is worth nothing.
    const claimed = /(?:^|\s)(?:helo|ehlo)([= ])([^\s]+)/i.exec(comment)
    if (claimed !== null) {
      helo = claimed[2]
      // Exim puts a reverse name that it has confirmed where others put the HELO name; qmail confirms nothing.
      if (claimed[1] === '=') reverseName ??= word
    }
    const seen = claimed === null ? comment : comment.replace(claimed[0], ' ')
    // RFC 1413: what the client's machine says of its user, in Exim's line.
    const address = addressIn(seen.replace(/\bident=\S+/gi, ' '))
    if (address === undefined) continue
    clientAddress = address.address
    // sendmail says so where the name does not lead back to the address.
    if (claimed === null) reverseName = /may be forged/i.test(comment) ? undefined : address.before
  }
  if (clientAddress === undefined) clientAddress = word === undefined ? undefined : addressIn(word)?.address
  return {
    helo: helo ?? word,
    reverseName:
      reverseName === undefined || /^unknown$/i.test(reverseName) ? undefined : reverseName.toLowerCase(),
    clientAddress,
  }
}

/** The first address in a text, in brackets or bare, and the host name right before it. */
function addressIn(words: string): { address: string; before: string | undefined } | undefined {
  let before: string | undefined
  for (const part of words.split(/[\s,;()]+/)) {
    if (part === '') continue
    const bare = part
      .replace(/^.*@(?=[[\d])/, '')
      .replace(/^\[|\](?::\d+)?$/g, '')
      .replace(/^IPv6:/i, '')
    if (isIP(bare) !== 0) return { address: bare.toLowerCase(), before }
    before = /^[\w.-]+\.[\w-]+\.?$/.test(part)
      ? part.replace(/\.$/, '')
      : part.includes('@')
        ? part.split('@').pop()
        : undefined
  }
  return undefined
}
