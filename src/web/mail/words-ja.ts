/** メールのページの文。 */
import { makeFormat } from '../../locale/format.ts'
import type { MailWords } from './words-en.ts'

const { number, instant } = makeFormat('ja')

export const ja: MailWords = {
  about: '差出人と件名',
  stamped: 'サーバーの判定',
  verified: 'hikyaku の判定',
  forwardedTitle: '転送なら',
  forwarded: {
    none: '届く',
    softfail: '届くが SPF 不合格',
    spam: '迷惑メール',
    'possibly-lost': '失われたかも',
    lost: '失われた',
  },
  fromDomain: domain => `${domain} から`,
  noSubject: '（件名なし）',
  search: '検索',
  searchText: 'Message-ID、Gmail の ID、SHA-256、または差出人・件名の語',
  searchHint:
    'ID はどの状態のメールからも探します。語は、表示できる差出人と件名だけから探します。送信元ドメインで探せるのは Gmail にあるメールです。',
  mailbox: 'メールボックス',
  anyMailbox: 'すべて',
  folder: 'フォルダー',
  domain: '送信元ドメイン',
  stage: '状態',
  stages: {
    imported: 'Gmail にある',
    merged: 'すでに Gmail にあった',
    waiting: '未取り込み',
    refused: '要確認',
    ignored: '設定により対象外',
    gone: '取り込み前に消えた',
  },
  from: '開始日',
  until: '終了日',
  find: '検索する',
  reset: 'すべて表示',
  reload: 'その後に届いたメールを表示',
  found: '見つかったメール（新しい順）',
  nothing: '見つかりませんでした。',
  nothingYet: 'ここまでには見つかりませんでした。',
  cut: 'これより古いメールは、まだ調べていません。',
  goOn: '続けて探す',
  subjects: (sinceMs, most) =>
    `差出人と件名は、hikyaku の起動（${instant(sinceMs)}）より後に届いたメールのうち、最新の ${number(most)} 通について表示します。メモリの中だけにあり、どこにも書き込みません。そのため、それより前のメールには表示しません。`,
  subjectsOff: '`KEEP_SUBJECTS` が `no` のため、差出人と件名は表示しません。',
  subjectsOffFor: mailboxes => `${mailboxes} は \`KEEP_SUBJECTS\` が \`no\` のため表示しません。`,
  arrivedOne: '新しいメールが 1 通届きました',
  arrivedMany: '新しいメールが {count} 通届きました',
  forwarding: {
    title: '転送との比較',
    heading: '転送していたら失われたメール',
    intro:
      'サーバーがメールを転送していたら、Gmail がどう扱ったかの予測です（hikyaku の判定に基づきます）。`hikyaku report` と同じ数字です。',
    month: '月',
    show: '表示する',
    chart: '送信元ドメイン別',
    legend: {
      lost: '失われた（受信拒否）',
      possiblyLost: '失われたかも（受信拒否か迷惑メール）',
      spam: '迷惑メール',
    },
    bar: (lost, possiblyLost, spam) => `失われた ${lost}、失われたかも ${possiblyLost}、迷惑メール ${spam}`,
    table: '数字',
    nothingLost: 'わかっている範囲では、転送で失われたメールはありません。',
    empty: 'この月に Gmail に届いたメールはありません。',
    noSender: '不明',
  },
}
