/**
 * Server-sent events (HTML standard, section 9.2): tells open pages that there is something new, and nothing else. Asks
 * the journal only while a page is open.
 */

export interface EventLimits {
  /** Pages that may be open at once. */
  readonly most: number
  readonly lookMs: number
  /** A comment now and then, so that a dead connection is found out. */
  readonly beatMs: number
}

const usualLimits: EventLimits = { most: 16, lookMs: 500, beatMs: 20_000 }
/** Between two looks, however much happens. */
const shortestMs = 100
/** What a browser that reads nothing may leave unread, pieces. */
const mostUnread = 16

export interface Events {
  /** A new stream; undefined where too many are open. It ends with `signal`. */
  open(signal: AbortSignal): ReadableStream<Uint8Array> | undefined
  /** Something happened: looks without waiting for the next look, a bounded number of times a second. */
  lookSoon(): void
  close(): void
}

type Stream = ReadableStreamDefaultController<Uint8Array>

const encode = (text: string): Uint8Array => Buffer.from(text)

/** @param look a text that is different when there is something new */
export function makeEvents(look: () => Promise<string>, limits: Partial<EventLimits> = {}): Events {
  const { most, lookMs, beatMs } = { ...usualLimits, ...limits }
  const streams = new Set<Stream>()
  let timer: NodeJS.Timeout | undefined
  let beatAtMs = 0
  let seen: string | undefined
  const drop = (stream: Stream): void => {
    if (!streams.delete(stream)) return
    try {
      stream.close()
    } catch {
      // The browser has closed it.
    }
  }
  const tell = (text: string): void => {
    for (const stream of [...streams]) {
      if ((stream.desiredSize ?? 0) < -mostUnread) drop(stream)
      else stream.enqueue(encode(text))
    }
  }
  let isAsking = false
  let isNews = false
  let askedAtMs = 0
  const ask = async (): Promise<void> => {
    isAsking = true
    isNews = false
    askedAtMs = performance.now()
    const now = await look().catch(() => seen)
    if (now !== seen) {
      if (seen !== undefined) tell('event: news\ndata: 1\n\n')
      seen = now
    }
    if (performance.now() - beatAtMs >= beatMs) {
      beatAtMs = performance.now()
      tell(': still here\n\n')
    }
    isAsking = false
    timer = streams.size === 0 ? undefined : setTimeout(ask, isNews ? shortestMs : lookMs)
    if (timer === undefined) seen = undefined
  }
  return {
    open(signal) {
      if (streams.size >= most) return undefined
      let own: Stream | undefined
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          own = controller
          streams.add(controller)
          controller.enqueue(encode('retry: 3000\n\n'))
        },
        cancel() {
          if (own !== undefined) streams.delete(own)
        },
      })
      signal.addEventListener('abort', () => own !== undefined && drop(own), { once: true })
      timer ??= setTimeout(ask, 0)
      return stream
    },
    lookSoon() {
      isNews = true
      if (isAsking || timer === undefined) return
      clearTimeout(timer)
      timer = setTimeout(ask, Math.max(0, askedAtMs + shortestMs - performance.now()))
    },
    close() {
      clearTimeout(timer)
      timer = undefined
      for (const stream of [...streams]) drop(stream)
    },
  }
}
