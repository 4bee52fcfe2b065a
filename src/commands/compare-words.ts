/** What `compare` says to people, in both languages. Names and Message-IDs arrive printable. */

import type { Language } from '../base/language.ts'
import { makeFormat } from '../locale/format.ts'
import type { InJournal } from '../proof/compare.ts'

export interface CompareCounts {
  readonly total: number
  readonly journal: Readonly<Record<InJournal, number>>
  /** In Gmail by hikyaku alone, by another way alone, by both. */
  readonly ours: number
  readonly other: number
  readonly both: number
  readonly missing: number
  readonly removed: number
  readonly differs: number
}

export interface CompareWords {
  readonly looking: (mailbox: string) => string
  readonly total: (mailbox: string, total: number) => string
  readonly journal: (counts: CompareCounts) => string
  readonly gmail: (counts: CompareCounts) => string
  readonly missingHead: (count: number) => string
  readonly removedHead: (count: number) => string
  readonly differsHead: (count: number) => string
  readonly why: Readonly<Record<InJournal | 'unsearchable', string>>
  readonly message: (
    folder: string,
    messageId: string,
    arrivedAtMs: number | undefined,
    why: string,
  ) => string
  readonly more: (count: number) => string
  readonly nothingMissing: (total: number) => string
  readonly someMissing: (count: number) => string
  readonly noneThere: string
  /** The permission cannot read: what could not be looked at, and how to grant it. */
  readonly notAsked: (unproved: number) => readonly string[]
  readonly pullFirst: string
}

const en = makeFormat('en')
const ja = makeFormat('ja')
const messages = (count: number): string => `${en.number(count)} ${count === 1 ? 'message' : 'messages'}`
const mails = (count: number): string => `${ja.number(count)} 通`
const grant = 'hikyaku setup google --read'

export const compareWords: Readonly<Record<Language, CompareWords>> = {
  en: {
    looking: mailbox => `${mailbox}: reading the list of messages`,
    total: (mailbox, total) => `${mailbox}: ${messages(total)} at the source`,
    journal: ({ journal: j }) =>
      `  hikyaku: ${en.number(j.imported)} imported, ${en.number(j.merged)} known already, ${en.number(j.refused)} refused, ${en.number(j.pending)} waiting, ${en.number(j.left)} left by rule, ${en.number(j.new)} not seen yet`,
    gmail: c =>
      `  Gmail: ${en.number(c.ours)} brought by hikyaku alone, ${en.number(c.other)} by Gmail’s own fetch (or another way) alone, ${en.number(c.both)} by both, ${en.number(c.missing)} missing`,
    missingHead: count => `  Missing in Gmail: ${messages(count)}`,
    removedHead: count =>
      `  Imported, and no longer in Gmail (deleted there, trash included): ${messages(count)}`,
    differsHead: count => `  In Gmail with other octets than were imported: ${messages(count)}`,
    why: {
      imported: 'imported',
      merged: 'known already',
      refused: 'refused',
      pending: 'waits for the next pull',
      left: 'older than START_FROM',
      new: 'hikyaku has not seen it yet',
      unsearchable: 'cannot be looked up (no usable Message-ID), and hikyaku did not import it',
    },
    message: (folder, messageId, at, why) =>
      `    ${folder === '' ? '' : `${folder}  `}${messageId}  ${en.instant(at)}  ${why}`,
    more: count => `    … and ${en.number(count)} more (--json lists them all)`,
    nothingMissing: total =>
      `  Nothing is missing: of ${messages(total)} at the source every one is accounted for in Gmail. Gmail’s own fetch may be switched off.`,
    someMissing: count =>
      `  Not yet: ${messages(count)} at the source ${count === 1 ? 'is' : 'are'} not proved to be in Gmail. Leave Gmail’s own fetch on.`,
    noneThere: '  There are no messages at the source.',
    notAsked: unproved => [
      '  Gmail itself was not asked: hikyaku’s permission cannot read mail there. For what it imported Gmail’s answer stands in the journal.',
      ...(unproved === 0
        ? []
        : [`  Whether Gmail’s own fetch has brought the other ${messages(unproved)} could not be checked.`]),
      `  To allow it (gmail.readonly), for this look or for good: ${grant}`,
    ],
    pullFirst: '  Run `hikyaku pull`, then compare again.',
  },
  ja: {
    looking: mailbox => `${mailbox}: メールの一覧を読み取っています`,
    total: (mailbox, total) => `${mailbox}: 元のメールボックスに ${mails(total)}`,
    journal: ({ journal: j }) =>
      `  hikyaku: 取り込み済み ${ja.number(j.imported)}、重複 ${ja.number(j.merged)}、要確認 ${ja.number(j.refused)}、待機中 ${ja.number(j.pending)}、対象外 ${ja.number(j.left)}、未確認 ${ja.number(j.new)}`,
    gmail: c =>
      `  Gmail: hikyaku のみで取り込み ${ja.number(c.ours)}、Gmail の POP 受信など別の方法のみ ${ja.number(c.other)}、両方 ${ja.number(c.both)}、不足 ${ja.number(c.missing)}`,
    missingHead: count => `  Gmail にないメール: ${mails(count)}`,
    removedHead: count =>
      `  取り込み後に Gmail から削除されたメール（ゴミ箱にもありません）: ${mails(count)}`,
    differsHead: count => `  取り込んだ内容と Gmail にある内容が異なるメール: ${mails(count)}`,
    why: {
      imported: '取り込み済み',
      merged: '重複',
      refused: '要確認',
      pending: '次回の取り込みを待っています',
      left: 'START_FROM より前のメールです',
      new: 'hikyaku はまだ確認していません',
      unsearchable: 'Message-ID がないなどの理由で検索できず、hikyaku も取り込んでいません',
    },
    message: (folder, messageId, at, why) =>
      `    ${folder === '' ? '' : `${folder}  `}${messageId}  ${ja.instant(at)}  ${why}`,
    more: count => `    … ほか ${mails(count)}（--json ですべて表示されます）`,
    nothingMissing: total =>
      `  不足はありません。元のメールボックスの ${mails(total)}は、すべて Gmail への取り込みを確認できました。Gmail の POP 受信は停止してかまいません。`,
    someMissing: count =>
      `  まだそろっていません。元のメールボックスの ${mails(count)}は、Gmail にあることを確認できていません。Gmail の POP 受信は止めずにおいてください。`,
    noneThere: '  元のメールボックスにメールはありません。',
    notAsked: unproved => [
      '  Gmail の中は確認していません。hikyaku のアクセス許可では、Gmail のメールを読めないためです。取り込んだメールについては、Gmail の受付の応答が記録されています。',
      ...(unproved === 0
        ? []
        : [
            `  そのほかの ${mails(unproved)}を Gmail の POP 受信が取り込んだかどうかは、確認できませんでした。`,
          ]),
      `  読み取り（gmail.readonly）を許可するには、次のコマンドを実行してください: ${grant}`,
    ],
    pullFirst: '  `hikyaku pull` を実行してから、もう一度照合してください。',
  },
}
