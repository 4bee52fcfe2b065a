/**
 * Verified results: SPF, DKIM, DMARC and ARC checked by ourselves on the exact octets, with the `mailauth`
 * library. It runs beside an import and never in its way: it has a deadline, and whatever it could not find out
 * is `unknown` ("not known"), never `fail`.
 *
 * SPF is about the connection, which we did not see: its three inputs come from the line that the receiving host
 * wrote (trace.ts). Where that line does not tell, SPF is `unknown`.
 */
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ARCResult, DKIMResult, DMARCResult, DNSResolver } from 'mailauth'
import type { Clock } from '../clock.ts'
import type { RawMessage } from '../message.ts'
import { boundForMessage, type Lookup, type MessageDns } from './dns.ts'
import type { HeaderField } from './header-fields.ts'
import type { Stamped } from './results.ts'
import { isPrivate, type Trace } from './trace.ts'

type Mailauth = typeof import('mailauth')

export type SpfVerdict = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'permerror' | 'unknown'
export type Verdict = 'pass' | 'fail' | 'none' | 'unknown'

/** Why a verdict is not a plain pass; words-en.ts and words-ja.ts have the sentences. */
export type VerdictReason =
  | 'dns'
  | 'no-client'
  | 'too-many-lookups'
  | 'record-error'
  | 'body-changed'
  | 'signature-wrong'
  | 'no-key'
  | 'key-unusable'
  | 'expired'
  | 'from-not-signed'
  | 'not-understood'
  | 'partly-signed'
  | 'not-aligned'
  | 'no-policy'
  | 'no-author'
  | 'chain-broken'

export interface VerifiedSpf {
  readonly verdict: SpfVerdict
  readonly why?: VerdictReason
  /** Domain that was asked: the envelope sender's, or the HELO name's for a null sender (RFC 7208 section 2.4). */
  readonly domain: string
  /** As the receiving host wrote them; '' where it did not. */
  readonly clientAddress: string
  readonly helo: string
  readonly envelopeSender: string
}

export interface VerifiedDkim {
  readonly verdict: Verdict
  readonly why?: VerdictReason
  readonly domain: string
  readonly selector: string
  readonly algorithm: string
  /** Octets of the body that `l=` leaves unsigned. */
  readonly unsignedOctets?: number
}

export interface VerifiedDmarc {
  readonly verdict: Verdict
  readonly why?: VerdictReason
  /** The From domain. */
  readonly domain: string
  /** What the domain asks for mail that fails, for this very domain (`sp`, `np` and `t` applied). */
  readonly policy?: 'none' | 'quarantine' | 'reject'
  /** `pct` of the record, 0 to 100; RFC 9989 dropped it, receivers may still honour it. */
  readonly percent?: number
  /** Whether the envelope domain is aligned with From, whatever SPF said. */
  readonly spfAligned: boolean
  /** Whether a passing signature is aligned with From. */
  readonly dkimAligned: boolean
}

export interface VerifiedArc {
  readonly verdict: Verdict
  readonly why?: VerdictReason
  readonly instances: number
}

/** What SPF would have said had the host forwarded the message with its envelope kept. */
export interface ForwardedSpf {
  readonly verdict: SpfVerdict
  readonly why?: VerdictReason
  /** The address that was checked; '' where the host's is not known and any stranger's stood in for it. */
  readonly address: string
  /** Where the address is from: the configuration, the receiving host's own name in DNS, or nowhere. */
  readonly from: 'configured' | 'host' | 'stranger'
}

export type Verified =
  | {
      readonly state: 'done'
      /** The moment for which signatures were judged: when the host received the message, ISO 8601. */
      readonly asOf: string
      readonly spf: VerifiedSpf
      /** All signatures, in the order of the header; empty: not signed. */
      readonly dkim: readonly VerifiedDkim[]
      readonly dmarc: VerifiedDmarc
      readonly arc: VerifiedArc
      readonly forwardedSpf: ForwardedSpf
    }
  /** `off`: the owner switched it off. `not-done`: nothing was kept. Else it could not be done. */
  | { readonly state: 'off' | 'not-done' | 'library-missing' | 'message-too-complex' | 'broken-off' }

export interface VerifyOptions {
  readonly dns: Lookup
  readonly clock: Clock
  /** IP address or name that the host's forwarding would send from; undefined: the receiving host's own. */
  readonly forwardingAddress?: string | undefined
  /** Ends it early: what is not known by then stays so. */
  readonly signal?: AbortSignal
  /** For one message, ms. */
  readonly deadlineMs?: number
  /** Most DNS questions for one message. */
  readonly questions?: number
  /** Loads the library; it needs Node 22.19 while this project runs on 22.13. */
  readonly load?: () => Promise<Mailauth>
}

export interface VerifyInput {
  readonly raw: RawMessage
  /** Fields, trace and stamped results of the same message. */
  readonly fields: readonly HeaderField[]
  readonly trace: Trace
  readonly stamped: Stamped
}

const signaturesLimit = 30
const arcFieldsLimit = 150
const headerLimit = 512 * 1024
/** RFC 5737: nobody's address, which no sender has listed: what any stranger's server would meet. */
const strangersAddress = '192.0.2.1'
const sliceOctets = 64 * 1024

const loadMailauth = (): Promise<Mailauth> => import('mailauth')

/** Never throws for what the message or DNS did: such trouble is a verdict. */
export async function verifyMessage(input: VerifyInput, options: VerifyOptions): Promise<Verified> {
  const { fields, raw } = input
  const signatures = fields.filter(field => field.name === 'dkim-signature').length
  const arcFields = fields.filter(field => field.name.startsWith('arc-')).length
  const headerOctets = (await raw.header(headerLimit + 1)).length
  // The library's cost grows with signatures times octets; no honest message comes near these bounds.
  if (signatures > signaturesLimit || arcFields > arcFieldsLimit || headerOctets > headerLimit) {
    return { state: 'message-too-complex' }
  }
  let library: Mailauth
  try {
    library = await (options.load ?? loadMailauth)()
  } catch {
    return { state: 'library-missing' }
  }
  const { clock, questions = 120, deadlineMs = 15_000, signal } = options
  const dns = boundForMessage(options.dns, clock, questions, deadlineMs, signal)
  try {
    return await check(library, input, options, dns)
  } catch {
    // The library met something it does not understand. Nothing is known, and the import goes on.
    return { state: 'broken-off' }
  } finally {
    dns.close()
  }
}

async function check(
  library: Mailauth,
  input: VerifyInput,
  options: VerifyOptions,
  dns: MessageDns,
): Promise<Verified> {
  // The library's own types are narrower than what node:dns gives for MX.
  const resolver = dns.lookup as unknown as DNSResolver
  const nowMs = options.clock.nowMs()
  const arrivedMs = input.trace.border?.atMs
  // An expired signature was good when the host received it, and that is what counts.
  const asOfMs = arrivedMs !== undefined && arrivedMs <= nowMs ? arrivedMs : nowMs
  const connection = readConnection(input)
  const signed = await library.dkimVerify(Readable.from(slices(input.raw)), {
    resolver,
    ...(connection.envelopeSender === '' ? {} : { sender: connection.envelopeSender }),
    curTime: new Date(asOfMs),
  } as Parameters<Mailauth['dkimVerify']>[1])
  const signatures = signed.results.filter(result => result.status.result !== 'none' || result.signingDomain)
  const dkim = signatures.map(readSignature)

  const spf = await checkSpf(library, resolver, connection)
  const forwarder = await findForwarder(dns.lookup, options.forwardingAddress, input.stamped.host)
  const forwardedSpf = await checkForwarded(library, resolver, connection, forwarder)

  const arcResult = await library.arc(signed.arc as Parameters<Mailauth['arc']>[0], { resolver })
  const arc = readArc(arcResult, dns.failed)

  const dmarcResult = await library.dmarc({
    headerFrom: signed.headerFrom,
    fromFields: signed.fromFields,
    // The envelope domain is given whatever SPF said, to learn whether it is aligned; the verdict is made below.
    spfDomains: spf.domain === '' ? [] : [{ domain: spf.domain }],
    dkimDomains: passingDomains(signatures),
    resolver,
  } as unknown as Parameters<Mailauth['dmarc']>[0])
  return {
    state: 'done',
    asOf: new Date(asOfMs).toISOString(),
    spf,
    dkim,
    dmarc: readDmarc(dmarcResult, spf, dkim),
    arc,
    forwardedSpf,
  }
}

/** The octets in slices with a pause between, so that hashing a large message does not hold the process. */
async function* slices(raw: RawMessage): AsyncGenerator<Buffer> {
  let first = true
  for await (const chunk of raw.chunks()) {
    for (let at = 0; at < chunk.length; at += sliceOctets) {
      if (!first) await nextTurn()
      first = false
      const slice = chunk.subarray(at, at + sliceOctets)
      yield Buffer.from(slice.buffer, slice.byteOffset, slice.byteLength)
    }
  }
}

interface Connection {
  readonly clientAddress: string
  readonly helo: string
  readonly envelopeSender: string
  /** Whether the host told the envelope sender at all; a null sender is told, and empty. */
  readonly senderTold: boolean
}

/** Client address, HELO name and envelope sender, only from lines that the receiving host wrote. */
function readConnection({ fields, trace, stamped }: VerifyInput): Connection {
  const borderIndex = trace.border?.index ?? -1
  const stampedSpf = stamped.fields.find(
    field => field.header === 'received-spf' && field.trust === 'trusted',
  )
  const said = stampedSpf?.results[0]?.properties ?? {}
  const returnPath = fields.find(field => field.name === 'return-path' && field.index < borderIndex)
  const sender =
    trace.border?.envelopeSender ??
    (returnPath === undefined ? said['envelope-from'] : addressOf(returnPath.value)) ??
    said['envelope-from']
  return {
    clientAddress: trace.border?.clientAddress ?? said['client-ip'] ?? '',
    helo: (trace.border?.helo ?? said.helo ?? '').replace(/^\[|\]$/g, ''),
    envelopeSender: sender?.includes('@') ? sender : '',
    senderTold: sender !== undefined,
  }
}

function addressOf(value: Buffer): string {
  const text = value.toString('utf8', 0, Math.min(value.length, 500))
  const open = text.lastIndexOf('<')
  return (open < 0 ? text : text.slice(open + 1).replace(/>[^>]*$/, '')).trim()
}

async function checkSpf(
  library: Mailauth,
  resolver: DNSResolver,
  connection: Connection,
): Promise<VerifiedSpf> {
  const { clientAddress, helo, envelopeSender, senderTold } = connection
  const domain = domainOf(envelopeSender) || (senderTold ? helo : '')
  const base = { domain, clientAddress, helo, envelopeSender }
  if (clientAddress === '' || domain === '') return { verdict: 'unknown', why: 'no-client', ...base }
  return { ...(await askSpf(library, resolver, clientAddress, helo, envelopeSender)), ...base }
}

async function checkForwarded(
  library: Mailauth,
  resolver: DNSResolver,
  connection: Connection,
  forwarder: Pick<ForwardedSpf, 'address' | 'from'>,
): Promise<ForwardedSpf> {
  // A null sender stays null when forwarded; then the forwarder's own HELO name is checked, which says nothing.
  if (connection.envelopeSender === '') {
    return { verdict: connection.senderTold ? 'none' : 'unknown', why: 'no-client', ...forwarder }
  }
  const client = forwarder.address === '' ? strangersAddress : forwarder.address
  return { ...(await askSpf(library, resolver, client, '', connection.envelopeSender)), ...forwarder }
}

/** Rental servers forward from the machine that received, so the host's own name is the next best guess. */
async function findForwarder(
  lookup: Lookup,
  configured: string | undefined,
  host: string,
): Promise<Pick<ForwardedSpf, 'address' | 'from'>> {
  for (const [name, from] of [
    [configured ?? '', 'configured'],
    [host, 'host'],
  ] as const) {
    if (isIP(name) !== 0) return { address: name, from }
    if (!/^[\w-]+(?:\.[\w-]+)+$/.test(name) || name.length > 253) continue
    const [first] = await lookup(name, 'A').catch(() => [])
    if (typeof first === 'string' && isIP(first) === 4 && !isPrivate(first)) return { address: first, from }
  }
  return { address: '', from: 'stranger' }
}

const spfVerdicts: readonly string[] = ['pass', 'fail', 'softfail', 'neutral', 'none', 'permerror']

async function askSpf(
  library: Mailauth,
  resolver: DNSResolver,
  ip: string,
  helo: string,
  sender: string,
): Promise<{ verdict: SpfVerdict; why?: VerdictReason }> {
  const name = helo === '' ? 'unknown.invalid' : helo
  const { status } = await library.spf({ ip, helo: name, sender, mta: 'localhost', resolver })
  if (!spfVerdicts.includes(status.result)) return { verdict: 'unknown', why: 'dns' }
  const verdict = status.result as SpfVerdict
  if (verdict !== 'permerror') return { verdict }
  return { verdict, why: /too many/i.test(status.comment || '') ? 'too-many-lookups' : 'record-error' }
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

const keyProblems = [
  'unknown key version',
  'unknown key type',
  'invalid public key',
  'inappropriate hash algorithm',
  'key not for email',
  'inappropriate key algorithm',
  'domain mismatch',
]

/** mailauth says `neutral` for several things that a reader must tell apart; its comment says which. */
function readSignature(result: DKIMResult): VerifiedDkim {
  const { status } = result
  const base = {
    domain: String(result.signingDomain ?? '').slice(0, 255),
    selector: String(result.selector ?? '').slice(0, 255),
    algorithm: String(result.algo ?? '').slice(0, 60),
  }
  const unsigned = Number((status as { underSized?: unknown }).underSized ?? 0)
  if (status.result === 'pass') {
    if (unsigned > 0) return { verdict: 'pass', why: 'partly-signed', ...base, unsignedOctets: unsigned }
    return { verdict: 'pass', ...base }
  }
  if (status.result === 'temperror') return { verdict: 'unknown', why: 'dns', ...base }
  return { verdict: 'fail', why: signatureReason(String(status.comment ?? ''), status.result), ...base }
}

function signatureReason(comment: string, result: string): VerdictReason {
  if (comment.startsWith('body hash')) return 'body-changed'
  if (comment === 'bad signature') return 'signature-wrong'
  if (comment === 'no key') return 'no-key'
  if (comment === 'expired' || comment === 'invalid expiration') return 'expired'
  if (comment === 'From field not signed') return 'from-not-signed'
  if (result === 'policy' || keyProblems.includes(comment)) return 'key-unusable'
  return 'not-understood'
}

function passingDomains(signatures: readonly DKIMResult[]): unknown[] {
  return signatures
    .filter(result => result.status.result === 'pass')
    .map(result => ({
      id: result.id,
      domain: result.signingDomain,
      underSized: (result.status as { underSized?: number }).underSized,
    }))
}

function readArc(result: ARCResult, failed: ReadonlySet<string>): VerifiedArc {
  const instances = typeof result.i === 'number' ? result.i : 0
  if (result.status.result === 'pass') return { verdict: 'pass', instances }
  if (result.status.result === 'none') return { verdict: 'none', instances }
  // The library calls a key that could not be fetched a failed chain; for us that is not known.
  if ([...failed].some(name => name.includes('._domainkey.')))
    return { verdict: 'unknown', why: 'dns', instances }
  return { verdict: 'fail', why: 'chain-broken', instances }
}

function readDmarc(
  result: DMARCResult | false,
  spf: VerifiedSpf,
  dkim: readonly VerifiedDkim[],
): VerifiedDmarc {
  if (result === false) {
    return { verdict: 'unknown', why: 'no-author', domain: '', spfAligned: false, dkimAligned: false }
  }
  const domain = String(result.status.header?.from ?? '').slice(0, 255)
  const spfAligned = Boolean(result.alignment?.spf.result)
  const dkimAligned = Boolean(result.alignment?.dkim.result)
  const base = { domain, spfAligned, dkimAligned }
  if (result.status.result === 'none') return { verdict: 'none', why: 'no-policy', ...base }
  const policy = (['none', 'quarantine', 'reject'] as const).find(policy => policy === result.policy)
  const percent = percentOf(result.rr)
  const known = {
    ...base,
    ...(policy === undefined ? {} : { policy }),
    ...(percent === undefined ? {} : { percent }),
  }
  if (dkimAligned || (spfAligned && spf.verdict === 'pass')) return { verdict: 'pass', ...known }
  if (policy === undefined || (result as { error?: unknown }).error !== undefined) {
    return { verdict: 'unknown', why: 'dns', ...known }
  }
  // One of the unknown answers might have been an aligned pass.
  if (dkim.some(signature => signature.verdict === 'unknown'))
    return { verdict: 'unknown', why: 'dns', ...known }
  if (spf.verdict === 'unknown' && (spfAligned || spf.domain === '')) {
    return { verdict: 'unknown', why: spf.why ?? 'dns', ...known }
  }
  return { verdict: 'fail', why: 'not-aligned', ...known }
}

/** RFC 7489 section 6.3 `pct`; undefined where the record has none. */
function percentOf(record: string | undefined): number | undefined {
  const found = /(?:^|;)\s*pct\s*=\s*(\d{1,3})\s*(?:;|$)/i.exec((record ?? '').slice(0, 2000))
  return found === null ? undefined : Math.min(100, Number(found[1]))
}
