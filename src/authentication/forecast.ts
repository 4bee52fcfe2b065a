/**
 * The forecast: what Gmail would do with a message if the rental server forwarded it, instead of hikyaku importing it.
 * Pure: it reasons over verified results only. It is compared with what the owner has: a rental mailbox that took it.
 *
 * A plain forward keeps the envelope sender, so SPF is asked about the forwarder's address (RFC 7208 appendix D,
 * RFC 7960 section 2); it alters nothing, so a signature that held goes on holding; DMARC then needs an aligned
 * pass of either (RFC 9989, which obsoletes RFC 7489 and has no `pct`). Gmail asks every sender for SPF or DKIM at the
 * least ("Email sender guidelines"; its refusal is 550-5.7.26), and does not verify ed25519.
 */
import { registeredDomain } from './names.ts'
import { isVerifiedByGmail, type SpfVerdict, type Verified, type VerifiedDkim } from './verified.ts'

/** From best to worst. `refused-or-spam`: one of the two, and nobody outside Gmail knows which. */
export type Outcome = 'delivered' | 'delivered-softfail' | 'spam' | 'refused-or-spam' | 'refused' | 'unknown'

/** The steps of the reasoning; words-en.ts and words-ja.ts render them with their facts. */
export type ForecastReason =
  | 'spf-forwarder' // {spf, domain, address}
  | 'spf-forwarder-guess' // {spf, domain, address}
  | 'spf-stranger' // {spf, domain}
  | 'spf-bounce' // {spf, domain}
  | 'spf-bounce-unknown'
  | 'spf-no-sender'
  | 'spf-direct' // {spf, domain}
  | 'spf-rewritten'
  | 'spf-bounce-kept'
  | 'spf-unknown'
  | 'dkim-survives' // {domain}
  | 'dkim-survives-other' // {domain, from}
  | 'dkim-ed25519' // {domain}
  | 'dkim-broken'
  | 'dkim-none'
  | 'dkim-unknown'
  | 'dmarc-pass-dkim' // {from}
  | 'dmarc-pass-spf' // {from}
  | 'dmarc-none' // {from}
  | 'dmarc-fail-none' // {from}
  | 'dmarc-fail-quarantine' // {from}
  | 'dmarc-fail-reject' // {from}
  | 'dmarc-never-quarantine' // {from}
  | 'dmarc-never-reject' // {from}
  | 'dmarc-unknown'
  | 'policy-percent' // {percent}
  | 'unauthenticated'
  | 'arc-chain-there' // {sealer}
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
  /** `depends`: on whether Gmail trusts an ARC seal; `outcome` is for the case that it does, `otherwise` if not. */
  readonly certainty: 'expected' | 'depends'
  readonly otherwise?: Outcome
  /** SPF as Gmail would see it. */
  readonly spf: SpfVerdict
  readonly dmarc: 'pass' | 'fail' | 'none' | 'unknown'
  readonly reasons: readonly Reasoned[]
}

export interface Forecast {
  /** Sent to Gmail directly, without the rental server between: to tell what a seal could vouch for. */
  readonly direct: Way
  /** Forwarded with the envelope kept, as most rental servers do. */
  readonly plain: Way
  /** Forwarded with the envelope sender rewritten (SRS). */
  readonly srs: Way
  /** A plain forward that seals what it saw (RFC 8617). */
  readonly arc: Way
  /** What plain forwarding would take from the message as it stands in the rental mailbox. */
  readonly cost: 'none' | 'softfail' | 'spam' | 'possibly-lost' | 'lost' | 'unknown'
  /** Who would hear of a refusal. Never the owner: the bounce goes to the envelope sender, and a bounce has none. */
  readonly told: 'sender' | 'nobody' | 'unknown'
}

/** What SPF says for one way, and whether its domain is aligned with From. */
interface SpfView {
  readonly spf: SpfVerdict
  readonly aligned: 'yes' | 'no' | 'unknown'
  readonly reason: Reasoned
}

type Done = Extract<Verified, { state: 'done' }>

const because = (why: ForecastReason, facts: Reasoned['facts'] = {}): Reasoned => ({ why, facts })

/**
 * @param verified results that could be had; undefined is returned where there are none to reason from
 * @param sealer `d=` of the newest ARC seal, '' where there is none
 */
export function forecastForwarding(verified: Verified, sealer = ''): Forecast | undefined {
  if (verified.state !== 'done') return undefined
  const direct = judge(verified, viewDirect(verified), true)
  const wasBad = direct.dmarc === 'fail'
  const plain = withChain(verified, judge(verified, viewPlain(verified), wasBad), sealer)
  const srs = withChain(verified, judge(verified, viewRewritten(verified), wasBad), sealer)
  const { spf } = verified
  return {
    direct,
    plain,
    srs,
    arc: sealed(verified, plain, direct),
    cost: costOf(plain, spf.verdict),
    told: spf.isBounce ? 'nobody' : isSenderKnown(verified) ? 'sender' : 'unknown',
  }
}

const isSenderKnown = ({ spf }: Done): boolean => spf.envelopeSender !== ''

const isAligned = ({ spf, dmarc }: Done): SpfView['aligned'] =>
  dmarc.spfAligned ? 'yes' : spf.domain === '' ? 'unknown' : 'no'

function viewDirect(verified: Done): SpfView {
  const { verdict, domain } = verified.spf
  const reason =
    verdict === 'unknown' ? because('spf-unknown') : because('spf-direct', { spf: verdict, domain })
  return { spf: verdict, aligned: isAligned(verified), reason }
}

function viewPlain(verified: Done): SpfView {
  const { spf, forwardedSpf, dmarc } = verified
  const { verdict, address, from, domain = '' } = forwardedSpf
  if (spf.isBounce) {
    // Older records have no domain: what they say of a bounce was not asked.
    const isAsked = domain !== '' && verdict !== 'unknown'
    return isAsked
      ? {
          spf: verdict,
          aligned: alignName(domain, dmarc.domain),
          reason: because('spf-bounce', { spf: verdict, domain }),
        }
      : { spf: 'unknown', aligned: 'no', reason: because('spf-bounce-unknown') }
  }
  const aligned = isAligned(verified)
  if (!isSenderKnown(verified)) return { spf: 'unknown', aligned, reason: because('spf-no-sender') }
  if (verdict === 'unknown') return { spf: verdict, aligned, reason: because('spf-unknown') }
  const facts = { spf: verdict, domain: spf.domain }
  if (address === '') return { spf: verdict, aligned, reason: because('spf-stranger', facts) }
  const why = from === 'host' ? 'spf-forwarder-guess' : 'spf-forwarder'
  return { spf: verdict, aligned, reason: because(why, { ...facts, address }) }
}

/** SRS: the forwarder's own domain passes, and is not the author's. It has nothing to rewrite in a bounce. */
function viewRewritten(verified: Done): SpfView {
  if (verified.spf.isBounce) return { ...viewPlain(verified), reason: because('spf-bounce-kept') }
  if (!isSenderKnown(verified)) return { spf: 'unknown', aligned: 'no', reason: because('spf-no-sender') }
  return { spf: 'pass', aligned: 'no', reason: because('spf-rewritten') }
}

/** Relaxed alignment of a name that was not asked about in DNS: where only a list could tell, it is not known. */
function alignName(name: string, from: string): SpfView['aligned'] {
  if (name === from) return 'yes'
  return registeredDomain(name) === registeredDomain(from) ? 'unknown' : 'no'
}

/** What Gmail finds in the signatures: those that it verifies, and whether one of them is aligned. */
interface SignatureView {
  readonly passing: readonly VerifiedDkim[]
  readonly unknown: boolean
  readonly aligned: boolean
}

function viewSignatures({ dkim, dmarc }: Done): SignatureView {
  const forGmail = dkim.filter(isVerifiedByGmail)
  const passing = forGmail.filter(({ verdict }) => verdict === 'pass')
  return {
    passing,
    unknown: forGmail.some(({ verdict }) => verdict === 'unknown'),
    aligned: passing.length > 0 && (dmarc.rsaAligned ?? dmarc.dkimAligned),
  }
}

/** @param wasBad whether DMARC fails without the forward, too */
function judge(verified: Done, view: SpfView, wasBad: boolean): Way {
  const { dmarc } = verified
  const { spf, aligned } = view
  const signed = viewSignatures(verified)
  const reasons: Reasoned[] = [view.reason, dkimReason(verified, signed)]
  const base = { certainty: 'expected', spf, reasons } as const
  const from = dmarc.domain
  const notKnown = (): Way => {
    reasons.push(because('dmarc-unknown'))
    return { ...base, outcome: 'unknown', dmarc: 'unknown' }
  }
  const isBare = spf !== 'pass' && signed.passing.length === 0
  const isSurelyBare = isBare && spf !== 'unknown' && !signed.unknown

  let verdict: Way['dmarc'] = 'none'
  if (dmarc.policy === undefined) {
    if (dmarc.verdict === 'unknown') return notKnown()
    reasons.push(because('dmarc-none', { from }))
  } else if (signed.aligned || (spf === 'pass' && aligned === 'yes')) {
    verdict = 'pass'
    reasons.push(because(signed.aligned ? 'dmarc-pass-dkim' : 'dmarc-pass-spf', { from }))
  } else if (
    signed.unknown ||
    (aligned !== 'no' && (spf === 'unknown' || (spf === 'pass' && aligned === 'unknown')))
  ) {
    return notKnown()
  } else {
    verdict = 'fail'
    const { policy, percent } = dmarc
    if (policy === 'none') reasons.push(because('dmarc-fail-none', { from }))
    else {
      reasons.push(because(wasBad ? `dmarc-never-${policy}` : `dmarc-fail-${policy}`, { from }))
      if (percent !== undefined && percent < 100) reasons.push(because('policy-percent', { percent }))
      if (policy === 'reject') return { ...base, outcome: 'refused', dmarc: verdict }
      if (!isSurelyBare) return { ...base, outcome: 'spam', dmarc: verdict }
    }
  }

  if (isSurelyBare) {
    reasons.push(because('unauthenticated'))
    return { ...base, outcome: 'refused-or-spam', dmarc: verdict }
  }
  if (isBare) return { ...base, outcome: 'unknown', dmarc: verdict }
  const isClean = spf === 'pass' || spf === 'none' || spf === 'neutral' || spf === 'unknown'
  return { ...base, outcome: isClean ? 'delivered' : 'delivered-softfail', dmarc: verdict }
}

function dkimReason({ dkim, dmarc }: Done, signed: SignatureView): Reasoned {
  const [passing] = signed.passing
  if (passing !== undefined) {
    return signed.aligned
      ? because('dkim-survives', { domain: passing.domain })
      : because('dkim-survives-other', { domain: passing.domain, from: dmarc.domain })
  }
  if (dkim.length === 0) return because('dkim-none')
  if (signed.unknown) return because('dkim-unknown')
  const ed25519 = dkim.find(signature => signature.verdict === 'pass')
  return ed25519 === undefined ? because('dkim-broken') : because('dkim-ed25519', { domain: ed25519.domain })
}

const isIn = (outcome: Outcome): boolean => outcome === 'delivered' || outcome === 'delivered-softfail'

/** A valid chain that an earlier forwarder or a mailing list sealed goes along, whatever this forwarder does. */
function withChain({ arc }: Done, way: Way, sealer: string): Way {
  if (arc.verdict !== 'pass' || isIn(way.outcome) || way.outcome === 'unknown') return way
  return {
    ...way,
    outcome: 'delivered',
    certainty: 'depends',
    otherwise: way.outcome,
    reasons: [...way.reasons, because('arc-chain-there', { sealer })],
  }
}

/** With an ARC seal: Gmail may go by what the forwarder saw, if it trusts the forwarder. */
function sealed(verified: Done, plain: Way, direct: Way): Way {
  const add = (why: ForecastReason): readonly Reasoned[] => [...plain.reasons, because(why)]
  if (plain.certainty === 'depends') return { ...plain, reasons: add('arc-may-help') }
  if (isIn(plain.outcome)) return { ...plain, reasons: add('arc-not-needed') }
  if (verified.arc.verdict === 'fail') return { ...plain, reasons: add('arc-broken') }
  if (plain.outcome === 'unknown' || direct.outcome === 'unknown') return plain
  if (!isIn(direct.outcome)) return { ...plain, reasons: add('arc-nothing-good') }
  return {
    ...plain,
    outcome: 'delivered',
    certainty: 'depends',
    otherwise: plain.outcome,
    reasons: add('arc-may-help'),
  }
}

function costOf(plain: Way, spfOnArrival: SpfVerdict): Forecast['cost'] {
  const worst = plain.otherwise ?? plain.outcome
  switch (worst) {
    case 'unknown':
      return 'unknown'
    case 'refused':
      return plain.certainty === 'depends' ? 'possibly-lost' : 'lost'
    case 'refused-or-spam':
      return 'possibly-lost'
    case 'spam':
      return 'spam'
    case 'delivered-softfail':
      // What SPF did not say on arrival cannot be taken from the message.
      return spfOnArrival === 'pass' || spfOnArrival === 'unknown' ? 'softfail' : 'none'
    case 'delivered':
      return 'none'
  }
}
