/** A set-up that its owner leaves: by a signal, or with the answer that ends it. */
import { exitCodes } from '../base/fault.ts'
import { SetupLeft } from '../setup/conversation.ts'
import { type Invocation, writeJson } from './invocation.ts'

/** Until `letGo` the signals that end a process abort `signal` instead. */
export function catchLeaving(): { readonly signal: AbortSignal; letGo(): void } {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort(new SetupLeft('left'))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  return {
    signal: stop.signal,
    letGo() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}

/** For `catch`: undefined where it was left. */
export function unlessLeft(thrown: unknown): undefined {
  if (!(thrown instanceof SetupLeft)) throw thrown
}

/** @returns the exit code */
export function answerLeft(invocation: Invocation, left: string): number {
  if (invocation.json) writeJson(invocation, { ok: false, exitCode: exitCodes.temporary, left: true })
  else invocation.stderr.write(`\n${left}\n`)
  return exitCodes.temporary
}
