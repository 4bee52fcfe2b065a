/**
 * Preloaded into a child: the longest stretch of its main thread without a breath, in CPU time, so that a busy
 * machine does not count. SIGUSR2 begins anew. The file named by HIKYAKU_TEST_LOOP holds it, ms.
 */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env.HIKYAKU_TEST_LOOP
if (file !== undefined && isMainThread) {
  const cpuMs = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  let before = cpuMs()
  let longest = 0
  const breathe = (): void => {
    const now = cpuMs()
    if (now - before > longest) {
      longest = now - before
      writeFileSync(file, String(Math.round(longest)))
    }
    before = cpuMs()
  }
  // Between two turns of the loop nothing else can run; immediates alone would keep it spinning.
  setInterval(breathe, 5).unref()
  process.on('SIGUSR2', () => {
    longest = 0
    before = cpuMs()
    writeFileSync(file, '0')
  })
}
