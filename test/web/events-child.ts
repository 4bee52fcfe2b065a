/** The page's stream of events by itself, in a process of its own, quickly: what a day has passes in seconds. */
import { readdirSync } from 'node:fs'
import { Hono } from 'hono'
import { makeEvents } from '../../src/web/events.ts'
import { serveApp } from '../../src/web/serve-app.ts'

let looks = 0
/** News every tenth time. */
const look = async (): Promise<string> => String(Math.floor(++looks / 10))
const events = makeEvents(look, { lookMs: 1, beatMs: 1 })
const app = new Hono()
app.get('/events', c => {
  const stream = events.open(c.req.raw.signal)
  return stream === undefined ? c.text('', 503) : c.body(stream, 200, { 'Content-Type': 'text/event-stream' })
})
const served = await serveApp(app, { host: '127.0.0.1', port: 0 })
process.send?.({ port: served.port })

process.on('message', message => {
  if (message === 'end') process.exit()
  if (message === 'looks') {
    process.send?.({ looks })
    return
  }
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const handles = process.getActiveResourcesInfo().filter(name => /Socket|TCP/.test(name)).length
  process.send?.({
    rss,
    held: heapUsed + external,
    handles,
    files: readdirSync('/proc/self/fd').length,
    looks,
  })
})
