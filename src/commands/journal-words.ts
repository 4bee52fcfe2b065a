/** What `hikyaku journal` says to people, in both languages. */

import type { Language } from '../base/language.ts'
import type { RebuildCount } from '../proof/rebuild.ts'

const s = (count: number): string => (count === 1 ? '' : 's')

const en = {
  none: 'There is no journal here yet. The first pull makes it.',
  sound: (messages: string) => `The journal is sound (${messages} messages).`,
  unsound: (file: string) => `The journal cannot be relied on: ${file}`,
  missing: 'The file has vanished, or is empty.',
  damaged: (words: string) => `The file is damaged: ${words}`,
  newer: (found: number, known: number) =>
    `It is of a newer hikyaku (version ${found} of the tables; this one knows ${known}).`,
  notConserved: (mailbox: string, listed: number, rows: number) =>
    `${mailbox}: ${listed} messages were listed, ${rows} have a row.`,
  rows: {
    'no-gmail-id': (n: number) => `${n} imported message${s(n)} without Gmail's id.`,
    'merged-into-nothing': (n: number) => `${n} message${s(n)} merged into one that was never imported.`,
    'no-digest': (n: number) => `${n} message${s(n)} sent to Gmail without a digest on record.`,
    'settled-too-early': (n: number) =>
      `${n} message${s(n)} that the source was asked to delete or move before the import.`,
    'no-settled-as': (n: number) => `${n} settled message${s(n)} without what was done at the source.`,
    'gone-but-present': (n: number) =>
      `${n} message${s(n)} called gone that stand${n === 1 ? 's' : ''} at the source.`,
    'unknown-mailbox': (n: number) => `${n} message${s(n)} of a mailbox that the journal does not know.`,
  },
  shown: (ids: string) => `No. ${ids}`,
  next: 'Your mail stays where it is. Put the file back from a backup, or run `hikyaku journal rebuild`.',
  nothingToDo: 'The journal is sound. There is nothing to rebuild.',
  /** @param isThere false: there is no old file that could be kept */
  question: (file: string, isThere: boolean) =>
    `Make a new journal? Every message in the source mailboxes is read once and looked for in Gmail. Nothing is deleted anywhere; ${isThere ? `the old file is kept (${file})` : `there is no old file (${file})`}.`,
  needsYes: 'journal rebuild without a terminal needs --yes',
  unchanged: 'Nothing was changed.',
  readBack: (account: string, allowed: boolean) =>
    allowed
      ? `${account}: hikyaku may read in Gmail, so each message is looked up there.`
      : `${account}: hikyaku may not read in Gmail (gmail.readonly was not granted). What the old journal does not show is imported again, and may then be in Gmail twice. With \`hikyaku setup google --read\` first, each message is looked up there.`,
  salvage: (rows: number) => `${rows} row${s(rows)} of the old journal can be read.`,
  done: (mailbox: string, c: RebuildCount) =>
    `${mailbox}: ${c.listed} message${s(c.listed)} at the source: ${c.imported} found in Gmail or in the old journal, ${c.merged} with the same content, ${c.ignored} left out by rule, ${c.waiting} for the next pull, ${c.unknown} uncertain.`,
  unknown: (n: number) =>
    `${n} message${s(n)} may be in Gmail already, and nothing can tell. The next pull imports ${n === 1 ? 'it' : 'them'} as your settings say, and counts ${n === 1 ? 'it' : 'them'} as repeated.`,
  aside: (file: string) => `The old file is kept: ${file}`,
  after: 'The new journal is in place. Go on with `hikyaku pull`, or start the service again.',
}

export type JournalWords = typeof en

const ja: JournalWords = {
  none: '取り込み記録はまだありません。最初の取り込みのときに作られます。',
  sound: messages => `取り込み記録に問題はありません（${messages} 通）。`,
  unsound: file => `取り込み記録に問題があります: ${file}`,
  missing: 'ファイルがないか、空になっています。',
  damaged: words => `ファイルが壊れています: ${words}`,
  newer: (found, known) =>
    `より新しい hikyaku の取り込み記録です（表のバージョン ${found}。この hikyaku が扱えるのは ${known} まで）。`,
  notConserved: (mailbox, listed, rows) =>
    `${mailbox}: 一覧で確認したメール ${listed} 通に対し、取り込み記録は ${rows} 通分です。`,
  rows: {
    'no-gmail-id': n => `取り込み済みなのに Gmail の ID がないメールが ${n} 通あります。`,
    'merged-into-nothing': n => `取り込まれていないメールと同じものとされたメールが ${n} 通あります。`,
    'no-digest': n => `Gmail に送ったのにハッシュ値の記録がないメールが ${n} 通あります。`,
    'settled-too-early': n => `取り込む前に削除や移動を依頼したメールが ${n} 通あります。`,
    'no-settled-as': n =>
      `サーバー側の後処理（削除・移動）が記録されていない完了済みのメールが ${n} 通あります。`,
    'gone-but-present': n => `なくなったはずなのに元のメールボックスにあるとされたメールが ${n} 通あります。`,
    'unknown-mailbox': n => `取り込み記録にないメールボックスのメールが ${n} 通あります。`,
  },
  shown: ids => `番号 ${ids}`,
  next: 'メールはそのまま残っています。バックアップから取り込み記録を戻すか、`hikyaku journal rebuild` を実行してください。',
  nothingToDo: '取り込み記録に問題はありません。作り直す必要はありません。',
  question: (file, isThere) =>
    `取り込み記録を作り直しますか？ 元のメールボックスのメールを一度ずつ読み、Gmail にあるかを確かめます。どこからも何も削除しません。${isThere ? `古いファイルは残します（${file}）` : `古いファイルはありません（${file}）`}。`,
  needsYes: '対話できない環境で journal rebuild を実行するには --yes が必要です',
  unchanged: '何も変更していません。',
  readBack: (account, allowed) =>
    allowed
      ? `${account}: Gmail の読み取りが許可されているので、1 通ずつ Gmail で確かめます。`
      : `${account}: Gmail の読み取り（gmail.readonly）は許可されていません。古い取り込み記録で確かめられないメールはもう一度取り込むため、Gmail で 2 通になる可能性があります。先に「hikyaku setup google --read」で読み取りを許可すると、1 通ずつ確かめられます。`,
  salvage: rows => `古い取り込み記録から ${rows} 通分を読み取れました。`,
  done: (mailbox, c) =>
    `${mailbox}: 元のメールボックスに ${c.listed} 通。Gmail または古い取り込み記録で確認済み ${c.imported} 通、同じ内容 ${c.merged} 通、対象外 ${c.ignored} 通、次回取り込み ${c.waiting} 通、判断できないもの ${c.unknown} 通。`,
  unknown: n =>
    `${n} 通は、すでに Gmail にあるかどうか確かめられません。次回、設定に従って取り込み、再取り込みとして数えます。`,
  aside: file => `古いファイルは残してあります: ${file}`,
  after: '新しい取り込み記録ができました。`hikyaku pull` を実行するか、サービスを再開してください。',
}

export const journalWords: Readonly<Record<Language, JournalWords>> = { en, ja }
