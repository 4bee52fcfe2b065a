/** The settings of a Gmail account. */
import { readAccount, readEmail, readNumber, readOneOf, readText } from '../readers.ts'
import { optional, secret, usually } from './setting.ts'

export const accountSettings = {
  name: optional({
    read: readText,
    about: {
      en: 'What `account` of a mailbox refers to.',
      ja: 'メールボックスの `account` に書く名前です。',
    },
    otherwise: { en: 'the address', ja: 'アドレス' },
    example: 'owner',
  }),
  address: usually({
    variable: 'GMAIL_ACCOUNT',
    read: readAccount,
    about: {
      en: 'The account’s main Gmail address. `me`: whoever signed in. Another account’s sign-in imports nothing.',
      ja: 'アカウントの主な Gmail アドレス。`me`: ログインした人。別のアカウントでログインしたときは何も取り込みません。',
    },
    usual: 'me',
  }),
  way: usually({
    variable: 'GMAIL_WAY',
    read: readOneOf(['import', 'append']),
    about: {
      en: 'How mail goes into Gmail.',
      ja: 'Gmail に入れる方法。',
    },
    choices: [
      {
        value: 'import',
        about: {
          en: 'by Gmail’s API, as mail that arrives: with spam scan and categories; needs a Google project of your own.',
          ja: 'Gmail の API で、届いたメールとして入れます（迷惑メールの判定と分類あり）。自分の Google プロジェクトが必要です。',
        },
      },
      {
        value: 'append',
        about: {
          en: 'by IMAP with an app password: no project, no scan (docs/app-password.md).',
          ja: 'アプリ パスワードを使い IMAP で入れます。プロジェクトは不要で、判定はありません（docs/app-password.ja.md）。',
        },
      },
    ],
    usual: 'import',
  }),
  appPassword: secret({
    variable: 'GMAIL_APP_PASSWORD',
    about: {
      en: 'With `GMAIL_WAY=append`: the 16 letters from https://myaccount.google.com/apppasswords, blanks or not. `GMAIL_ACCOUNT` then names the address.',
      ja: '`GMAIL_WAY=append` のとき: https://myaccount.google.com/apppasswords の 16 文字（空白はあってもなくても構いません）。このとき `GMAIL_ACCOUNT` にアドレスを書きます。',
    },
    example: 'abcd efgh ijkl mnop',
  }),
  clientId: optional({
    variable: 'GOOGLE_CLIENT_ID',
    read: readText,
    about: {
      en: 'From the “Desktop app” client in your Google Cloud project; `hikyaku setup` shows the way.',
      ja: 'Google Cloud プロジェクトの「デスクトップ アプリ」クライアントの ID。`hikyaku setup` が手順を案内します。',
    },
    example: '1234567890-abc.apps.googleusercontent.com',
  }),
  clientSecret: secret({
    variable: 'GOOGLE_CLIENT_SECRET',
    about: { en: 'The secret of that client.', ja: 'そのクライアントのシークレット。' },
    example: 'GOCSPX-example',
  }),
  refreshToken: secret({
    variable: 'GOOGLE_REFRESH_TOKEN',
    about: {
      en: '`hikyaku setup` gets it from Google when you sign in.',
      ja: 'ログインすると `hikyaku setup` が Google から受け取ります。',
    },
    example: '1//example',
  }),
  serviceAccountFile: optional({
    variable: 'GOOGLE_SERVICE_ACCOUNT_FILE',
    read: readText,
    path: true,
    about: {
      en: 'Google Workspace only, in place of the three above: the JSON key of a service account with domain-wide delegation. `GMAIL_ACCOUNT` then names the address.',
      ja: 'Google Workspace 専用。上の 3 つの代わりに、ドメイン全体の委任を設定したサービス アカウントの JSON キーを指定します。このとき `GMAIL_ACCOUNT` にアドレスを書きます。',
    },
    example: '/etc/hikyaku/service-account.json',
  }),
  serviceAccount: optional({
    read: readEmail,
    about: {
      en: 'In a fleet alone, in place of the file: the address of a service account whose key the directory keeps sealed.',
      ja: 'フリートでのみ使います。ファイルの代わりに、ディレクトリに暗号化して保管した鍵の、サービス アカウントのアドレス。',
    },
    example: 'hikyaku@my-project.iam.gserviceaccount.com',
  }),
  unitsPerMinute: usually({
    variable: 'GMAIL_UNITS_PER_MINUTE',
    read: readNumber(25, 1_200_000),
    about: {
      en: 'Gmail’s allowance: quota units a minute (an import costs 25). Google gives older projects 15000.',
      ja: 'Gmail の利用枠（1 分あたりの割り当て単位。取り込み 1 通で 25）。古いプロジェクトでは 15000 です。',
    },
    usual: 6000,
  }),
  importsInFlight: usually({
    variable: 'GMAIL_IMPORTS_IN_FLIGHT',
    read: readNumber(1, 3),
    about: {
      en: 'Imports at the same time, 1 to 3. A small message does not wait for large or slow ones beside it.',
      ja: '同時に取り込む数（1〜3）。小さなメールは、大きなメールや時間のかかる取り込みを待ちません。',
    },
    usual: 2,
  }),
}
