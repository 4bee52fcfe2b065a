/**
 * The look at one message's authentication: cheap bounds first, then the verifying process, and where that tells
 * nothing what was stamped, with the reason why there is no more.
 */
import type { Clock } from '../base/clock.ts'
import type { RawMessage } from '../message/message.ts'
import { withoutVerification } from './authenticate.ts'
import { hostOf, type Looker, type MailboxOfAuthentication, parseAuthentication } from './authentication.ts'
import { complexityBounds, findComplexity } from './complexity.ts'
import { type Lookup, makeDns, systemLookup } from './dns.ts'
import { Isolate, type IsolateOptions } from './isolate.ts'

const never = new AbortController().signal

/** What a process makes once: one verifying process and one DNS cache for all. */
export function makeLooker(
  clock: Clock,
  lookup: Lookup = systemLookup(),
  options: Omit<IsolateOptions, 'lookup'> = {},
): Looker {
  const isolate = new Isolate({ ...options, lookup: makeDns({ lookup, clock }) })
  return {
    get isAtWork() {
      return isolate.lives
    },
    close: () => isolate.close(),
    async look(raw, { host, verify, forwardingAddress }, signal = never) {
      const header = await raw.header(complexityBounds.headerOctets + 1)
      if (!verify) return withoutVerification(header, host, { state: 'off' })
      const why = findComplexity(header, raw.octets)
      if (why !== undefined) return withoutVerification(header, host, { state: 'message-too-complex', why })
      const job = {
        header,
        octets: raw.octets,
        host,
        forwardingAddress,
        nowMs: clock.nowMs(),
      }
      const answer = await isolate.run(job, raw, signal)
      if (answer === undefined) return undefined
      if (typeof answer === 'string') return withoutVerification(header, host, { state: answer })
      return parseAuthentication(answer.json) ?? withoutVerification(header, host, { state: 'broken-off' })
    },
  }
}

/** The look at a message that was imported; resolves to the JSON for the journal and never rejects. */
export function makeAuthenticate(
  looker: Looker,
): (raw: RawMessage, mailbox: MailboxOfAuthentication, signal: AbortSignal) => Promise<string | undefined> {
  return async (raw, mailbox, signal) => {
    const { verify, forwardingAddress } = mailbox
    try {
      const authentication = await looker.look(
        raw,
        { host: hostOf(mailbox), verify, forwardingAddress },
        signal,
      )
      return authentication === undefined ? undefined : JSON.stringify(authentication)
    } catch {
      return undefined
    }
  }
}
