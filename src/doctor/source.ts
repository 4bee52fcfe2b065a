/** One source mailbox from its name to its folders, with one login. */
import { asFault, type Fault } from '../base/fault.ts'
import { nextRuns } from '../base/schedule.ts'
import type { Secret } from '../base/secret.ts'
import { makeSource } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import { listSecrets } from '../config/mail-credential.ts'
import type { Journal } from '../journal/journal.ts'
import { describePhase } from '../locale/reasons.ts'
import { hostLimitOf } from '../pull/host-logins.ts'
import { idleWayOf } from '../pull/idle-memory.ts'
import { judgeRefusal } from '../pull/login-memory.ts'
import { makeLoginGate, refusedLoginsAnHour } from '../pull/logins.ts'
import { learnedDeadlines } from '../pull/patience.ts'
import { type Source, type SourceSession, ungated } from '../source/source.ts'
import { checkCertificate } from './certificate.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, noteCheck, passCheck, skipCheck } from './finding.ts'
import { checkNetwork } from './network.ts'
import { canReveal } from './settings.ts'
import { checkToken } from './tokens.ts'

export interface SourceLook {
  readonly findings: readonly Finding[]
  readonly reached: boolean
}

/**
 * @param journal what is remembered of refused logins, which hosts count
 * @param running whether a hikyaku is at work on these mailboxes just now
 * @param loginKey under which the journal remembers the login that was accepted last
 */
export async function checkSource(
  mailbox: MailboxConfig,
  journal: Journal | undefined,
  running: boolean,
  loginKey: Secret,
  context: DoctorContext,
): Promise<SourceLook> {
  const { words, checks } = context
  const { server, name: subject } = mailbox
  const { host, port } = server
  const network = await checkNetwork(
    { host, port, subject, names: 'sourceNames', reach: 'sourceReach', blame: fault => fault },
    context,
  )
  const findings = [...network.findings]
  const skip = (cause: keyof typeof checks): SourceLook => {
    findings.push(skipCheck({ check: 'sourceLogin', subject }, words.because(checks[cause])))
    return { findings, reached: network.reached }
  }
  if (!network.reached) return skip('sourceReach')
  if (server.security === 'none') findings.push(passCheck({ check: 'sourceTls', subject }, words.clearText))
  else {
    const certificate = await checkCertificate(mailbox, context)
    findings.push(certificate)
    if (certificate.verdict === 'bad') return skip('sourceTls')
  }
  for (const secret of listSecrets(mailbox.credential)) if (!(await canReveal(secret))) return skip('secrets')
  const token = await checkToken(mailbox, context)
  findings.push(...token)
  // A login without one would only be told the same.
  if (token.some(({ verdict }) => verdict === 'bad')) return skip('sourceToken')
  findings.push(...(await checkLogin(mailbox, journal, running, loginKey, context)))
  return { findings, reached: true }
}

const hourMs = 3600_000

async function checkLogin(
  mailbox: MailboxConfig,
  journal: Journal | undefined,
  running: boolean,
  loginKey: Secret,
  context: DoctorContext,
): Promise<readonly Finding[]> {
  const { words, language, clock, signal } = context
  const place = { check: 'sourceLogin', subject: mailbox.name } as const
  const state = await journal?.mailbox(mailbox.name)
  const now = clock.nowMs()
  const refused = state?.failedLoginsAtMs.filter(at => at <= now && now - at < hourMs).length ?? 0
  if (refused >= refusedLoginsAnHour)
    return [
      { ...noteCheck(place, 'login.not-tried', words.loginCapped(refused)), verdict: 'bad', exitCode: 75 },
    ]
  let session: SourceSession
  try {
    session = await (await sourceOf(mailbox, journal, context)).open(signal)
  } catch (thrown) {
    signal.throwIfAborted()
    const refusal = asFault(thrown)
    const fault =
      journal === undefined ? refusal : await judgeRefusal(journal, mailbox, loginKey, refusal, clock.nowMs())
    const line = failByFault(place, fault, language)
    // Our own logins are too close together; that is no trouble of the mailbox.
    if (fault.code === 'source.login-delay' && !fault.loginRefused)
      return [noteCheck(place, 'login.not-tried', { what: line.what, next: line.next })]
    // A maildrop has one session at a time (RFC 1939 section 3), and some hosts want a pause between two.
    const byOurselves =
      running && ['source.busy', 'source.limited', 'source.login-delay'].includes(fault.code)
    return [byOurselves ? noteCheck(place, 'login.by-daemon', words.loginByDaemon(line.what)) : line]
  }
  const { tls, mechanism } = session.abilities
  const findings = [passCheck(place, words.loggedIn(mailbox.user, tls, mechanism))]
  try {
    findings.push(...(await checkFolders(mailbox, session, context)))
    findings.push(...checkAbilities(mailbox, session, context), checkLimits(mailbox, session, context))
    findings.push(
      ...(await checkPatience(mailbox, journal, context)),
      ...(await checkIdle(mailbox, journal, context)),
    )
    await session.close().catch(() => {})
    return findings
  } finally {
    session.abandon()
  }
}

/** What a server was given more time for than usual. */
async function checkPatience(
  { name: subject }: MailboxConfig,
  journal: Journal | undefined,
  { words, language, clock }: DoctorContext,
): Promise<readonly Finding[]> {
  const learned = journal === undefined ? {} : await learnedDeadlines(journal, subject, clock.nowMs())
  const phases = Object.entries(learned).map(
    ([phase, { ms }]) => [describePhase(phase, language), ms] as const,
  )
  return phases.length === 0 ? [] : [passCheck({ check: 'sourceLimits', subject }, words.longerWaits(phases))]
}

async function sourceOf(
  mailbox: MailboxConfig,
  journal: Journal | undefined,
  { clock, lookup, deadlines }: DoctorContext,
): Promise<Source> {
  const gate = journal === undefined ? ungated : makeLoginGate(journal, mailbox, clock, 'person')
  const learned = journal === undefined ? {} : await learnedDeadlines(journal, mailbox.name, clock.nowMs())
  const patience = (phase: string): number | undefined => learned[phase]?.ms
  const { connectMs, answerMs, loginMs, listMs } = deadlines
  return makeSource({
    ...{ mailbox, clock, lookup, gate, patience },
    imapDeadlines: { connect: connectMs, tls: answerMs, greeting: answerMs, login: loginMs, silence: listMs },
    pop3Deadlines: { connectMs, greetingMs: answerMs, tlsMs: answerMs, loginMs, listMs, quitMs: answerMs },
  })
}

/** Faults after which the session goes on: they are about one folder. */
const ofOneFolder: readonly Fault['code'][] = [
  'source.folder-missing',
  'source.server-permanent',
  'source.server-temporary',
]

async function checkFolders(
  { name: subject }: MailboxConfig,
  session: SourceSession,
  context: DoctorContext,
): Promise<readonly Finding[]> {
  const { words, language, signal } = context
  const place = { check: 'sourceFolders', subject } as const
  const findings: Finding[] = []
  for (const folder of session.folders) {
    try {
      const { entries, doubt } = await session.list(folder, () => true, signal)
      if (doubt !== undefined) findings.push(failByFault(place, doubt, language))
      const nameless = entries.filter(({ uid }) => uid === undefined).length
      if (nameless === 0) findings.push(passCheck(place, words.folder(folder, entries.length)))
      else if (session.abilities.protocol === 'pop3' && nameless === entries.length)
        findings.push(noteCheck(place, 'source.no-uidl', words.noUidl))
      else
        findings.push(
          noteCheck(place, 'source.nameless', words.namelessMessages(folder, nameless, entries.length)),
        )
    } catch (thrown) {
      signal.throwIfAborted()
      const fault = asFault(thrown)
      findings.push(failByFault(place, fault, language))
      if (!ofOneFolder.includes(fault.code)) break
    }
  }
  return findings
}

/** IDLE that was seen to keep mail back: behaviour, not what the server announces. */
async function checkIdle(
  { name: subject, protocol, folders, idlePort }: MailboxConfig,
  journal: Journal | undefined,
  { words }: DoctorContext,
): Promise<readonly Finding[]> {
  if (journal === undefined || (protocol !== 'imap' && idlePort === undefined)) return []
  const place = { check: 'sourceAbilities', subject } as const
  const silent: string[] = []
  for (const { name } of folders) {
    const folder = name || 'INBOX'
    if ((await idleWayOf(journal, subject, folder)) === 'silent') silent.push(folder)
  }
  return [
    ...(protocol === 'imap' || idlePort === undefined ? [] : [passCheck(place, words.listens(idlePort))]),
    ...(silent.length === 0
      ? []
      : [noteCheck(place, 'source.silent-idle', words.silentIdle(silent.join(', ')))]),
  ]
}

/** What of a server's announcements changes anything here. */
const telling = ['IDLE', 'UIDPLUS', 'MOVE', 'UIDL', 'TOP', 'PIPELINING', 'UTF8', 'UTF8=ACCEPT'] as const

function checkAbilities(
  { name: subject, afterImport }: MailboxConfig,
  { abilities }: SourceSession,
  { words }: DoctorContext,
): readonly Finding[] {
  const { protocol, capabilities, canDelete } = abilities
  const place = { check: 'sourceAbilities', subject } as const
  const has = (name: string): boolean =>
    capabilities.some(line => line === name || line.startsWith(`${name} `))
  const findings: Finding[] = []
  if (protocol === 'imap') {
    if (!has('IDLE')) findings.push(noteCheck(place, 'source.no-idle', words.noIdle))
    if (afterImport.do === 'delete' && !canDelete)
      findings.push(noteCheck(place, 'source.cannot-settle', words.cannotDelete, 1))
    if (afterImport.do === 'move' && !has('MOVE') && !canDelete)
      findings.push(noteCheck(place, 'source.cannot-settle', words.cannotMove, 1))
  } else {
    // RFC 2449 section 6.7: days, or NEVER; a third word USER says that it differs by user.
    const days = /^EXPIRE (\d{1,4})\b/.exec(capabilities.find(line => line.startsWith('EXPIRE ')) ?? '')?.[1]
    if (days !== undefined && afterImport.do === 'keep')
      findings.push(noteCheck(place, 'source.expires', words.expires(Number(days))))
    if (capabilities.length > 0 && !has('UIDL'))
      findings.push(noteCheck(place, 'source.no-uidl', words.noUidl))
  }
  const names = telling.filter(has)
  return findings.length > 0 ? findings : [passCheck(place, words.abilities(protocol, names))]
}

/** Logins as the schedule makes them, held against what the host says and what is known of it. */
function checkLimits(
  { name: subject, protocol, schedule, server, provider }: MailboxConfig,
  { abilities }: SourceSession,
  { words }: DoctorContext,
): Finding {
  const place = { check: 'sourceLimits', subject } as const
  const everyMs = shortestGapMs(schedule)
  // IMAP keeps its connection: the schedule logs nobody in.
  if (protocol === 'imap' || everyMs === undefined) return passCheck(place, words.pollWell(everyMs))
  const leastMs = Math.max(
    abilities.loginDelayMs ?? 0,
    hostLimitOf({ protocol, server, provider })?.apartMs ?? 0,
  )
  if (everyMs >= leastMs) return passCheck(place, words.pollWell(everyMs))
  return noteCheck(place, 'host.poll-limit', words.pollTooOften(everyMs, leastMs, server.host))
}

function shortestGapMs(schedule: string): number | undefined {
  const runs = nextRuns(schedule, 4, Date.now())
  const gaps = runs.slice(1).map((at, index) => at - (runs[index] ?? at))
  return gaps.length === 0 ? undefined : Math.min(...gaps)
}
