/** What processes take of the processor, and what others take from them: a busy machine is told from a slow program. */
import { readFile } from 'node:fs/promises'

/** What the process has taken of the processor, in steps of 10 ms (proc_pid_stat(5): utime and stime). */
export async function processorMs(pid: number): Promise<number> {
  const [user = '', system = ''] = (await readFile(`/proc/${pid}/stat`, 'latin1'))
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * 10
}

/**
 * What the main thread has run, and for how long it stood ready and was given no processor, ms (Linux, Documentation/
 * scheduler/sched-stats.rst: /proc/PID/schedstat). 0 where the kernel does not tell.
 */
async function turnsOf(pid: number): Promise<{ readonly ranMs: number; readonly delayedMs: number }> {
  const text = await readFile(`/proc/${pid}/schedstat`, 'latin1').catch(() => '')
  const [ran = '0', delayed = '0'] = text.split(' ')
  return { ranMs: Number(ran) / 1e6, delayedMs: Number(delayed) / 1e6 }
}

/**
 * Measures from now on what passes, ms, without the time in which the process or this one, which plays the servers, stood
 * ready and waited for a processor: that depends on who else uses the machine. At least what the process has run.
 */
export async function startFairWatch(pid: number): Promise<() => Promise<number>> {
  const read = async () => {
    const [its, own] = await Promise.all([turnsOf(pid), turnsOf(process.pid)])
    return { ranMs: its.ranMs, fairMs: performance.now() - its.delayedMs - own.delayedMs }
  }
  const before = await read()
  return async () => {
    const { ranMs, fairMs } = await read()
    return Math.max(ranMs - before.ranMs, fairMs - before.fairMs)
  }
}
