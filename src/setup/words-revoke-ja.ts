/** `hikyaku revoke` の文言。 */
import type { RevokeWords } from './words-revoke-en.ts'

export const revoke: RevokeWords = {
  question: address =>
    `${address} へのアクセス権を取り消しますか？ 再びログインするまで、メールはサーバーに残ります。`,
  nothing: address => `${address} へのアクセス権は保存されていません。`,
  revoked: address => `${address} へのアクセス権を Google で取り消し、このコンピューターからも削除しました。`,
  alreadyEnded: address =>
    `${address} へのアクセス権は Google ですでに無効になっていました。このコンピューターから削除しました。`,
  serviceAccount: address =>
    `${address} にはサービス アカウントで接続しています。アクセス権の取り消しは Google Workspace の管理者が行います。`,
  appPassword: address =>
    `${address} のアプリ パスワードをこのコンピューターから削除しました。Google でも削除してください: https://myaccount.google.com/apppasswords`,
  appPasswordInVariable:
    'GMAIL_APP_PASSWORD またはそのファイルにまだ残っています。そちらも削除してください。',
  inVariable:
    'GOOGLE_REFRESH_TOKEN またはそのファイルにまだ残っています。そちらも削除してください。Google ではすでに無効です。',
  unknown: (given, known) => `アカウント ${given} は登録されていません。登録されているもの: ${known}`,
  mailboxQuestion: mailbox =>
    `メールボックス ${mailbox} のログインを削除しますか？ もう一度ログインするまで、メールは元の場所に残ります。`,
  signedOut: mailbox =>
    `${mailbox} のログインをこのコンピューターから削除しました。Microsoft では、アカウントの「アクセスできるアプリ」のページで取り消すか、すべてのデバイスからサインアウトしてください。`,
  needsYes: '対話できない環境では --yes が必要です',
}
