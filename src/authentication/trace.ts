/**
 * Which header lines did the receiving host write, and from whom did it take the message? Trace fields are put
 * on top (RFC 5321 section 4.4), so the topmost Received lines are the host's own down to the one by which it
 * took the message from outside: the border. What stands above the border line cannot be a stranger's.
 */
import { isIP } from 'node:net'
import type { HeaderField } from './header-fields.ts'
import { Tokenizer } from './tokens.ts'

/** One Received line (RFC 5321 section 4.4), as far as it could be read. */
export interface ReceivedLine {
  readonly index: number
  /** The name that wrote the line, lower case; undefined for qmail's "invoked by" notes. */
  readonly by: string | undefined
  /** Name that the client gave in HELO or EHLO. */
  readonly helo: string | undefined
  /** Name that the host found for the client's address (PTR), where it wrote one. */
  readonly reverseName: string | undefined
  /** The client's IP address as the host saw it, never what the client claimed. */
  readonly clientAddress: string | undefined
  readonly hasFrom: boolean
  readonly protocol: string | undefined
  readonly queueId: string | undefined
  readonly recipient: string | undefined
  readonly envelopeSender: string | undefined
  readonly authenticated: boolean
  readonly atMs: number | undefined
}

export interface Trace {
  /** The line by which the receiving host took the message from outside; undefined without any Received line. */
  readonly border: ReceivedLine | undefined
  /** Index of the first Received line that is not the host's; Infinity where there is none. */
  readonly firstForeignIndex: number
  /** Lower-case names under which the host wrote its lines. */
  readonly ownNames: readonly string[]
  /** How many Received lines there are. */
  readonly lines: number
}

const linesLimit = 200

/** @param hostNames names that belong to the receiving host (server name of the mailbox, MX), any case */
export function readTrace(received: readonly HeaderField[], hostNames: readonly string[]): Trace {
  const lines = received.slice(0, linesLimit).map(readReceived)
  const first = lines.find(line => line.by !== undefined)
  const own = new Set(hostNames.map(name => name.toLowerCase()))
  // The mailbox was read at the host, so the topmost line is the host's own whatever name it uses.
  if (first?.by !== undefined) own.add(first.by)
  const isOwn = (name: string | undefined): boolean => name !== undefined && belongs(name, own)

  let border: number | undefined
  for (let i = 0; i < lines.length && border === undefined; i += 1) {
    const line = lines[i]
    if (line === undefined) break
    if (line.by !== undefined && !isOwn(line.by) && !isLocalName(line.by)) {
      border = Math.max(0, i - 1)
      break
    }
    if (isInternal(line)) continue
    const next = lines[i + 1]
    const goesOnInside =
      isOwn(line.reverseName) &&
      next !== undefined &&
      (isOwn(next.by) || isLocalName(next.by)) &&
      !next.authenticated
    if (!goesOnInside) border = i
  }
  // Only inner lines: a message made on the host itself. No line proves more than the topmost.
  if (border === undefined && lines.length > 0) border = 0
  const borderLine = border === undefined ? undefined : lines[border]
  const names = new Set<string>()
  for (const line of lines.slice(0, (border ?? -1) + 1)) if (line.by !== undefined) names.add(line.by)
  return {
    border: borderLine,
    firstForeignIndex: border === undefined ? 0 : (lines[border + 1]?.index ?? Number.POSITIVE_INFINITY),
    ownNames: [...names],
    lines: received.length,
  }
}

/** Reads one Received field. Postfix, sendmail, Exim, qmail, Courier, Dovecot and Exchange write it differently. */
export function readReceived(field: HeaderField): ReceivedLine {
  const tokens = new Tokenizer(field.value)
  const fromComments: string[] = []
  const words: Record<string, string> = {}
  let clause = ''
  let hasFrom = false
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
      if (clause === 'from') fromComments.push(token.text)
      envelopeSender ??= /^envelope-(?:from|sender) <?([^<>\s]*)>?/i.exec(token.text)?.[1]
      if (/^authenticated/i.test(token.text)) authenticated = true
      continue
    }
    const keyword = token.text.toLowerCase()
    if (['from', 'by', 'with', 'id', 'for', 'via'].includes(keyword) && words[keyword] === undefined) {
      clause = keyword
      if (keyword === 'from') hasFrom = true
    } else if (clause !== '' && words[clause] === undefined) words[clause] = token.text
  }
  const protocol = words.with?.toUpperCase()
  return {
    index: field.index,
    by: words.by?.toLowerCase().replace(/[[\]]/g, ''),
    ...readClient(words.from, fromComments),
    hasFrom,
    protocol,
    queueId: words.id,
    recipient: words.for?.replace(/[<>]/g, '').toLowerCase(),
    envelopeSender,
    // RFC 3848: ESMTPA and ESMTPSA say that the client logged in, which is a submission, not a reception.
    authenticated: authenticated || (protocol !== undefined && /^E?SMTPS?A$/.test(protocol)),
    atMs,
  }
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
    const address = addressIn(claimed === null ? comment : comment.replace(claimed[0], ' '))
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

const isLocalName = (name: string | undefined): boolean =>
  name !== undefined && (name === 'localhost' || name === '127.0.0.1' || name.endsWith('.localdomain'))

/** Whether the line is a hop inside the host: no client, a pipe, LMTP, or a private address. */
function isInternal(line: ReceivedLine): boolean {
  if (!line.hasFrom) return true
  if (
    line.protocol?.startsWith('LMTP') &&
    (line.clientAddress === undefined || isPrivate(line.clientAddress))
  )
    return true
  return line.clientAddress !== undefined && isPrivate(line.clientAddress)
}

/** RFC 1918, RFC 4193, loopback and link-local addresses. */
export function isPrivate(address: string): boolean {
  const v4 = address.replace(/^::ffff:/, '')
  if (isIP(v4) === 4) {
    return /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(v4)
  }
  return address === '::1' || /^(?:f[cd]|fe[89ab])/.test(address)
}

/** Whether a name is one of `own` or stands under the same registered domain as one of them. */
export function belongs(name: string, own: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase()
  if (own.has(lower)) return true
  const registered = registeredDomain(lower)
  if (registered === undefined) return false
  for (const other of own) if (registeredDomain(other) === registered) return true
  return false
}

const secondLevels = new Set([
  'ac',
  'ad',
  'co',
  'com',
  'ed',
  'edu',
  'go',
  'gov',
  'gr',
  'lg',
  'ne',
  'net',
  'or',
  'org',
])

/**
 * The registered domain by a rule of thumb: two labels, or three under country domains with the usual second
 * levels (co.jp, ne.jp, com.au). Good enough to tell a host's own servers from strangers; alignment for DMARC is
 * not decided by it.
 */
export function registeredDomain(name: string): string | undefined {
  if (isIP(name) !== 0) return undefined
  const labels = name.replace(/\.$/, '').split('.')
  const top = labels.at(-1) ?? ''
  const needed = top.length === 2 && secondLevels.has(labels.at(-2) ?? '') ? 3 : 2
  return labels.length < needed ? undefined : labels.slice(-needed).join('.')
}
