/** The small parts of a log line: fields, times, and whether journald reads it. */
import { fstatSync } from 'node:fs'
import type { Fault } from '../base/fault.ts'

/** systemd names device and inode of its stream (systemd.exec(5), JOURNAL_STREAM): a terminal started from a service has it too. */
export function underJournald(fd: number, env: Readonly<Record<string, string | undefined>>): boolean {
  const named = env.JOURNAL_STREAM
  if (named === undefined) return false
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return named === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** What a fault adds to a line. */
export function faultFields(fault: Fault): Readonly<Record<string, unknown>> {
  const { code, scope, retry, notBeforeMs, facts } = fault
  return { code, scope, retry, notBefore: notBeforeMs === undefined ? null : isoTime(notBeforeMs), facts }
}

/** Strings masked and made printable, undefined made null so that each event has its fields every time. */
export function cleanFields(
  fields: Readonly<Record<string, unknown>>,
  clean: (text: string, limit: number) => string,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (typeof value === 'string') return [key, clean(value, 4000)]
      if (value === undefined) return [key, null]
      if (typeof value === 'object' && value !== null) return [key, cleanFields({ ...value }, clean)]
      return [key, value]
    }),
  )
}

function isoTime(ms: number): string | null {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null
}

/** `2026-11-25 09:05:07`, local time. */
export function localTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
