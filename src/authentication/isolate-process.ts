/**
 * The verifying process's own program (isolate.ts starts it). Here, and nowhere else, a stranger's text meets the
 * library: this process may be killed amid any line. It opens no file and no socket, and its environment is empty.
 */
import { systemClock } from '../base/clock.ts'
import type { RawMessage } from '../message/message.ts'
import { authenticate } from './authenticate.ts'
import { DnsError, type Lookup } from './dns.ts'
import type { FromIsolate, Job, ToIsolate } from './isolate-messages.ts'

type Pending<T> = Pick<PromiseWithResolvers<T>, 'resolve' | 'reject'>

const say = (message: FromIsolate): void => void process.send?.(message, undefined, undefined, () => {})
// It ends with the process that started it, and not by a signal to both.
process.on('disconnect', () => process.exit())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const reads = new Map<number, Pending<Uint8Array | undefined>>()
const questions = new Map<number, Pending<readonly unknown[]>>()
let serial = 0

process.on('message', (message: ToIsolate) => {
  switch (message.kind) {
    case 'job':
      void verify(message.id, message.job)
      return
    case 'chunk': {
      const pending = reads.get(message.id)
      reads.delete(message.id)
      if (message.broken) pending?.reject(new Error('the message can no longer be read'))
      else pending?.resolve(message.octets)
      return
    }
    case 'answer': {
      const pending = questions.get(message.question)
      questions.delete(message.question)
      if (message.rows === undefined) pending?.reject(new DnsError(message.code, 'no answer'))
      else pending?.resolve(message.rows)
      return
    }
    default:
      message satisfies never
  }
})

const lookup: Lookup = (name, type) => {
  const pending = Promise.withResolvers<readonly unknown[]>()
  serial += 1
  questions.set(serial, pending)
  say({ kind: 'ask', question: serial, name, type })
  return pending.promise
}

async function verify(id: number, job: Job): Promise<void> {
  const header = Buffer.from(job.header.buffer, job.header.byteOffset, job.header.byteLength)
  const raw: RawMessage = {
    octets: job.octets,
    sha256: '',
    async *chunks() {
      for (;;) {
        const pending = Promise.withResolvers<Uint8Array | undefined>()
        reads.set(id, pending)
        say({ kind: 'read', id })
        const octets = await pending.promise
        if (octets === undefined) return
        yield octets
      }
    },
    header: async (limit = header.length) => header.subarray(0, limit),
    discard: async () => {},
  }
  const clock = { ...systemClock, nowMs: () => job.nowMs }
  const { host, forwardingAddress } = job
  try {
    const authentication = await authenticate(raw, {
      host,
      verify: { dns: lookup, clock, forwardingAddress },
    })
    say({ kind: 'done', id, json: JSON.stringify(authentication) })
  } catch {
    say({ kind: 'done', id, json: undefined })
  }
}

// Loaded before the first message's time begins to run; where it cannot be, that is a result (`library-missing`).
await import('mailauth').catch(() => {})
say({ kind: 'ready' })
