/** The library's answers as verdicts of ours: what it lumps together is told apart, what it could not know is `unknown`. */
import type { ARCResult, DKIMResult, DMARCResult } from 'mailauth'
import type { VerdictReason, VerifiedArc, VerifiedDkim, VerifiedDmarc, VerifiedSpf } from './verified.ts'

const keyProblems = [
  'unknown key version',
  'unknown key type',
  'invalid public key',
  'inappropriate hash algorithm',
  'key not for email',
  'inappropriate key algorithm',
]

/** mailauth says `neutral` for several things that a reader must tell apart; its comment says which. */
export function readSignature(result: DKIMResult): VerifiedDkim {
  const { status } = result
  const base = {
    domain: String(result.signingDomain ?? '').slice(0, 255),
    selector: String(result.selector ?? '').slice(0, 255),
    algorithm: String(result.algo ?? '').slice(0, 60),
  }
  const unsigned = Number((status as { underSized?: unknown }).underSized ?? 0)
  if (status.result === 'pass') {
    if (claimsTooMuch(result)) return { verdict: 'fail', why: 'not-understood', ...base }
    if (unsigned > 0) return { verdict: 'pass', why: 'partly-signed', ...base, unsignedOctets: unsigned }
    return { verdict: 'pass', ...base }
  }
  if (status.result === 'temperror') return { verdict: 'unknown', why: 'dns', ...base }
  return { verdict: 'fail', why: signatureReason(String(status.comment ?? ''), status.result), ...base }
}

/** RFC 6376 section 3.5: `l=` MUST NOT be larger than the body. The library takes the body that there is. */
const claimsTooMuch = ({
  canonBodyLengthLimit: claimed,
  canonBodyLengthTotal: octets,
}: DKIMResult): boolean => claimed !== undefined && octets !== undefined && claimed > octets

function signatureReason(comment: string, result: string): VerdictReason {
  if (comment.startsWith('body hash')) return 'body-changed'
  if (comment === 'bad signature') return 'signature-wrong'
  if (comment === 'no key') return 'no-key'
  if (comment === 'expired' || comment === 'invalid expiration') return 'expired'
  if (comment === 'From field not signed') return 'from-not-signed'
  // RFC 8301: rsa-sha1, and RSA keys below 1,024 bits.
  if (result === 'policy') return 'too-weak'
  if (keyProblems.includes(comment)) return 'key-unusable'
  return 'not-understood'
}

export function passingDomains(signatures: readonly DKIMResult[]): unknown[] {
  return signatures
    .filter(result => result.status.result === 'pass' && !claimsTooMuch(result))
    .map(result => ({
      id: result.id,
      domain: result.signingDomain,
      underSized: (result.status as { underSized?: number }).underSized,
    }))
}

export function readArc(result: ARCResult, failed: ReadonlySet<string>): VerifiedArc {
  const instances = typeof result.i === 'number' ? result.i : 0
  if (result.status.result === 'pass') {
    const { signature } = result as { signature?: DKIMResult | false }
    if (!signature || !claimsTooMuch(signature)) return { verdict: 'pass', instances }
    return { verdict: 'fail', why: 'chain-broken', instances }
  }
  if (result.status.result === 'none') return { verdict: 'none', instances }
  // The library calls a key that could not be fetched a failed chain; for us that is not known. No key is asked for
  // where the sets are no chain.
  const isChain = Array.isArray((result as { chain?: unknown }).chain)
  if (isChain && [...failed].some(name => name.includes('._domainkey.')))
    return { verdict: 'unknown', why: 'dns', instances }
  return { verdict: 'fail', why: 'chain-broken', instances }
}

export function readDmarc(
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
  const match = /(?:^|;)\s*pct\s*=\s*(\d{1,3})\s*(?:;|$)/i.exec((record ?? '').slice(0, 2000))
  return match === null ? undefined : Math.min(100, Number(match[1]))
}
