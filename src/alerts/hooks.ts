/** The addresses by which somebody is told, and what the log hears of the ways of telling. */
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { Words } from '../locale/locale.ts'
import type { Log } from '../log/log.ts'
import { type HookMessage, pingAddress, postText } from './webhook.ts'

type Channel = 'mail' | 'webhook' | 'ping'

export interface Hooks {
  /** @param reason why it did not get through. @returns whether it did */
  outcome(channel: Channel, reason: string | undefined): boolean
  post(hook: Secret, message: HookMessage): Promise<boolean>
  ping(hook: Secret, good: boolean): Promise<boolean>
}

/** One line in the log when a way stops working, not one for each notice; none of what `cut` ended. */
export function makeHooks(
  { words, clock, log }: { readonly words: Words; readonly clock: Clock; readonly log: Log },
  cut: AbortSignal,
): Hooks {
  const failedBefore = new Set<Channel>()
  const outcome = (channel: Channel, reason: string | undefined): boolean => {
    if (reason === undefined) failedBefore.delete(channel)
    else if (!failedBefore.has(channel) && !cut.aborted) {
      failedBefore.add(channel)
      log.say('warn', 'noticeNotSent', words.notice.notSent(channel, reason), { channel, reason })
    }
    return reason === undefined
  }
  const call = async (
    channel: 'webhook' | 'ping',
    hook: Secret,
    ask: (url: string) => Promise<string | undefined>,
  ): Promise<boolean> => {
    const url = await hook.reveal().catch(() => undefined)
    return outcome(channel, url === undefined ? 'secret.missing' : await ask(url))
  }
  return {
    outcome,
    post: (hook, message) => call('webhook', hook, url => postText(url, message, clock, cut)),
    ping: (hook, good) => call('ping', hook, url => pingAddress(url, good, clock, cut)),
  }
}
