/** A stream of events as an answer. */
import type { Context } from 'hono'
import type { Admission, Shown } from './admission.ts'
import type { Events } from './events.ts'

/** Refused where too many are open. */
export function streamEvents(c: Context, events: Events, { refuse }: Admission): Shown {
  const stream = events.open(c.req.raw.signal)
  if (stream === undefined) return refuse(c, 'busy')
  return c.body(stream, 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // nginx would keep the stream back until a buffer is full (ngx_http_proxy_module, proxy_buffering).
    'X-Accel-Buffering': 'no',
  })
}
