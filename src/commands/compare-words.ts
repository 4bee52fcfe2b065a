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

const english = makeFormat('en')
const japanese = makeFormat('ja')
const messages = (count: number): string => `${english.number(count)} ${count === 1 ? 'message' : 'messages'}`
const mails = (count: number): string => `${japanese.number(count)} 通`
const grant = 'hikyaku setup google --read'

const en = {
  looking: (mailbox: string) => `${mailbox}: reading the list of messages`,
  total: (mailbox: string, total: number) => `${mailbox}: ${messages(total)} at the source`,
  journal: ({ journal: j }: CompareCounts) =>
    `  hikyaku: ${english.number(j.imported)} imported, ${english.number(j.merged)} known already, ${english.number(j.refused)} refused, ${english.number(j.pending)} waiting, ${english.number(j.left)} left by rule, ${english.number(j.new)} not seen yet`,
  gmail: (c: CompareCounts) =>
    `  Gmail: ${english.number(c.ours)} brought by hikyaku alone, ${english.number(c.other)} by Gmail’s own fetch (or another way) alone, ${english.number(c.both)} by both, ${english.number(c.missing)} missing`,
  missingHead: (count: number) => `  Missing in Gmail: ${messages(count)}`,
  removedHead: (count: number) =>
    `  Imported, and no longer in Gmail (deleted there, trash included): ${messages(count)}`,
  differsHead: (count: number) => `  In Gmail with other octets than were imported: ${messages(count)}`,
  why: {
    imported: 'imported',
    merged: 'known already',
    refused: 'refused',
    pending: 'waits for the next pull',
    left: 'older than what is to be imported, or left by a rule',
    new: 'hikyaku has not seen it yet',
    unsearchable: 'cannot be looked up (no usable Message-ID), and hikyaku did not import it',
  },
  message: (folder: string, messageId: string, at: number | undefined, why: string) =>
    `    ${folder === '' ? '' : `${folder}  `}${messageId}  ${english.instant(at)}  ${why}`,
  more: (count: number) => `    … and ${english.number(count)} more (--json lists them all)`,
  nothingMissing: (total: number) =>
    `  Nothing is missing: of ${messages(total)} at the source every one is accounted for in Gmail. Gmail’s own fetch may be switched off.`,
  someMissing: (count: number) =>
    `  Not yet: ${messages(count)} at the source ${count === 1 ? 'is' : 'are'} not proved to be in Gmail. Leave Gmail’s own fetch on.`,
  noneThere: '  There are no messages at the source.',
  /** The permission cannot read: what could not be looked at, and how to grant it. */
  notAsked: (unproved: number) => [
    '  Gmail itself was not asked: hikyaku’s permission cannot read mail there. For what it imported Gmail’s answer stands in the journal.',
    ...(unproved === 0
      ? []
      : [`  Whether Gmail’s own fetch has brought the other ${messages(unproved)} could not be checked.`]),
    `  To allow it (gmail.readonly), for this look or for good: ${grant}`,
  ],
  pullFirst: '  Run `hikyaku pull`, then compare again.',
}

export type CompareWords = typeof en

const ja: CompareWords = {
  looking: mailbox => `${mailbox}: メールの一覧を読み取っています`,
  total: (mailbox, total) => `${mailbox}: 元のメールボックスに ${mails(total)}`,
  journal: ({ journal: j }) =>
    `  hikyaku: 取り込み済み ${japanese.number(j.imported)}、重複 ${japanese.number(j.merged)}、要確認 ${japanese.number(j.refused)}、未取り込み ${japanese.number(j.pending)}、対象外 ${japanese.number(j.left)}、未確認 ${japanese.number(j.new)}`,
  gmail: c =>
    `  Gmail: hikyaku のみで取り込み ${japanese.number(c.ours)}、Gmail の POP 受信など別の方法のみ ${japanese.number(c.other)}、両方 ${japanese.number(c.both)}、不足 ${japanese.number(c.missing)}`,
  missingHead: count => `  Gmail にないメール: ${mails(count)}`,
  removedHead: count => `  取り込み後に Gmail から削除されたメール（ゴミ箱にもありません）: ${mails(count)}`,
  differsHead: count => `  取り込んだ内容と Gmail にある内容が異なるメール: ${mails(count)}`,
  why: {
    imported: '取り込み済み',
    merged: '重複',
    refused: '要確認',
    pending: '未取り込み（次回取り込みます）',
    left: '取り込みの対象より前のメールか、ルールにより残したメールです',
    new: 'hikyaku はまだ確認していません',
    unsearchable: 'Message-ID がないなどの理由で検索できず、hikyaku も取り込んでいません',
  },
  message: (folder, messageId, at, why) =>
    `    ${folder === '' ? '' : `${folder}  `}${messageId}  ${japanese.instant(at)}  ${why}`,
  more: count => `    … ほか ${mails(count)}（--json ですべて表示されます）`,
  nothingMissing: total =>
    `  不足はありません。元のメールボックスの ${mails(total)}は、すべて Gmail への取り込みを確認できました。Gmail の POP 受信は停止してかまいません。`,
  someMissing: count =>
    `  まだそろっていません。元のメールボックスの ${mails(count)}は、Gmail にあることを確認できていません。Gmail の POP 受信は止めずにおいてください。`,
  noneThere: '  元のメールボックスにメールはありません。',
  notAsked: unproved => [
    '  Gmail の中は確認していません。hikyaku のアクセス権では、Gmail のメールを読めないためです。取り込んだメールについては、Gmail の受付の応答が取り込み記録にあります。',
    ...(unproved === 0
      ? []
      : [
          `  そのほかの ${mails(unproved)}を Gmail の POP 受信が取り込んだかどうかは、確認できませんでした。`,
        ]),
    `  読み取り（gmail.readonly）を許可するには、次のコマンドを実行してください: ${grant}`,
  ],
  pullFirst: '  `hikyaku pull` を実行してから、もう一度照合してください。',
}

export const compareWords: Readonly<Record<Language, CompareWords>> = { en, ja }
