/**
 * The forecast: what a message would have met at Gmail had the rental server forwarded it, instead of hikyaku
 * importing it. Pure: it reasons over verified results only.
 *
 * A plain forward keeps the envelope sender, so SPF is asked about the forwarder's address (RFC 7208 appendix D,
 * RFC 7960 section 2); it alters nothing, so a signature that held goes on holding; DMARC then needs an aligned
 * pass of either (RFC 7489 section 3.1). Gmail asks every sender for SPF or DKIM at the least ("Email sender
 * guidelines"; its refusal is 550-5.7.26).
 */
import type { SpfVerdict, Verified } from './verified.ts'

export type Outcome = 'delivered' | 'delivered-softfail' | 'spam' | 'refused' | 'unknown'

/** The steps of the reasoning; words-en.ts and words-ja.ts render them with their facts. */
export type ForecastReason =
  | 'spf-forwarder' // {spf, domain, address}
  | 'spf-stranger' // {spf, domain}
  | 'spf-direct' // {spf, domain}
  | 'spf-rewritten'
  | 'spf-unknown'
  | 'dkim-survives' // {domain}
  | 'dkim-survives-other' // {domain, from}
  | 'dkim-broken'
  | 'dkim-none'
  | 'dkim-unknown'
  | 'dmarc-pass-dkim' // {from}
  | 'dmarc-pass-spf' // {from}
  | 'dmarc-none' // {from}
  | 'dmarc-fail-none' // {from}
  | 'dmarc-fail-quarantine' // {from}
  | 'dmarc-fail-reject' // {from}
  | 'dmarc-unknown'
  | 'policy-percent' // {percent}
  | 'unauthenticated'
  | 'arc-may-help'
  | 'arc-not-needed'
  | 'arc-nothing-good'
  | 'arc-broken'

export interface Reasoned {
  readonly why: ForecastReason
  readonly facts: Readonly<Record<string, string | number>>
}

export interface Way {
  readonly outcome: Outcome
  /** `depends`: on whether Gmail trusts this forwarder's ARC seal; `otherwise` says what if not. */
  readonly certainty: 'expected' | 'depends'
  readonly otherwise?: Outcome
  /** SPF as Gmail would have seen it. */
  readonly spf: SpfVerdict
  readonly dmarc: 'pass' | 'fail' | 'none' | 'unknown'
  readonly reasons: readonly Reasoned[]
}

export interface Forecast {
  /** Sent to Gmail directly, without the rental server between: to tell what the forwarding costs. */
  readonly direct: Way
  /** Forwarded with the envelope kept, as most rental servers do. */
  readonly plain: Way
  /** Forwarded with the envelope sender rewritten (SRS). */
  readonly srs: Way
  /** A plain forward that seals what it saw (RFC 8617). */
  readonly arc: Way
  /** What plain forwarding alone would have cost: a mail that was bad anyway costs nothing. */
  readonly cost: 'none' | 'softfail' | 'spam' | 'lost' | 'unknown'
}

interface Facts {
  readonly spf: SpfVerdict
  readonly spfAligned: boolean
  readonly spfReason: Reasoned
}

type Done = Extract<Verified, { state: 'done' }>

const because = (why: ForecastReason, facts: Reasoned['facts'] = {}): Reasoned => ({ why, facts })

/** @param verified results that could be had; undefined is returned where there are none to reason from */
export function forecastForwarding(verified: Verified): Forecast | undefined {
  if (verified.state !== 'done') return undefined
  const { spf, forwardedSpf, dmarc } = verified
  const domain = spf.domain
  const direct = judge(verified, {
    spf: spf.verdict,
    spfAligned: dmarc.spfAligned,
    spfReason:
      spf.verdict === 'unknown'
        ? because('spf-unknown')
        : because('spf-direct', { spf: spf.verdict, domain }),
  })
  const plain = judge(verified, {
    spf: forwardedSpf.verdict,
    spfAligned: dmarc.spfAligned,
    spfReason:
      forwardedSpf.verdict === 'unknown'
        ? because('spf-unknown')
        : forwardedSpf.address === ''
          ? because('spf-stranger', { spf: forwardedSpf.verdict, domain })
          : because('spf-forwarder', { spf: forwardedSpf.verdict, domain, address: forwardedSpf.address }),
  })
  // SRS: the forwarder's own domain passes, and is not the author's.
  const srs = judge(verified, { spf: 'pass', spfAligned: false, spfReason: because('spf-rewritten') })
  return { direct, plain, srs, arc: sealed(verified, plain, direct), cost: costOf(plain, direct) }
}

function judge(verified: Done, facts: Facts): Way {
  const { dkim, dmarc } = verified
  const passing = dkim.filter(signature => signature.verdict === 'pass')
  const dkimUnknown = passing.length === 0 && dkim.some(signature => signature.verdict === 'unknown')
  const reasons: Reasoned[] = [facts.spfReason, dkimReason(verified)]
  const from = dmarc.domain
  const base = { certainty: 'expected', spf: facts.spf, reasons } as const

  const spfPasses = facts.spf === 'pass'
  if (dmarc.policy === undefined && dmarc.verdict === 'unknown') {
    reasons.push(because('dmarc-unknown'))
    return { ...base, outcome: 'unknown', dmarc: 'unknown' }
  }
  let verdict: Way['dmarc'] = 'none'
  if (dmarc.policy === undefined) reasons.push(because('dmarc-none', { from }))
  else if (dmarc.dkimAligned) {
    verdict = 'pass'
    reasons.push(because('dmarc-pass-dkim', { from }))
  } else if (spfPasses && facts.spfAligned) {
    verdict = 'pass'
    reasons.push(because('dmarc-pass-spf', { from }))
  } else if (
    dkim.some(signature => signature.verdict === 'unknown') ||
    (facts.spf === 'unknown' && facts.spfAligned)
  ) {
    reasons.push(because('dmarc-unknown'))
    return { ...base, outcome: 'unknown', dmarc: 'unknown' }
  } else {
    verdict = 'fail'
    const { policy, partly } = effectivePolicy(dmarc.policy, dmarc.percent)
    reasons.push(because(`dmarc-fail-${policy}`, { from }))
    if (partly !== undefined) reasons.push(because('policy-percent', { percent: partly }))
    if (policy !== 'none')
      return { ...base, outcome: policy === 'reject' ? 'refused' : 'spam', dmarc: verdict }
  }

  if (!spfPasses && passing.length === 0) {
    if (dkimUnknown || facts.spf === 'unknown') return { ...base, outcome: 'unknown', dmarc: verdict }
    reasons.push(because('unauthenticated'))
    return { ...base, outcome: 'spam', dmarc: verdict }
  }
  const clean = spfPasses || facts.spf === 'none' || facts.spf === 'neutral' || facts.spf === 'unknown'
  return { ...base, outcome: clean ? 'delivered' : 'delivered-softfail', dmarc: verdict }
}

function dkimReason({ dkim, dmarc }: Done): Reasoned {
  const passing = dkim.find(signature => signature.verdict === 'pass')
  if (passing !== undefined) {
    return dmarc.dkimAligned
      ? because('dkim-survives', { domain: passing.domain })
      : because('dkim-survives-other', { domain: passing.domain, from: dmarc.domain })
  }
  if (dkim.length === 0) return because('dkim-none')
  return because(dkim.some(signature => signature.verdict === 'unknown') ? 'dkim-unknown' : 'dkim-broken')
}

/** RFC 7489 section 6.6.4: mail that `pct` does not select gets the next weaker policy. */
function effectivePolicy(
  policy: 'none' | 'quarantine' | 'reject',
  percent: number | undefined,
): { policy: 'none' | 'quarantine' | 'reject'; partly: number | undefined } {
  if (percent === undefined || percent >= 100 || policy === 'none') return { policy, partly: undefined }
  if (percent === 0) return { policy: policy === 'reject' ? 'quarantine' : 'none', partly: 0 }
  return { policy, partly: percent }
}

/** With an ARC seal: Gmail may go by what the forwarder saw, if it trusts the forwarder. */
function sealed(verified: Done, plain: Way, direct: Way): Way {
  const add = (why: ForecastReason): readonly Reasoned[] => [...plain.reasons, because(why)]
  if (plain.outcome === 'delivered' || plain.outcome === 'delivered-softfail') {
    return { ...plain, reasons: add('arc-not-needed') }
  }
  if (verified.arc.verdict === 'fail') return { ...plain, reasons: add('arc-broken') }
  if (direct.outcome === 'delivered' || direct.outcome === 'delivered-softfail') {
    return {
      ...plain,
      outcome: 'delivered',
      certainty: 'depends',
      otherwise: plain.outcome,
      reasons: add('arc-may-help'),
    }
  }
  return direct.outcome === 'unknown' ? plain : { ...plain, reasons: add('arc-nothing-good') }
}

const severity: Record<Outcome, number> = {
  delivered: 0,
  'delivered-softfail': 1,
  spam: 2,
  refused: 3,
  unknown: -1,
}

function costOf(plain: Way, direct: Way): Forecast['cost'] {
  if (plain.outcome === 'unknown') return 'unknown'
  // Where SPF at arrival is not known, direct delivery is given the benefit of the doubt.
  if (direct.outcome !== 'unknown' && severity[plain.outcome] <= severity[direct.outcome]) return 'none'
  if (plain.outcome === 'refused') return 'lost'
  if (plain.outcome === 'spam') return 'spam'
  return plain.outcome === 'delivered-softfail' ? 'softfail' : 'none'
}
