/** The metrics: what the journal has in sums already, and what was counted in this process. Nothing here scans messages. */
import { stat } from 'node:fs/promises'
import type { TroubleEntry } from '../base/trouble.ts'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { Pauses } from '../pull/paused.ts'
import { watchStateOf } from '../pull/watch-memory.ts'
import {
  addUp,
  counter,
  type Family,
  gauge,
  type Histogram,
  type Labels,
  type Sample,
  single,
} from './exposition.ts'
import type { Happenings } from './happenings.ts'
import type { Health } from './health.ts'
import { buildFamily, deliveryFamily, faultsFamily, processFamilies } from './process-metrics.ts'

/** More mailboxes than this are counted and not shown; so are kinds of trouble. */
const mostMailboxes = 200
const mostTroubles = 200

export interface MetricSources {
  readonly config: Pick<Config, 'mailboxes' | 'accounts'>
  readonly journal: Journal
  readonly happenings: Happenings & {
    /** By mailbox. */
    readonly latencies: ReadonlyMap<string, Histogram>
  }
  readonly logins: ReadonlyMap<string, { readonly accepted: number; readonly refused: number }>
  readonly accounts: ReadonlyMap<
    string,
    { readonly quota: { readonly used: number; readonly perMinute: number } }
  >
}

export async function readMetrics(
  { config, journal, happenings, logins, accounts }: MetricSources,
  list: readonly TroubleEntry[],
  pauses: Pauses,
  health: Health,
): Promise<readonly Family[]> {
  const mailboxes = config.mailboxes.slice(0, mostMailboxes)
  const rows = await Promise.all(
    mailboxes.map(async ({ name, account }) => ({
      labels: { mailbox: name, account },
      books: await journal.conservation(name),
      counts: await journal.counts(name),
      state: await journal.mailbox(name),
      watch: pauses.has(name) ? undefined : await watchStateOf(journal, name),
      isPaused: pauses.has(name),
    })),
  )
  type Row = (typeof rows)[number]
  const ofRows = (value: (row: Row) => number | undefined): Sample[] =>
    rows.flatMap(row => sampleOf(row.labels, value(row)))
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
  const ofAccounts = (value: (quota: { used: number; perMinute: number }) => number): Sample[] =>
    [...accounts].slice(0, mostMailboxes).map(([account, { quota }]) => ({
      labels: { account },
      value: value(quota),
    }))
  return [
    buildFamily(),
    gauge('hikyaku_healthy', '1 where /healthz says that all is well.', single(Number(health.ok))),
    gauge(
      'hikyaku_mail_comes',
      '0 where something keeps mail from coming.',
      single(Number(health.mailComes)),
    ),
    gauge(
      'hikyaku_mailboxes',
      'Mailboxes of the configuration; at most 200 have metrics of their own.',
      single(config.mailboxes.length),
    ),
    counter(
      'hikyaku_messages_imported',
      'Messages that Gmail has, by the journal.',
      ofRows(({ books }) => books.imported),
    ),
    counter(
      'hikyaku_messages_merged',
      'Messages that Gmail had already, by the journal.',
      ofRows(({ books }) => books.merged),
    ),
    gauge(
      'hikyaku_messages_waiting',
      'Messages at the source that are still to be imported.',
      ofRows(({ books }) => books.pending),
    ),
    gauge(
      'hikyaku_messages_refused',
      'Messages that Gmail refused and that wait for the owner.',
      ofRows(({ counts }) => counts.refused),
    ),
    deliveryFamily(
      rows.flatMap(({ labels }) => happenings.latencies.get(labels.mailbox)?.samples(labels) ?? []),
    ),
    gauge(
      'hikyaku_last_good_pull_timestamp_seconds',
      'When a pull came to its end last.',
      ofRows(({ state }) => seconds(state.lastGoodPullAtMs)),
    ),
    gauge(
      'hikyaku_paused',
      '1 where the owner has paused the mailbox, so that no mail is pulled.',
      ofRows(({ isPaused }) => Number(isPaused)),
    ),
    gauge(
      'hikyaku_idle_alive',
      '1 where the server tells of new mail (IMAP IDLE), 0 where that has ended.',
      ofRows(({ watch }) => (watch === undefined ? undefined : Number(watch.isWatched))),
    ),
    counter(
      'hikyaku_logins',
      'Logins at the source since the start of the process.',
      rows.flatMap(({ labels }) => {
        const { accepted = 0, refused = 0 } = logins.get(labels.mailbox) ?? {}
        return [
          { labels: { ...labels, result: 'accepted' }, value: accepted },
          { labels: { ...labels, result: 'refused' }, value: refused },
        ]
      }),
    ),
    faultsFamily(happenings),
    gauge('hikyaku_troubles', 'What is not well now, by scope and code.', countTroubles(list)),
    gauge(
      'hikyaku_quota_units_used',
      'Gmail quota units that count towards the minute of the account now.',
      ofAccounts(({ used }) => used),
    ),
    gauge(
      'hikyaku_quota_units_limit',
      'Gmail quota units a minute that are let through.',
      ofAccounts(({ perMinute }) => perMinute),
    ),
    gauge(
      'hikyaku_journal_size_bytes',
      'Octets of the journal and of what belongs to it.',
      single(await sizeOf(journal.path)),
    ),
    ...processFamilies(),
  ]
}

const sampleOf = (labels: Labels, value: number | undefined): Sample[] =>
  value === undefined ? [] : [{ labels, value }]

/** Troubles of messages count by their messages. */
function countTroubles(list: readonly TroubleEntry[]): Sample[] {
  const each = list.map(({ scope, name, code, messages }) => ({
    labels: { scope, name, code },
    value: Math.max(1, messages),
  }))
  return addUp(each, mostTroubles)
}

async function sizeOf(journal: string): Promise<number> {
  const sizes = await Promise.all(
    ['', '-wal', '-shm'].map(end =>
      stat(journal + end).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
