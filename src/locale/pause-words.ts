/** What is said of mailboxes that the owner has paused. Names arrive printable; spans in ms. */
import type { Language } from '../base/language.ts'
import { makeFormat } from './format.ts'

const english = makeFormat('en')
const japanese = makeFormat('ja')

const en = {
  /** The first line of `status`, where nothing is left that is not paused. */
  all: (instant: string, forMs: number) =>
    `⏸ Paused by you since ${instant} (${english.span(forMs)}): no mail is pulled. \`hikyaku resume\` goes on with it.`,
  /** Behind the first line. */
  some: (names: string, more: number) =>
    `⏸ Paused by you: ${names}${more > 0 ? ` and ${english.number(more)} more` : ''}.`,
  since: (instant: string, forMs: number) =>
    `Paused by you since ${instant} (${english.span(forMs)}): no mail is pulled.`,
  /** What rests is not tried, so nobody knows whether it is over. */
  resting: (what: string) => `Before the pause: ${what}`,
  goOn: (mailbox: string) => `\`hikyaku resume ${mailbox}\` goes on with it.`,
  /** `pull` and its like left it alone. */
  leftAlone: (mailbox: string, instant: string, forMs: number) =>
    `${mailbox}: paused by you since ${instant} (${english.span(forMs)}), so nothing was pulled. \`hikyaku resume ${mailbox}\` goes on with it; \`hikyaku pull --now ${mailbox}\` pulls once and leaves it paused.`,
  paused: (mailbox: string) =>
    `${mailbox}: paused. Nobody logs in and no mail is pulled until \`hikyaku resume ${mailbox}\`, also after a restart; mail waits at the source.`,
  pausedBefore: (mailbox: string, instant: string) => `${mailbox}: was paused already, since ${instant}.`,
  resumed: (mailbox: string) => `${mailbox}: resumed.`,
  notPaused: (mailbox: string) => `${mailbox}: was not paused.`,
  ends: 'The running service finishes what it has begun and takes leave of the mail server within seconds.',
  begins: 'The running service pulls at once.',
  beginsLater: 'The service is not running; the next pull brings what has waited.',
  noJournal:
    'Nothing was ever pulled, so there is no journal in which a pause could be kept. Start hikyaku once, then pause.',
  /** Behind what was asked of the running service. */
  notOf: (names: string) => `Paused and left alone: ${names}.`,
  /** For the service manager. */
  state: (count: number) => `${english.number(count)} paused by you`,
  subject: (mailbox: string) => `[hikyaku] ${mailbox} is still paused`,
  reminder: (mailbox: string, instant: string, forMs: number) =>
    `You paused ${mailbox} on ${instant}, ${english.span(forMs)} ago. Since then none of its mail comes into Gmail; it waits at the mail server.`,
  reminderNext: (mailbox: string) =>
    `\`hikyaku resume ${mailbox}\` goes on with it. If the pause is to stay, there is nothing to do: this is said once a week.`,
}

export type PauseWords = typeof en

const ja: PauseWords = {
  all: (instant, forMs) =>
    `⏸ ${instant} から一時停止中です（${japanese.span(forMs)}）。取り込みは行いません。\`hikyaku resume\` で再開します。`,
  some: (names, more) => `⏸ 一時停止中: ${names}${more > 0 ? `、ほか ${japanese.number(more)} 個` : ''}。`,
  since: (instant, forMs) =>
    `${instant} から一時停止中です（${japanese.span(forMs)}）。取り込みは行いません。`,
  resting: what => `一時停止前の状態: ${what}`,
  goOn: mailbox => `\`hikyaku resume ${mailbox}\` で再開します。`,
  leftAlone: (mailbox, instant, forMs) =>
    `${mailbox}: ${instant} から一時停止中です（${japanese.span(forMs)}）。取り込みは行いませんでした。再開するには \`hikyaku resume ${mailbox}\`、一時停止のまま 1 回だけ取り込むには \`hikyaku pull --now ${mailbox}\` を実行してください。`,
  paused: mailbox =>
    `${mailbox}: 一時停止しました。\`hikyaku resume ${mailbox}\` で再開するまで、再起動してもログインや取り込みは行いません。メールは元のメールボックスに残ります。`,
  pausedBefore: (mailbox, instant) => `${mailbox}: すでに一時停止中です（${instant} から）。`,
  resumed: mailbox => `${mailbox}: 再開しました。`,
  notPaused: mailbox => `${mailbox}: 一時停止していません。`,
  ends: '動作中のサービスは、取り込み中のメールを終えて、数秒以内にメールサーバーとの接続を閉じます。',
  begins: '動作中のサービスが、すぐに取り込みます。',
  beginsLater: 'サービスは動いていません。残っているメールは、次の取り込みで届きます。',
  noJournal:
    'まだ一度も取り込んでいないため、一時停止を記録する履歴がありません。hikyaku を一度起動してから、もう一度実行してください。',
  notOf: names => `一時停止中のため対象外: ${names}`,
  state: count => `一時停止中 ${japanese.number(count)} 個`,
  subject: mailbox => `[hikyaku] ${mailbox} は一時停止したままです`,
  reminder: (mailbox, instant, forMs) =>
    `${mailbox} は、${instant} に一時停止されました（${japanese.span(forMs)}前）。それからのメールは Gmail に届かず、メールサーバーに残っています。`,
  reminderNext: mailbox =>
    `\`hikyaku resume ${mailbox}\` で再開します。このままでよければ、何もする必要はありません（お知らせは週に 1 回です）。`,
}

export const pauseWords: Readonly<Record<Language, PauseWords>> = { en, ja }
