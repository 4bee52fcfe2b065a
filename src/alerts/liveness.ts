/**
 * Whether the daemon really works: what the sign of life to the service manager is made of. A
 * mailbox is alive while it waits for its next pull (a timer of the event loop) or gets on with a pull; a pull that
 * does nothing for longer than all its deadlines allow is stuck, and the service manager should start us anew.
 */
import type { Clock } from '../base/clock.ts'
import type { PullPorts } from '../pull/context.ts'

/** The longest single step is one IMAP command, half an hour (imap-deadlines.ts), then an upload's deadlines. */
const stuckMs = 75 * 60_000

export interface Liveness {
  beforeAttempt(ports: PullPorts): void
  onProgress(ports: PullPorts): void
  afterAttempt(ports: PullPorts): void
  /** False where a mailbox has been stuck in one step. */
  isAlive(): boolean
}

export function makeLiveness(clock: Clock): Liveness {
  /** Since when a mailbox works without a sign of progress; absent while it waits. */
  const workingSinceMs = new Map<string, number>()
  return {
    beforeAttempt: ({ mailbox }) => void workingSinceMs.set(mailbox.name, clock.monotonicMs()),
    onProgress: ({ mailbox }) => void workingSinceMs.set(mailbox.name, clock.monotonicMs()),
    afterAttempt: ({ mailbox }) => void workingSinceMs.delete(mailbox.name),
    isAlive: () => [...workingSinceMs.values()].every(sinceMs => clock.monotonicMs() - sinceMs < stuckMs),
  }
}
