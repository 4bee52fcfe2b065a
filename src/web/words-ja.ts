/** ページの文。`status` と共通の文は src/locale にあります。 */
import { makeFormat } from '../locale/format.ts'
import type { WebWords } from './words-en.ts'

const { number, span } = makeFormat('ja')

export const ja: WebWords = {
  overview: '概要',
  messages: 'メール',
  skip: '本文へ移動',
  pages: 'ページ',
  checkNow: '今すぐ確認',
  leave: 'このブラウザーをログアウト',
  left: 'このブラウザーをログアウトしました。',
  mailboxes: 'メールボックス',
  watching: '新着の監視',
  onSchedule: '決まった間隔で確認しています。',
  watched: 'サーバーからの通知を待っています。',
  notWatched: '今は通知を受けられないため、決まった間隔で確認しています。',
  lastMail: '最後のメール',
  noMail: 'まだありません',
  lastLook: '最後の確認',
  notLooked: 'まだ確認していません',
  nextLook: '次の確認',
  whenTold: '通知が届いたとき、または ',
  never: '「今すぐ確認」を押したとき',
  whenResumed: '再開したとき',
  pause: 'このメールボックスを一時停止',
  resume: 'このメールボックスを再開',
  speed: '届くまでの時間',
  speedOf: (medianMs, p95Ms) => `通常 ${span(medianMs)}、長くて ${span(p95Ms)}`,
  sparkline: (mails, least, most, newest) =>
    `最近の ${mails} 通は ${least}〜${most}、最新のメールは ${newest} で届きました`,
  inGmail: '取り込み済み',
  waiting: '未取り込み',
  setAside: '要確認',
  tryAgain: count => `${number(count)} 通をもう一度試す`,
  latest: 'Gmail に届いたメール（新しい順）',
  time: '日時',
  mailbox: 'メールボックス',
  folder: 'フォルダー',
  size: 'サイズ',
  latency: '所要時間',
  gmail: 'Gmail',
  open: '開く',
  message: id => `メール ${id} を Gmail で表示`,
  noMessages: 'Gmail に届いたメールは、まだありません。',
  older: '前のメール',
  newest: '最新のメール',
  refusals: {
    closed: [
      'このページは閉じています',
      'hikyaku が動いているコンピューターで `hikyaku dashboard` を実行し、表示されたリンクを開いてください。',
    ],
    usedLink: [
      'このリンクでは開けません',
      'すでに使われたか、5 分を過ぎています。もう一度 `hikyaku dashboard` を実行してください。',
    ],
    tooMany: [
      '正しくないリンクが続きました',
      '1 分ほど待ってから、もう一度 `hikyaku dashboard` を実行してください。',
    ],
    foreign: [
      'このページからの操作ではありません',
      '何も実行していません。`hikyaku dashboard` が表示するアドレスで開いてください。',
    ],
    oldForm: [
      '何も実行していません',
      '別のログインのときの画面です。前のページに戻り、再読み込みしてからお試しください。',
    ],
    absent: ['ここには何もありません', 'ページのアドレスは `hikyaku dashboard` で表示できます。'],
    tooLarge: ['何も実行していません', '送られた内容が大きすぎます。'],
    busy: ['開いているページが多すぎます', 'ほかのページを閉じてから、再読み込みしてください。'],
  },
  entering: 'ページを開いています',
  enter: '開く',
  command: {
    link: url => `次のリンクで開きます（1 回だけ、5 分以内）:\n\n  ${url}\n`,
    opened: 'ブラウザーで開きました。',
    notSet: example =>
      `ページを使う設定になっていません。${example} を設定して hikyaku を再起動し、もう一度実行してください。`,
    notRunning:
      'サービスが動いていないため、ページを表示できません。サービスを開始して（`hikyaku service install` または `hikyaku run`）、もう一度実行してください。',
    notOpen: address =>
      `動作中のサービスは ${address} でページを表示していません。設定より前に起動した可能性があるため、再起動してください。アドレスがほかのプログラムに使われている場合は、ログに出ます。`,
  },
  log: {
    open: origin => `ページを ${origin} で開きました。入るには \`hikyaku dashboard\` を実行します`,
    renewed: 'ページの証明書を、更新されたものに切り替えました',
    notRenewed: reason => `ページの新しい証明書は使えません（${reason}）。これまでの証明書を使い続けます`,
    notOpen: (address, reason) =>
      `ページを ${address} で開けません（${reason}）。1 分ごとに再試行します。メールの取り込みは続いています`,
    failed: reason => `ページの一部を表示できませんでした（${reason}）`,
  },
}
