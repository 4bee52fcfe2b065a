/** What is said of rules: which took a message, and what follows. */
import type { Language } from '../base/language.ts'
import type { TakenRule } from '../base/rule-wish.ts'
import { printable } from '../base/untrusted.ts'

export interface Follows {
  readonly account: string
  readonly labels: readonly string[]
  readonly place: 'inbox' | 'spam' | 'archive'
  readonly isRead: boolean
  readonly isStarred: boolean
  readonly neverMarkSpam: boolean
}

const nameOf = ({ name }: TakenRule): string => (name === undefined ? '' : printable(name, 100))
const listOf = (names: readonly string[], comma: string): string =>
  names.map(name => printable(name, 300)).join(comma)

const en = {
  noRules: (mailbox: string) => `${mailbox} has no rules: everything goes the usual way.`,
  heading: (mailbox: string, file: string) => `${mailbox}: ${file}`,
  recipients: (addresses: readonly string[], from: 'envelope' | 'written') =>
    addresses.length === 0
      ? 'Recipient: none can be read'
      : `Recipient: ${listOf(addresses, ', ')} (${from === 'envelope' ? 'Delivered-To, X-Original-To, Envelope-To or X-Envelope-To' : 'To, Cc'})`,
  sender: (addresses: readonly string[]) => `Sender: ${listOf(addresses, ', ') || 'none can be read'}`,
  list: (id: string) => `List: ${printable(id, 300)}`,
  rule: (rule: TakenRule) => `rule ${rule.place}${rule.name === undefined ? '' : ` (${nameOf(rule)})`}`,
  taken: (rules: readonly string[]) => `Taken by ${rules.join(', then ')}.`,
  takenByNone: 'No rule takes it: it goes the usual way.',
  undecided: (rule: string) =>
    `Whether ${rule} takes it cannot be known: its header is larger than what is read of one. So no further rule is asked, and it is imported the usual way.`,
  left: 'It is not imported. It stays at the source, is counted as left by rule, and is never deleted there by hikyaku.',
  into: (account: string) => `Into ${printable(account, 200)}`,
  places: { inbox: 'the inbox', spam: 'the spam folder', archive: 'not the inbox (archived)' },
  labels: (labels: readonly string[]) => `labels: ${listOf(labels, ', ')}`,
  starred: 'starred',
  read: 'read',
  unread: 'unread',
  neverSpam: 'asked not to be marked as spam',
  separator: '; ',
}

export type RulesWords = typeof en

const ja: RulesWords = {
  noRules: mailbox => `${mailbox} にルールはありません。すべて通常どおり取り込みます。`,
  heading: (mailbox, file) => `${mailbox}: ${file}`,
  recipients: (addresses, from) =>
    addresses.length === 0
      ? '宛先: 読み取れません'
      : `宛先: ${listOf(addresses, '、')}（${from === 'envelope' ? 'Delivered-To、X-Original-To、Envelope-To、X-Envelope-To のいずれか' : 'To、Cc'}）`,
  sender: addresses => `差出人: ${listOf(addresses, '、') || '読み取れません'}`,
  list: id => `メーリングリスト: ${printable(id, 300)}`,
  rule: rule => `ルール ${rule.place}${rule.name === undefined ? '' : `（${nameOf(rule)}）`}`,
  taken: rules => `当てはまるルール: ${rules.join('、')}`,
  takenByNone: '当てはまるルールはありません。通常どおり取り込みます。',
  undecided: rule =>
    `${rule}に当てはまるかどうか判断できません。ヘッダーが、読み取る上限より大きいためです。これより下のルールは調べず、通常どおり取り込みます。`,
  left: '取り込みません。元のメールボックスに残し、「ルールにより対象外」と数えます。hikyaku が元のメールボックスから削除することはありません。',
  into: account => `取り込み先: ${printable(account, 200)}`,
  places: { inbox: '受信トレイ', spam: '迷惑メール', archive: '受信トレイには入れない（アーカイブ）' },
  labels: labels => `ラベル: ${listOf(labels, '、')}`,
  starred: 'スター付き',
  read: '既読',
  unread: '未読',
  neverSpam: '迷惑メールにしないよう求める',
  separator: '、',
}

const words: Readonly<Record<Language, RulesWords>> = { en, ja }
export const rulesWordsFor = (language: Language): RulesWords => words[language]

/** What follows, in a line. */
export function describeFollows(follows: Follows, own: RulesWords): string {
  const { account, labels, place, isStarred, isRead, neverMarkSpam } = follows
  return [
    own.into(account),
    own.places[place],
    ...(labels.length === 0 ? [] : [own.labels(labels)]),
    ...(isStarred ? [own.starred] : []),
    isRead ? own.read : own.unread,
    ...(neverMarkSpam ? [own.neverSpam] : []),
  ].join(own.separator)
}
