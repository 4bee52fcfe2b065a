/** What processes hold and use, as Linux counts it (proc(5)); all their children with them. */
import { readdirSync, readFileSync } from 'node:fs'

/** CPU time is counted in hundredths of a second everywhere that Linux runs Node (USER_HZ). */
const ticksPerSecond = 100

const read = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/** Behind the name, which is in brackets and may hold anything. */
const statOf = (pid: number): string[] => read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []

/** The process and all that descend from it. */
export function withChildren(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => ({ pid: Number(name), parent: Number(statOf(Number(name))[1] ?? 0) }))
  const family = [pid]
  for (const member of family)
    family.push(...parents.filter(({ parent }) => parent === member).map(child => child.pid))
  return family
}

const kibiOf = (pid: number, file: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(pid, file))?.[1] ?? 0)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Resident memory of processes and their children, MiB: what `ps` shows, shared pages counted for each. */
export const residentMiB = (pids: readonly number[]): number =>
  sum(pids.flatMap(withChildren).map(pid => kibiOf(pid, 'status', 'VmRSS'))) / 1024

/** The same with each shared page counted once: fair to many small processes of one program. */
export const proportionalMiB = (pids: readonly number[]): number =>
  sum(pids.flatMap(withChildren).map(pid => kibiOf(pid, 'smaps_rollup', 'Pss'))) / 1024

/** CPU seconds, user and system, of processes, their living children and those that they have waited for. */
export const cpuSeconds = (pids: readonly number[]): number =>
  sum(
    pids
      .flatMap(withChildren)
      .flatMap(pid => statOf(pid).slice(11, 15))
      .map(Number),
  ) / ticksPerSecond
