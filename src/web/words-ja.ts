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
  aside: '要確認',
  settings: '設定',
  signIn: 'もう一度ログイン',
  addMailbox: 'メールボックスを追加・変更',
  newPassword: '新しいパスワードを入力',
  showAside: 'メールを表示',
  moreTroubles: count => `ほかに ${number(count)} 件あります。すべては \`hikyaku status\` で確認できます。`,
  waitingOf: (count, later) =>
    `${number(count)} 通${later === 0 ? '' : later === count ? '（再試行待ち）' : `（うち再試行待ち ${number(later)} 通）`}`,
  asideOf: (refused, deferred) =>
    [
      ...(refused > 0 || deferred === 0 ? [`要確認 ${number(refused)} 通`] : []),
      ...(deferred > 0 ? [`再試行待ち ${number(deferred)} 通`] : []),
    ].join('、'),
  leftByPace: (ms, imports, withinMs) =>
    `残り約 ${span(ms)}（直近の速さ: ${span(withinMs)}で ${number(imports)} 通）`,
  leftByQuota: (ms, perMinute) =>
    `早くて残り ${span(ms)}（Gmail の上限は 1 分あたり ${number(Math.round(perMinute))} 単位。直近の取り込みがないため、実際の速さはわかりません）`,
  leftUnknown: '残り時間はわかりません。今は取り込みが進んでいません。',
  permission: 'アクセス権',
  quota: 'Gmail の使用量',
  quotaOf: (used, perMinute) =>
    `この 1 分間に ${number(perMinute)} 単位中 ${number(used)} 単位を使用（アカウント全体）`,
  books: '内訳',
  asideAbout:
    'ここにあるメールは Gmail に入っていません。元のメールボックスに残っています。「再試行待ち」のメールは、自動でもう一度試します。',
  nothingAside: '要確認のメールはありません。',
  tryAllAgain: 'このメールボックスのすべてをもう一度試す',
  tryThis: 'このメールをもう一度試す',
  tryAt: when => `次の試行: ${when}`,
  stage: '状態',
  arrived: '届いた日時',
  messageOf: id => `メール ${id}`,
  settingsSecrets:
    'パスワードなどの秘密は表示しません。hikyaku の起動後に変更した設定は、次の起動から有効になります。',
  settingsStart: '環境変数',
  setting: '設定',
  value: '値',
  from: '設定元',
  isSet: '設定済み',
  notSet: '未設定',
  inVault: '保管場所にあり、使うときに読み取ります',
  changeSettle: '取り込み後の処理を変更',
  settle: mailbox => `取り込み後の処理: ${mailbox}`,
  settleNow: value => `現在の設定: \`${value}\``,
  settleNext: '次へ',
  settleSure: 'この内容でよろしいですか？',
  settleDo: '変更する',
  settleBack: '変更しない',
  settleSaved: mailbox => `${mailbox}: 設定ファイルに書き込みました。次の取り込みから有効です。`,
  settleChange: (before, after) => `\`${before}\` から \`${after}\` に変更します。`,
  settleKeep:
    'これからは、メールサーバーで削除や移動を行いません。すでに削除・移動したメールは元に戻りません。',
  settleDelete:
    'Gmail に取り込んだメールを、すぐにメールサーバーから削除します。これまでに取り込み、サーバーに残っているメールも、次の取り込みですべて削除します。サーバーでは元に戻せません。残るのは Gmail のメールだけです。',
  settleDeleteAfter: days =>
    `Gmail に取り込んでから ${number(days)} 日後に、メールサーバーから削除します。それより前に取り込み、サーバーに残っているメールも、次の取り込みで削除します。サーバーでは元に戻せません。残るのは Gmail のメールだけです。`,
  settleMove: folder =>
    `Gmail に取り込んだメールを、メールサーバーのフォルダー「${folder}」に移動します。これまでに取り込み、サーバーに残っているメールも、次の取り込みですべて移動します。ほかのメールソフトからは、そのフォルダーで見られます。`,
  settleElsewhere: where =>
    `ここでは変更できません。ほかの場所（${where}）で設定されていて、そちらが優先されます。そこで変更し、hikyaku を再起動してください。`,
  settleNoFile:
    '設定がファイル（初期設定が書き込むもの）にないため、ここでは変更できません。ほかの設定と同じ場所（環境変数または `.env`）で `AFTER_IMPORT` を設定し、hikyaku を再起動してください。',
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
