/** What a process says in its log of the address at which it answers monitoring programs. */
import { isLoopback } from '../base/loopback.ts'
import type { ListenAddress } from '../config/config.ts'
import { writeListenAddress } from '../config/writers.ts'
import { describeReason } from '../locale/reasons.ts'
import type { Log } from '../log/log.ts'
import type { Invocation } from './invocation.ts'

/**
 * Where nothing can listen there it is said, and mail is carried all the same.
 * @param answeringAll what other computers can read there
 */
export function tellListening(
  listened: ListenAddress,
  log: Log,
  { words, language }: Invocation,
  answeringAll: (address: string) => string,
) {
  const address = writeListenAddress(listened)
  return {
    opened(): void {
      if (isLoopback(listened.host)) log.say('info', 'metricsOn', words.daemon.answering(address))
      else log.say('warn', 'metricsOn', answeringAll(address))
    },
    refused(thrown: unknown, times: number): void {
      const reason = describeReason((thrown as NodeJS.ErrnoException).code ?? 'unknown', language)
      log.say(times === 1 ? 'warn' : 'debug', 'metricsOff', words.daemon.notAnswering(address, reason))
    },
  }
}
