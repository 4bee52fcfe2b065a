/**
 * Every message for people but the faults' texts, as one typed catalogue: en.ts and ja.ts fill it, and the
 * compiler keeps them complete. Parameters arrive as plain values; numbers, sizes and times are formatted by
 * the catalogue. Text from outside (subjects, server words) is made printable by the caller.
 */
import type { Language } from '../base/language.ts'
import type { Conservation, Stage } from '../journal/journal.ts'
import type { Format } from './format.ts'

/** What one pull did. */
export interface PullCounts {
  readonly fresh: number
  readonly imported: number
  readonly merged: number
  readonly refused: number
  readonly deferred: number
  readonly settled: number
  readonly gone: number
  readonly pending: number
}

export interface Words {
  readonly language: Language
  readonly format: Format
  readonly stages: Readonly<Record<Stage, string>>
  /** One sentence for each stage: what it means for the mail. */
  readonly stageMeanings: Readonly<Record<Stage, string>>
  /** Headings of a fault's three parts. */
  readonly fault: { readonly what: string; readonly mail: string; readonly next: string }
  /** Sentences as one text; empty ones are left out. */
  sentences(all: readonly string[]): string
  readonly yes: string
  readonly no: string
  readonly none: string
  readonly unknown: string

  readonly pull: {
    started(mailbox: string): string
    listing(folder: string, total: number, fresh: number): string
    progress(done: number, total: number): string
    /** The one line that ends a pull. */
    done(mailbox: string, counts: PullCounts, ms: number): string
    nothingNew(mailbox: string, ms: number): string
    failed(mailbox: string): string
    /** A recorded wait was kept, until then (ms since 1970), which is so far away. */
    waits(mailbox: string, untilMs: number, inMs: number): string
    /** `--dry-run`: what would have happened. */
    dryRun(mailbox: string, count: number, octets: number | undefined): string
    /** Waiting for their time; left by START_FROM; to be deleted or moved at the source. */
    dryRunRest(waiting: number, left: number, toSettle: number): string
    readonly dryRunNote: string
    /** Asked on a terminal before a first import of a large backlog. */
    askBacklog(count: number): string
    readonly backlogDeclined: string
  }

  readonly conservation: {
    /** listed = imported + merged + refused + pending + ignored + gone, with the numbers. */
    sentence(counts: Conservation): string
    broken(counts: Conservation, missing: number): string
  }

  readonly status: {
    readonly title: string
    readonly running: string
    readonly notRunning: string
    readonly columns: {
      readonly mailbox: string
      readonly account: string
      readonly state: string
      readonly lastPull: string
      readonly lastImport: string
      readonly imported: string
      readonly waiting: string
      readonly refused: string
      readonly latency: string
      readonly next: string
    }
    readonly well: string
    readonly watching: string
    readonly polling: string
    readonly pulling: string
    readonly never: string
    failingSince(agoMs: number): string
    /** Mail comes, and so much else is not well. */
    troubles(count: number): string
    waitingUntil(inMs: number): string
    consentEnds(account: string, inMs: number): string
    latency(medianMs: number, p95Ms: number): string
    repeated(count: number): string
    secretsIn(kind: string): string
    journalAt(path: string): string
    readonly nothingYet: string
  }

  readonly retry: {
    readonly nothing: string
    again(count: number): string
    notFound(id: string): string
    notAside(id: number, stage: Stage): string
  }

  readonly journal: {
    readonly columns: {
      readonly id: string
      readonly stage: string
      readonly folder: string
      readonly arrived: string
      readonly size: string
      readonly gmail: string
      readonly reason: string
    }
    readonly empty: string
    more(count: number): string
  }

  readonly doctor: {
    readonly title: string
    readonly ok: string
    readonly warning: string
    readonly bad: string
    readonly skipped: string
    readonly allWell: string
    summary(bad: number, warnings: number): string
    readonly checks: {
      readonly node: string
      readonly configuration: string
      readonly secrets: string
      readonly state: string
      readonly journal: string
      readonly instance: string
      readonly service: string
      readonly alerts: string
      readonly clock: string
      readonly sourceNames: string
      readonly sourceReach: string
      readonly sourceTls: string
      readonly sourceLogin: string
      readonly sourceFolders: string
      readonly sourceAbilities: string
      readonly sourceLimits: string
      readonly googleNames: string
      readonly googleReach: string
      readonly googleSignIn: string
      readonly consentLife: string
      readonly gmailScopes: string
      readonly gmailApi: string
      readonly gmailAccount: string
      readonly gmailLabels: string
      readonly lastPull: string
      readonly messages: string
    }
  }

  readonly checkNow: { readonly asked: string; readonly notRunning: string }

  /** The lines of `hikyaku --help`. */
  readonly help: {
    readonly program: string
    readonly json: string
    readonly lang: string
    readonly setup: string
    readonly setupPart: string
    readonly setupMailbox: string
    readonly setupYes: string
    readonly revoke: string
    readonly revokeAccount: string
    readonly run: string
    readonly pull: string
    readonly mailbox: string
    readonly dryRun: string
    readonly now: string
    readonly yes: string
    readonly status: string
    readonly checkNow: string
    readonly doctor: string
    readonly compare: string
    readonly retry: string
    readonly retryIds: string
    readonly journal: string
    readonly inspect: string
    readonly inspectTarget: string
    readonly forwardingAddress: string
    readonly authservId: string
    readonly dns: string
    readonly offline: string
    readonly report: string
    readonly days: string
    readonly service: string
    readonly timer: string
    readonly every: string
    readonly system: string
    readonly user: string
    readonly runAs: string
    readonly print: string
  }

  readonly daemon: {
    started(version: string, mailboxes: number): string
    watching(mailbox: string): string
    nextPull(mailbox: string, inMs: number): string
    waiting(mailbox: string, ms: number): string
    recovered(mailbox: string, afterMs: number): string
    stopping(signal: string): string
    readonly stoppingNow: string
    /** The time of a look has passed: the machine slept, or was too busy. */
    readonly scheduleLate: string
    readonly stopped: string
    /** One line for `systemctl status`; `names`: of the mailboxes in trouble. */
    state(mailboxes: number, troubled: number, names: string): string
  }

  /** Notices by mail and web hook. */
  readonly notice: {
    consentEnding(account: string, days: number): string
    consentSubject(account: string): string
    /** The log's line about a notice that did not get through; `how` is 'mail', 'webhook' or 'ping'. */
    notSent(how: string, reason: string): string
    readonly footer: string
  }

  /** The sentences of the text log; each names its message by the journal's number. */
  readonly log: {
    pullStarted(e: { readonly reason: string }): string
    listed(e: { readonly folder: string; readonly total: number; readonly fresh: number }): string
    retrieved(e: LogMessage): string
    importing(e: LogMessage): string
    imported(e: LogMessage): string
    merged(e: LogMessage & { readonly into: number | string | undefined }): string
    refused(e: LogMessage): string
    deferred(e: LogMessage & { readonly inMs: number | undefined }): string
    settled(e: LogMessage & { readonly as: string }): string
    gone(e: LogMessage): string
    repeated(e: LogMessage): string
    baseline(e: { readonly count: number }): string
    pullDone(e: PullCounts & { readonly ms: number }): string
    pullEnded(e: PullCounts & { readonly ms: number }): string
    waiting(e: { readonly ms: number; readonly why: string }): string
    again(e: { readonly count: number }): string
    held(e: { readonly lines: number; readonly perMinute: number }): string
    dropped(e: { readonly lines: number }): string
  }
}

/** What a log sentence knows of one message. */
export interface LogMessage {
  readonly messageId: number
  readonly account?: string | undefined
  readonly folder?: string | undefined
  readonly octets?: number | undefined
  readonly gmailId?: string | undefined
  readonly ms?: number | undefined
}
