/**
 * A reporter beside the one that is read: how long each test file took, one `SECONDS PATH` a line, the longest first.
 * node gives a summary for each file, as each runs in a process of its own.
 */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

export default async function* fileTimes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { readonly path: string; readonly ms: number }[] = []
  for await (const event of events) {
    if (event.type !== 'test:summary' || event.data.file === undefined) continue
    files.push({ path: relative(process.cwd(), event.data.file), ms: event.data.duration_ms })
  }
  for (const { path, ms } of files.sort((a, b) => b.ms - a.ms)) yield `${(ms / 1000).toFixed(1)} ${path}\n`
}
