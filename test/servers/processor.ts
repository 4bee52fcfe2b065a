import { readFile } from 'node:fs/promises'

/** What the process has taken of the processor, in steps of 10 ms (proc_pid_stat(5): utime and stime). */
export async function processorMs(pid: number): Promise<number> {
  const [user = '', system = ''] = (await readFile(`/proc/${pid}/stat`, 'latin1'))
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * 10
}
