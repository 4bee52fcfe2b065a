/**
 * Verified results: SPF, DKIM, DMARC and ARC checked by ourselves on the exact octets, with the `mailauth`
 * library. It runs in a process of its own (isolate.ts) after an import; whatever it could not find out is `unknown`
 * ("not known"), never `fail`.
 *
 * SPF is about the connection, which we did not see: its three inputs come from the line that the receiving host
 * wrote (trace.ts). Where that line does not tell, SPF is `unknown`.
 */
import { Readable } from 'node:stream'
import type { DNSResolver } from 'mailauth'
import type { Clock } from '../base/clock.ts'
import type { RawMessage } from '../message/message.ts'
import { complexityBounds, findComplexity } from './complexity.ts'
import { boundForMessage, type Lookup, type MessageDns } from './dns.ts'
import { slices, TooComplex } from './slices.ts'
import { passingDomains, readArc, readDmarc, readSignature } from './verdicts.ts'
import { isVerifiedByGmail, type Verified } from './verified.ts'
import {
  checkForwarded,
  checkSpf,
  findForwarder,
  type Mailauth,
  type ReadHeader,
  readConnection,
  strict,
} from './verify-spf.ts'

export type * from './verified.ts'

export interface VerifyOptions {
  readonly dns: Lookup
  readonly clock: Clock
  /** IP address or name that the host's forwarding would send from; undefined: the receiving host's own. */
  readonly forwardingAddress?: string | undefined
  /** Ends it early: what is not known by then stays so. */
  readonly signal?: AbortSignal
  /** For the DNS of one message, ms: less than the time it has in all, so that what is known by then is told. */
  readonly deadlineMs?: number
  /**
   * Most different DNS questions for one message. The greatest SPF record that RFC 7208 section 4.6.4 allows needs 111
   * (ten mx terms of ten hosts each).
   */
  readonly questions?: number
  /** Loads the library; it needs Node 22.19 while this project runs on 22.13. */
  readonly load?: () => Promise<Mailauth>
}

export interface VerifyInput extends ReadHeader {
  readonly raw: RawMessage
}

const loadMailauth = (): Promise<Mailauth> => import('mailauth')

/** Never throws for what the message or DNS did: such trouble is a verdict. */
export async function verifyMessage(input: VerifyInput, options: VerifyOptions): Promise<Verified> {
  const { raw } = input
  const why = findComplexity(await raw.header(complexityBounds.headerOctets + 1), raw.octets)
  if (why !== undefined) return { state: 'message-too-complex', why }
  let library: Mailauth
  try {
    library = await (options.load ?? loadMailauth)()
  } catch {
    return { state: 'library-missing' }
  }
  const { clock, questions = 160, deadlineMs = 4000, signal } = options
  const dns = boundForMessage(options.dns, clock, questions, deadlineMs, signal)
  try {
    return await check(library, input, options, dns)
  } catch (error) {
    if (error instanceof TooComplex) return { state: 'message-too-complex', why: error.why }
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
    strict,
  } as Parameters<Mailauth['dkimVerify']>[1])
  const signatures = signed.results.filter(result => result.status.result !== 'none' || result.signingDomain)
  const dkim = signatures.map(readSignature)

  const spf = await checkSpf(library, resolver, connection)
  const forwarder = await findForwarder(dns.lookup, options.forwardingAddress, input.stamped.host)
  const forwardedSpf = await checkForwarded(library, resolver, connection, forwarder)

  const arcResult = await library.arc(signed.arc as Parameters<Mailauth['arc']>[0], { resolver, strict })
  const arc = readArc(arcResult, dns.failed)

  const askDmarc = (considered: typeof signatures): ReturnType<Mailauth['dmarc']> =>
    library.dmarc({
      headerFrom: signed.headerFrom,
      fromFields: signed.fromFields,
      // The envelope domain is given whatever SPF said, to learn whether it is aligned; the verdict is made below.
      spfDomains: spf.domain === '' ? [] : [{ domain: spf.domain }],
      dkimDomains: passingDomains(considered),
      resolver,
      strict,
    } as unknown as Parameters<Mailauth['dmarc']>[0])
  const dmarc = readDmarc(await askDmarc(signatures), spf, dkim)
  const withoutEd25519 = signatures.filter((_, place) => {
    const signature = dkim[place]
    return signature === undefined || isVerifiedByGmail(signature)
  })
  const rsa =
    dmarc.dkimAligned && withoutEd25519.length < signatures.length
      ? { rsaAligned: readDmarc(await askDmarc(withoutEd25519), spf, dkim).dkimAligned }
      : {}
  return {
    state: 'done',
    asOf: new Date(asOfMs).toISOString(),
    spf,
    dkim,
    dmarc: { ...dmarc, ...rsa },
    arc,
    forwardedSpf,
  }
}
