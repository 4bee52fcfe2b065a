/** Names and TCP, each over IPv4 and IPv6 by itself: a dead family is hidden by the other one, and costs time. */
import { abortAfter, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { isAddress, touchAddress } from '../base/tcp.ts'
import { type Address, networkFault } from '../source/inspect.ts'
import type { DoctorContext } from './context.ts'
import { type CheckName, type Finding, failByFault, noteCheck, passCheck, skipCheck } from './finding.ts'

type Family = 4 | 6

export interface Target {
  readonly host: string
  readonly port: number
  /** The mailbox or account; '' for a host of Google. */
  readonly subject: string
  readonly names: CheckName
  readonly reach: CheckName
  /** Makes the fault of this side out of a source's: Google's has codes of its own. */
  readonly blame: (fault: Fault) => Fault
}

export interface Reached {
  readonly findings: readonly Finding[]
  readonly reached: boolean
}

/** Looks the name up and connects over each family; connections are closed at once. */
export async function checkNetwork(target: Target, context: DoctorContext): Promise<Reached> {
  const { words, language, deadlines } = context
  const { host, port, subject } = target
  const names = { check: target.names, subject }
  const reach = { check: target.reach, subject }
  let addresses: readonly Address[]
  try {
    const late = () =>
      new Fault('source.timeout', {
        facts: { host, phase: 'lookup', seconds: deadlines.connectMs / 1000 },
      })
    addresses = await within(context.lookup(host), deadlines.connectMs, context.clock, context.signal, late)
    if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
  } catch (thrown) {
    context.signal.throwIfAborted()
    const fault = target.blame(networkFault(thrown, { host, port, phase: 'lookup' }))
    return {
      findings: [
        failByFault(names, fault, language),
        skipCheck(reach, words.because(context.checks[target.names])),
      ],
      reached: false,
    }
  }
  const of = (family: Family): string[] =>
    addresses.filter(resolved => resolved.family === family).map(({ address }) => address)
  const findings = !isAddress(host) ? [passCheck(names, words.addresses(host, of(4), of(6)))] : []
  const tried = await Promise.all(
    ([4, 6] as const).map(family => tryFamily(family, of(family), target, context)),
  )
  const there = tried.filter(outcome => outcome !== undefined)
  const good = there.flatMap(({ family, ms }) => (ms === undefined ? [] : [[family, ms] as const]))
  const server = `${host}:${port}`
  const dead = there.find(({ ms }) => ms === undefined)
  if (good.length === 0) {
    const fault = target.blame(networkFault(dead?.error, { host, port, phase: 'connect' }))
    return { findings: [...findings, failByFault(reach, fault, language)], reached: false }
  }
  if (dead === undefined) findings.push(passCheck(reach, words.reached(server, good)))
  else if (noRoute.has((dead.error as NodeJS.ErrnoException).code ?? ''))
    findings.push(passCheck(reach, words.noFamilyHere(server, dead.family)))
  else
    findings.push(noteCheck(reach, `network.ipv${dead.family}-dead`, words.deadFamily(server, dead.family)))
  return { findings, reached: true }
}

/** This machine has no way out over that family: said at once, so it costs nothing. */
const noRoute: ReadonlySet<string> = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

interface Tried {
  readonly family: Family
  /** Until the connection stood; undefined where none did. */
  readonly ms: number | undefined
  readonly error: unknown
}

async function tryFamily(
  family: Family,
  addresses: readonly string[],
  { host, port }: Target,
  context: DoctorContext,
): Promise<Tried | undefined> {
  const { clock, signal, deadlines } = context
  const { connectMs } = deadlines
  const late = () =>
    new Fault('source.timeout', { facts: { host, port, phase: 'connect', seconds: connectMs / 1000 } })
  let error: unknown
  for (const address of addresses.slice(0, 2)) {
    const began = clock.monotonicMs()
    try {
      await abortAfter(connectMs, clock, signal, stop => touchAddress(address, port, stop), late)
      return { family, ms: clock.monotonicMs() - began, error: undefined }
    } catch (thrown) {
      signal.throwIfAborted()
      error ??= thrown
    }
  }
  return addresses.length === 0 ? undefined : { family, ms: undefined, error }
}
