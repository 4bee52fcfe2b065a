/**
 * `hikyaku fleet status`: does the mail of the whole fleet come? The first line answers; behind it who pulls, what stands where,
 * and what is wrong, each code once with what to do. It ends with 0 where nothing is wrong, as `hikyaku status` does.
 */
import { exitCodeOfTroubles, holdsUpMail } from '../../alerts/trouble-list.ts'
import { exitCodes } from '../../base/fault.ts'
import { timeJson } from '../../base/time-json.ts'
import { printable } from '../../base/untrusted.ts'
import type { FleetSums, FleetTimes, TroubleGroup, WorkerView } from '../../fleet/fleet-look.ts'
import { describeFault } from '../../locale/locale.ts'
import { faultJson, type Invocation, writeJson, writeLine, writeParagraph } from '../invocation.ts'
import { withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

interface FleetStanding {
  readonly nowMs: number
  readonly workers: readonly WorkerView[]
  readonly sums: FleetSums
  readonly times: FleetTimes
  readonly troubles: readonly TroubleGroup[]
}

export async function fleetStatusCommand(
  invocation: Invocation,
  { tenant, quick = false }: { readonly tenant?: string; readonly quick?: boolean },
): Promise<number> {
  return withFleet(invocation, 'status', async ({ look }) => {
    const nowMs = Date.now()
    const [workers, sums, times, troubles] = await Promise.all([
      look.workers(),
      look.sums(tenant),
      look.times(tenant, new Date(nowMs).setHours(0, 0, 0, 0)),
      look.troubles(tenant),
    ])
    const standing = { nowMs, workers, sums, times, troubles }
    const exitCode = exitCodeOf(standing, quick)
    if (invocation.json) answerJson(invocation, standing, exitCode)
    else {
      writeParagraph(invocation, sayVerdict(invocation, standing))
      if (!quick) sayRest(invocation, standing)
    }
    return exitCode
  })
}

/** Nobody looks after some, and that does not pass by itself; or it does, in a moment. */
function judgeFree({ workers, sums }: FleetStanding): 'nobody' | 'too-few' | 'starting' | undefined {
  if (sums.free === 0) return undefined
  const there = workers.filter(({ isThere }) => isThere)
  if (there.length === 0) return 'nobody'
  return roomOf(workers) < sums.mailboxes - sums.paused ? 'too-few' : 'starting'
}

const roomOf = (workers: readonly WorkerView[]): number =>
  workers.reduce((sum, { isThere, capacity }) => sum + (isThere ? capacity : 0), 0)

/** @param quick the exit code says whether mail comes */
function exitCodeOf(standing: FleetStanding, quick: boolean): number {
  const { troubles } = standing
  const ofTroubles = exitCodeOfTroubles(quick ? troubles.filter(holdsUpMail) : troubles)
  const free = judgeFree(standing)
  if (free === 'nobody' || free === 'too-few') return Math.max(ofTroubles, exitCodes.unavailable)
  return ofTroubles === exitCodes.ok && free === 'starting' ? exitCodes.temporary : ofTroubles
}

function sayVerdict({ language }: Invocation, standing: FleetStanding): string {
  const own = fleetWords[language].status
  const { sums, times, troubles, nowMs } = standing
  const active = sums.mailboxes - sums.paused
  const { lastImportAtMs } = times
  const lastAgoMs = lastImportAtMs === undefined ? undefined : Math.max(0, nowMs - lastImportAtMs)
  const free = judgeFree(standing)
  if (sums.mailboxes === 0) return own.empty
  if (active === 0) return own.allPaused(sums.mailboxes)
  if (free === 'nobody') return own.nobody(active)
  const failing = Math.min(active, sums.failing + (free === 'too-few' ? sums.free : 0))
  if (failing > 0) return failing < active ? own.comesInPart(failing, active) : own.comesNot(active)
  if (free === 'starting') return own.starting(sums.free, active)
  return troubles.length === 0
    ? own.comes(active, lastAgoMs)
    : own.comesBut(active, lastAgoMs, troubles.length)
}

function sayRest(invocation: Invocation, standing: FleetStanding): void {
  const own = fleetWords[invocation.language].status
  const { workers, sums, times, troubles, nowMs } = standing
  const say = (text: string, lead = ''): void => writeParagraph(invocation, text, lead)
  if (sums.mailboxes === 0) return
  if (judgeFree(standing) === 'too-few') say(own.tooFew(sums.free, roomOf(workers)), '  ')
  for (const group of troubles) sayGroup(invocation, group, nowMs)
  if (sums.failing > 0) {
    writeLine(invocation, '')
    say(own.whole)
  }
  writeLine(invocation, '')
  say(own.mailboxes(sums.mailboxes, sums.paused, sums.free, sums.tenants))
  say(own.messages(sums.waiting, times.importedSince))
  if (times.oldest !== undefined) {
    const { key, lastGoodPullAtMs: ms } = times.oldest
    say(own.oldest(printable(key), ms === undefined ? undefined : Math.max(0, nowMs - ms)))
  }
  if (workers.length === 0) return
  writeLine(invocation, '')
  say(own.workers)
  for (const { name, capacity, held, isThere, goneMs } of workers)
    say(isThere ? own.worker(printable(name), held, capacity) : own.goneWorker(printable(name), goneMs), '  ')
}

function sayGroup(invocation: Invocation, group: TroubleGroup, nowMs: number): void {
  const { language } = invocation
  const own = fleetWords[language].status
  const say = (text: string, lead = ''): void => writeParagraph(invocation, text, lead)
  const { scope, count, names, first, sinceMs } = group
  const kind =
    scope === 'message'
      ? 'messages'
      : scope === 'account'
        ? 'accounts'
        : scope === 'machine'
          ? 'others'
          : 'mailboxes'
  const { what, mail, next } = describeGroup(group, invocation)
  writeLine(invocation, '')
  say(own.group(kind === 'mailboxes' ? names : count, kind, names), '! ')
  say(what, '  ')
  if (names > 0 && scope !== 'machine')
    say(own.named(first.map(name => printable(name, 100)).join(', '), names - first.length), '  ')
  say(own.since(Math.max(0, nowMs - sinceMs)), '  ')
  say(mail, '  ')
  say(next, '  → ')
}

/** The facts of one are told where there is one: names and servers of the others would be wrong of them. */
const describeGroup = ({ code, facts, count }: TroubleGroup, { language }: Invocation) =>
  describeFault({ code, facts: count === 1 ? facts : {} }, language)

function answerJson(invocation: Invocation, standing: FleetStanding, exitCode: number): void {
  const { workers, sums, times, troubles } = standing
  writeJson(invocation, {
    ok: exitCode === 0,
    exitCode,
    tenants: sums.tenants,
    mailboxes: sums.mailboxes,
    paused: sums.paused,
    free: sums.free,
    failing: sums.failing,
    waiting: sums.waiting,
    importedToday: times.importedSince,
    ...timeJson('lastImportAt', times.lastImportAtMs),
    oldest:
      times.oldest === undefined
        ? null
        : { mailbox: times.oldest.key, ...timeJson('lastGoodPullAt', times.oldest.lastGoodPullAtMs) },
    workers: workers.map(({ name, capacity, held, isThere, goneMs }) => ({
      ...{ worker: name, there: isThere, capacity, held },
      goneMs: isThere ? null : goneMs,
    })),
    troubles: troubles.map(group => ({
      scope: group.scope,
      ...faultJson({ code: group.code, facts: group.count === 1 ? group.facts : {} }, invocation.language),
      count: group.count,
      names: group.names,
      first: group.first,
      ...timeJson('since', group.sinceMs),
      exitCode: exitCodeOfTroubles([group]),
    })),
  })
}
