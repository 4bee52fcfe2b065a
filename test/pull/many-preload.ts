/**
 * In a child: at SIGUSR2 the longest turn of its event loop since the last one is written down, ms: by the clock, and in
 * time of the processor, to which a busy machine adds nothing.
 */
import { writeFileSync } from 'node:fs'

const file = process.env.HIKYAKU_LOOP_FILE
if (file !== undefined) {
  let longest = { wallMs: 0, cpuMs: 0 }
  let wall = performance.now()
  let cpu = process.threadCpuUsage()
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(cpu)
    const wallMs = performance.now() - wall
    const cpuMs = (user + system) / 1000
    longest = { wallMs: Math.max(longest.wallMs, wallMs), cpuMs: Math.max(longest.cpuMs, cpuMs) }
    wall = performance.now()
    cpu = process.threadCpuUsage()
    setTimeout(turn, 1).unref()
  }
  turn()
  process.on('SIGUSR2', () => {
    writeFileSync(file, JSON.stringify(longest))
    longest = { wallMs: 0, cpuMs: 0 }
  })
}
