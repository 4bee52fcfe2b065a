/**
 * When a cron expression is due, in local time. Those of numbers, short names, lists, ranges and steps, which is nearly all
 * that people write, are reckoned here with Date alone; `L`, `W`, `#` and the rest are node-cron's. It is loaded for those
 * only, since it works with Intl, whose tables take 8 MiB of a process that does nothing but wait, and since it passes over
 * an hour when clocks are put back.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

const loadCron = (): typeof import('node-cron') => require('node-cron')

/** Seconds, minutes, hours, days, months, days of the week: least and greatest of each field. */
const bounds = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const

/** Days of each month in a leap year. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Of the month and of the day of the week, in the order of their numbers, in any case. */
const names: Readonly<Record<number, readonly string[]>> = {
  4: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  5: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
}

/** `*`, `5`, `0-30`, `fri-mon`, and the first and last with a step. */
const item = /^(?:\*|(\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?)(?:\/(\d{1,2}))?$/i

/**
 * @param index of the field
 * @returns undefined for what is not plain, or outside of the bounds
 */
function readField(
  text: string,
  index: number,
  [least, greatest]: readonly [number, number],
): Set<number> | undefined {
  const size = index === 5 ? 7 : greatest - least + 1
  const read = (value: string): number => {
    const at = names[index]?.indexOf(value.toLowerCase()) ?? -1
    return at < 0 ? Number(value) : least + at
  }
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [all, from, to, by] = item.exec(part) ?? []
    const isOne = from !== undefined && to === undefined
    if (all === undefined || (isOne && by !== undefined)) return undefined
    const first = from === undefined ? least : read(from)
    const last = isOne ? first : to === undefined ? greatest : read(to)
    const step = by === undefined ? 1 : Number(by)
    const areBound = [first, last].every(value => value >= least && value <= greatest)
    if (!areBound || step < 1) return undefined
    // From 22 to 2, from Friday to Monday.
    const end = first <= last ? last : last + size
    for (let value = first; value <= end; value += step) values.add(value > greatest ? value - size : value)
  }
  return values
}

/** The fields with seconds first; undefined where node-cron has to read it. */
function readPlain(expression: string): readonly Set<number>[] | undefined {
  const texts = expression.split(' ')
  if (texts.length === 5) texts.unshift('0')
  if (texts.length !== bounds.length) return undefined
  const fields = bounds.map((bound, index) => {
    const text = texts[index] ?? ''
    // A Sunday is 0 and 7, and `*` is each day once.
    return readField(text.startsWith('*') && index === 5 ? text.replace('*', '0-6') : text, index, bound)
  })
  if (fields.includes(undefined)) return undefined
  const weekdays = fields[5]
  if (weekdays?.has(7)) weekdays.add(0)
  // A 30 February is refused by node-cron: a schedule of it alone would never fetch mail.
  const [, , , days = [], months = []] = fields
  if (![...months].some(month => Math.min(...days) <= (longestMonths[month - 1] ?? 0))) return undefined
  return fields as Set<number>[]
}

/** Whatever a month has comes within so many years, also a 29 February that is a Sunday: an end for the loop. */
const mostYears = 100

/** @returns the first instant behind `afterMs` that the fields name, ms; undefined where there is none */
function findNext(fields: readonly Set<number>[], afterMs: number): number | undefined {
  const [seconds, minutes, hours, days, months, weekdays] = fields
  const at = new Date(Math.floor(afterMs / 1000) * 1000 + 1000)
  const lastYear = at.getFullYear() + mostYears
  while (at.getFullYear() <= lastYear) {
    const before = at.getTime()
    if (!months?.has(at.getMonth() + 1)) at.setTime(+new Date(at.getFullYear(), at.getMonth() + 1, 1))
    else if (!days?.has(at.getDate()) || !weekdays?.has(at.getDay()))
      at.setTime(+new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1))
    // Clocks are put forward and back by quarters of an hour at the least, so none is passed over.
    else if (!hours?.has(at.getHours())) at.setTime(before - (before % 900_000) + 900_000)
    else if (!minutes?.has(at.getMinutes())) at.setTime(before - (before % 60_000) + 60_000)
    else if (!seconds?.has(at.getSeconds())) at.setTime(before + 1000)
    else return before
    // A midnight that is left out when clocks are put forward.
    if (at.getTime() <= before) at.setTime(before + 900_000)
  }
  return undefined
}

/** @param expression its parts with single spaces between: five, or six with seconds first */
export function isSchedule(expression: string): boolean {
  if (!/^\S+( \S+){4,5}$/.test(expression)) return false
  try {
    return readPlain(expression) !== undefined || loadCron().validate(expression)
  } catch {
    return false
  }
}

/**
 * Who names no second leaves it to us, and who says "every five minutes" the minute, too: each mailbox has a moment of its
 * own there, the same after each start, so that a thousand are not looked at in one second. The hour stays as it is named.
 * @param name whose schedule it is
 * @returns so long behind the instant that the expression names, ms
 */
function findOffset(expression: string, name: string): number {
  if (expression.split(' ').length !== 5) return 0
  const [, step = '1'] = /^\*(?:\/(\d{1,2}))?(?: |$)/.exec(expression) ?? []
  const minutes = 60 % Number(step) === 0 ? Number(step) : 1
  return Math.floor((createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32) * minutes * 60_000)
}

/**
 * Reads a plain schedule once, for who asks it often.
 * @param name whose schedule it is; without one the instants are those that the expression names
 * @returns what finds the next instant behind another, ms; undefined where node-cron has to be asked
 */
function readRuns(expression: string, name?: string): ((afterMs: number) => number | undefined) | undefined {
  const fields = readPlain(expression)
  if (fields === undefined) return undefined
  const offsetMs = name === undefined ? 0 : findOffset(expression, name)
  return afterMs => {
    const at = findNext(fields, afterMs - offsetMs)
    return at === undefined ? undefined : at + offsetMs
  }
}

/** Node-cron asks itself what time it is, and says no moment but the first. */
function askCron(expression: string, count: number): readonly number[] {
  const task = loadCron().createTask(expression, () => {})
  try {
    return task.getNextRuns(count).map(date => date.getTime())
  } finally {
    void task.destroy()
  }
}

/**
 * The next instants of a schedule, ms; fewer where there are not so many.
 * @param afterMs now
 * @param name whose schedule it is; without one they are those that the expression names
 */
export function nextRuns(
  expression: string,
  count: number,
  afterMs: number,
  name?: string,
): readonly number[] {
  const findRun = readRuns(expression, name)
  if (findRun === undefined) return askCron(expression, count)
  const runs: number[] = []
  for (let at = findRun(afterMs); at !== undefined; at = findRun(at)) {
    runs.push(at)
    if (runs.length >= count) break
  }
  return runs
}

export interface Ticking {
  readonly onTick: () => void
  /** Instead of a tick, where it comes more than a second too late: the thread was busy, or the machine asleep. */
  readonly onLate: () => void
}

/** A machine that slept, or whose clock was set, is noticed after so long at the latest. */
const longestMs = 60_000
const lateMs = 1000

/**
 * Ticks until the returned function is called, for the mailbox of that name. Node-cron is only asked when: its own ticking
 * waits until the instant that it once reckoned, for weeks where the clock was set back by weeks.
 */
export function startTicking(expression: string, name: string, { onTick, onLate }: Ticking): () => void {
  let timer: NodeJS.Timeout | undefined
  const findRun = readRuns(expression, name) ?? (() => askCron(expression, 1)[0])
  const wait = (): void => {
    const dueMs = findRun(Date.now())
    if (dueMs === undefined) return
    const ms = Math.max(0, dueMs - Date.now())
    timer = setTimeout(
      () => {
        const now = Date.now()
        // Set back, the clock may show an earlier run again.
        wait()
        if (now < dueMs) return
        if (now - dueMs > lateMs) onLate()
        else onTick()
      },
      Math.min(ms, longestMs),
    )
  }
  wait()
  return () => clearTimeout(timer)
}
