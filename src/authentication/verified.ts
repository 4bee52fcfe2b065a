/** What verification found out, as plain data. */
import type { Complexity } from './complexity.ts'

export type SpfVerdict = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'permerror' | 'unknown'
export type Verdict = 'pass' | 'fail' | 'none' | 'unknown'

/** Why a verdict is not a plain pass; words-en.ts and words-ja.ts have the sentences. */
export type VerdictReason =
  | 'dns'
  | 'no-client'
  | 'no-sender'
  | 'client-hidden'
  | 'client-near'
  | 'too-many-lookups'
  | 'record-error'
  | 'body-changed'
  | 'signature-wrong'
  | 'no-key'
  | 'key-unusable'
  | 'too-weak'
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
  /** The host wrote that there is no envelope sender, `<>`: a bounce (RFC 5321 section 4.5.5). */
  readonly isBounce?: true
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
  /** The same without ed25519 signatures; only where there are some that pass. */
  readonly rsaAligned?: boolean
}

/** Gmail does not verify ed25519 (RFC 8463). The tag is what the sender wrote, in letters of either case. */
export const isVerifiedByGmail = ({ algorithm }: Pick<VerifiedDkim, 'algorithm'>): boolean =>
  !algorithm.toLowerCase().startsWith('ed25519')

export interface VerifiedArc {
  readonly verdict: Verdict
  readonly why?: VerdictReason
  readonly instances: number
}

/** What SPF would have said had the host forwarded the message with its envelope kept. */
export interface ForwardedSpf {
  readonly verdict: SpfVerdict
  readonly why?: VerdictReason
  /** The domain that was asked; '' where the envelope sender, or for a bounce the forwarder's name, is not known. */
  readonly domain?: string
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
  /** Beyond the bounds of the real world, so that it was not begun; `why` is missing in older records. */
  | { readonly state: 'message-too-complex'; readonly why?: Complexity }
  /**
   * `off`: the owner switched it off. `not-done`: nothing was kept. `too-busy`: too many were under way. Else it
   * could not be done, or not in the time it is given.
   */
  | { readonly state: 'off' | 'not-done' | 'library-missing' | 'broken-off' | 'too-busy' }
