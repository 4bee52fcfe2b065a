/** What is said to who asks whether all is well: yes, or no and why. By codes alone: no message, no server's words. */
import { holdsUpMail } from '../alerts/trouble-list.ts'
import { timeJson } from '../base/time-json.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import type { Pause, Pauses } from '../pull/paused.ts'

const mostReasons = 50

/** How far the process is. */
export interface Life {
  /** Mailboxes that no attempt of this process has come to an end of. */
  readonly untried: readonly string[]
  readonly stopping: boolean
  /** False where a mailbox is stuck in one step. */
  readonly loopsLive: boolean
}

interface Reason {
  readonly code: string
  readonly scope?: string
  readonly mailbox?: string
  readonly account?: string
  /** Messages that it is about, where it is about messages. */
  readonly messages?: number
}

export interface Health {
  readonly ok: boolean
  /** Whether mail comes: false where something but a pause keeps it from coming, not where single messages are aside. */
  readonly mailComes: boolean
  readonly reasons: readonly Reason[]
  /** What the owner has paused is no reason; it is not there where nothing is. */
  readonly paused?: readonly object[]
}

/** @param list without what rests (withoutPaused) */
export function describeHealth(list: readonly TroubleEntry[], life: Life, pauses: Pauses): Health {
  const reasons = [...lifeReasons(life), ...list.map(reasonOf)]
  return {
    ok: reasons.length === 0,
    mailComes: lifeReasons(life).length === 0 && !list.some(holdsUpMail),
    reasons: reasons.slice(0, mostReasons),
    ...(pauses.size === 0 ? {} : { paused: [...pauses].slice(0, mostReasons).map(describePause) }),
  }
}

const describePause = ([mailbox, { sinceMs }]: readonly [string, Pause]): object => ({
  mailbox,
  ...timeJson('since', sinceMs),
})

/** Whether it does its work, whatever the mail servers say. */
export function describeReadiness(life: Life): Pick<Health, 'ok' | 'reasons'> {
  const reasons = lifeReasons(life)
  return { ok: reasons.length === 0, reasons: reasons.slice(0, mostReasons) }
}

function lifeReasons({ untried, stopping, loopsLive }: Life): Reason[] {
  return [
    ...(stopping ? [{ code: 'stopping' }] : []),
    ...untried.map(mailbox => ({ code: 'starting', mailbox })),
    ...(loopsLive ? [] : [{ code: 'stuck' }]),
  ]
}

function reasonOf({ scope, name, code, sinceMs, messages }: TroubleEntry): Reason {
  const whose = scope === 'account' ? { account: name } : scope === 'machine' ? {} : { mailbox: name }
  return {
    code,
    scope,
    ...whose,
    ...timeJson('since', sinceMs),
    ...(messages > 0 ? { messages } : {}),
  }
}
