/** One line of `doctor`: what was looked at, how it is, what that means and what to do. */
import { type Fault, type FaultCode, type FaultFacts, faultKinds } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { describeFault, type Words } from '../locale/locale.ts'
import type { DoctorText } from './words.ts'

/** bad: mail does not come through, or will not; warning: it does, but the owner should know; skipped: not looked at. */
export type Verdict = 'ok' | 'warning' | 'bad' | 'skipped'

export type CheckName = keyof Words['doctor']['checks']

export interface Finding {
  readonly check: CheckName
  /** The mailbox or account that it is about; '' for this machine. */
  readonly subject: string
  readonly verdict: Verdict
  /** The cause, for scripts: a fault's code, or a word of doctor's own; 'ok' and 'skipped' say just that. */
  readonly code: string
  /** A sentence each, in the owner's language; `next` is '' where nothing needs to be done. */
  readonly what: string
  readonly next: string
  /** What this line alone would make the exit code (see exitCodes). */
  readonly exitCode: number
}

export interface Place {
  readonly check: CheckName
  readonly subject?: string
}

export function passCheck({ check, subject = '' }: Place, what: string): Finding {
  return { check, subject, verdict: 'ok', code: 'ok', what, next: '', exitCode: 0 }
}

export function skipCheck({ check, subject = '' }: Place, what: string): Finding {
  return { check, subject, verdict: 'skipped', code: 'skipped', what, next: '', exitCode: 0 }
}

/** @param exitCode 0 where the owner should know of it and no mail is held up */
export function noteCheck(
  { check, subject = '' }: Place,
  code: string,
  text: DoctorText,
  exitCode = 0,
): Finding {
  return { check, subject, verdict: 'warning', code, ...text, exitCode }
}

export function failCheck(
  { check, subject = '' }: Place,
  code: string,
  text: DoctorText,
  exitCode: number,
): Finding {
  return { check, subject, verdict: 'bad', code, ...text, exitCode }
}

/** A fault as a line, in the words that `pull` and `status` use for it. */
export function failByFault(
  { check, subject = '' }: Place,
  fault: Pick<Fault, 'code' | 'facts'>,
  language: Language,
  verdict: 'bad' | 'warning' = 'bad',
): Finding {
  const { what, next } = describeFault(fault, language)
  return { check, subject, verdict, code: fault.code, what, next, exitCode: exitOf(fault.code) }
}

/** A fault that was recorded, as one to be shown again. */
export const recalled = (code: FaultCode, facts: FaultFacts): Pick<Fault, 'code' | 'facts'> => ({
  code,
  facts,
})

const exitOf = (code: FaultCode): number => faultKinds[code].exit

/**
 * The exit code of the first bad line: the checks go from the outside in, so what comes after it is often its
 * consequence. Without a bad line the worst of the warnings.
 */
export function exitCodeOf(findings: readonly Finding[]): number {
  const first = findings.find(({ verdict }) => verdict === 'bad')
  if (first !== undefined) return first.exitCode
  return Math.max(0, ...findings.map(({ exitCode }) => exitCode))
}
