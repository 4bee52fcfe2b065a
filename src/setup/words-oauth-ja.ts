/** パスワードを使えないメールボックスへのログイン（日本語）。 */
import type { OAuthWords } from './words-oauth-en.ts'

export const oauth: OAuthWords = {
  which: 'どの方法でログインしますか？',
  bySignIn: name => `${name} のサイトでログインする`,
  byPassword: 'パスワードを使う',
  register: {
    microsoft: [
      'Microsoft ではパスワードを使えません。ご自分で登録したアプリ（無料）を通して、一度だけログインします。手順は docs/microsoft.ja.md にあります。',
      '1. https://entra.microsoft.com の「アプリの登録」→「新規登録」。名前: hikyaku。アカウントの種類: メールボックスに合わせます（個人、または自組織）。リダイレクト URI: 「モバイルとデスクトップ」の http://localhost',
      '2. 「認証」で「パブリック クライアント フローを許可する」を「はい」にします。',
      '3. 「API permissions」で Microsoft Graph の「委任」から IMAP.AccessAsUser.All（または POP.AccessAsUser.All）と offline_access を追加します。',
      '4. メールボックスで IMAP（または POP）を有効にします。個人アカウントでは outlook.com の設定で、組織では管理者が行います。',
      '最後に「概要」ページの「クライアント ID」をコピーしてください。',
    ].join('\n'),
    google: [
      'Google Cloud プロジェクトのご自分のクライアントを通して、一度だけログインします（Gmail に取り込むためのものと同じプロジェクトで構いません）。種類は「デスクトップ アプリ」、「データアクセス」のスコープは https://mail.google.com/ です。',
      'クライアント ID とクライアント シークレットをコピーしてください。',
    ].join('\n'),
  },
  clientId: 'アプリのクライアント ID',
  clientIdWrong: 'クライアント ID ではありません。途中に空白は入りません。',
  clientSecret: 'アプリのクライアント シークレット（表示されません）',
  tenant: 'テナントの ID かドメイン。または consumers（個人アカウント）、organizations、common',
  tenantWrong:
    'テナントの ID かドメイン、または consumers、organizations、common のいずれかを入力してください。',
  how: 'どうやってログインしますか？',
  ways: {
    browser:
      'このコンピューターのブラウザーで（ほかのコンピューターで開いて、アドレスを貼り付けてもかまいません）',
    code: 'コードを入力して（スマートフォンなど、どのブラウザーでも使えます）',
    app: 'ログインしない: 管理者がアプリにメールボックスを読ませる（クライアント シークレットが必要）',
  },
  code: (url, span) =>
    `次のアドレスをブラウザーで開いてコードを入力し、メールボックスの持ち主としてログインしてください。コードは ${span}使えます。\n${url}`,
  waiting: name => `${name} の応答を待っています…（Ctrl-C で中断）`,
  opened: 'ブラウザーでページを開きました。表示されないときは、上のリンクを開いてください。',
  notOpened: port =>
    [
      '上のリンクを、どれかのコンピューターのブラウザーで開いてください。最後に「localhost に接続できない」という画面になれば正常です。そのアドレス欄のアドレスをすべてコピーしてください。',
      `（SSH で接続している場合は、リンクを開く前に ssh -L ${port}:127.0.0.1:${port} でこのコンピューターにつなぐと、自動で戻ります。）`,
    ].join('\n'),
  paste: 'ブラウザーを待っています。開けないページで終わったときは、そのアドレスを貼り付けてください',
  pasteHere: 'ブラウザーが最後に表示したアドレスを貼り付けてください（http://localhost:…）',
  signedIn: name => `${name} にログインしました。`,
  noLastingToken: name =>
    `${name} からリフレッシュ トークンを受け取れなかったため、1 時間で使えなくなります。アプリのアクセス権に offline_access があるか確認してください。`,
  keep: 'いまのログインをそのまま使いますか？',
  keepYes: 'はい',
  keepNo: 'いいえ、ログインし直す',
  refusedHint: user =>
    `ログインはできましたが、メールサーバーが ${user} への接続を断りました。別のアカウントでログインしたか、メールボックスの IMAP（POP）が無効か、アプリの登録にアクセス権が足りません。`,
  whatNow: 'どうしますか？',
  again: 'もう一度ログインする',
  otherApp: 'クライアント ID やテナントを変える',
  saved: (mailbox, kind) => `${mailbox} のログインを保存しました（${kind}）。`,
}
