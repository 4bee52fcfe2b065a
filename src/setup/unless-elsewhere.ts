/** A secret that is kept for another destination than it would be sent to is as good as none. */
import { Fault, type FaultCode } from '../base/fault.ts'

/** @returns undefined for a secret that was entered for another destination; throws everything else */
export function unlessElsewhere(thrown: unknown): undefined {
  const codes: readonly FaultCode[] = ['secret.other-destination', 'secret.without-destination']
  if (!(thrown instanceof Fault) || !codes.includes(thrown.code)) throw thrown
}
