/** The settings of a mailbox that is logged in to with access tokens in the place of a password. */
import { readOneOf, readScopes, readTenant, readText, readTokenUrl } from '../readers.ts'
import { optional, secret, usually } from './setting.ts'

export const oauthSettings = {
  auth: usually({
    variable: 'MAIL_AUTH',
    read: readOneOf(['password', 'oauth']),
    about: {
      en: '`oauth`: you sign in at the provider once (Microsoft takes nothing else: docs/microsoft.md), and hikyaku logs in with the tokens that it gives. The `MAIL_OAUTH_` settings below are for it.',
      ja: '`oauth`: 提供元のサイトで一度ログインし、受け取ったトークンを使います（Microsoft はこの方法だけです: docs/microsoft.ja.md）。以下の `MAIL_OAUTH_` の設定はこのためのものです。',
    },
    usual: 'password',
  }),
  oauthProvider: usually({
    variable: 'MAIL_OAUTH_PROVIDER',
    read: readOneOf(['microsoft', 'google', 'openid']),
    about: {
      en: 'Where you sign in: `microsoft`, `google` (Gmail or Google Workspace as the source), or `openid`: another one, whose addresses stand in the YAML file.',
      ja: 'ログインする先。`microsoft`、`google`（Gmail や Google Workspace から取り込むとき）、`openid`（そのほか。URL を YAML ファイルに書きます）。',
    },
    usual: 'microsoft',
  }),
  oauthTenant: usually({
    variable: 'MAIL_OAUTH_TENANT',
    read: readTenant,
    about: {
      en: 'Microsoft: the tenant’s ID or domain; or `consumers` (personal accounts), `organizations` (work and school), `common` (both).',
      ja: 'Microsoft のテナントの ID かドメイン。または `consumers`（個人アカウント）、`organizations`（職場・学校）、`common`（両方）。',
    },
    usual: 'common',
  }),
  oauthClientId: optional({
    variable: 'MAIL_OAUTH_CLIENT_ID',
    read: readText,
    about: {
      en: 'The client ID of your own app registration.',
      ja: 'ご自分で登録したアプリのクライアント ID。',
    },
    example: '00000000-0000-0000-0000-000000000000',
  }),
  oauthClientSecret: secret({
    variable: 'MAIL_OAUTH_CLIENT_SECRET',
    about: {
      en: 'The client secret, where the app has one: Google’s has, a public client at Microsoft has none.',
      ja: 'クライアント シークレット。アプリにあるときだけ指定します（Google にはあり、Microsoft のパブリック クライアントにはありません）。',
    },
    otherwise: { en: 'none', ja: 'なし' },
    example: 'the-value-of-the-client-secret',
  }),
  oauthCertificateFile: optional({
    variable: 'MAIL_OAUTH_CERTIFICATE_FILE',
    read: readText,
    path: true,
    about: {
      en: 'In place of the secret: PEM file with the private key (RSA) and the certificate that you uploaded in the app registration.',
      ja: 'シークレットの代わりに使う PEM ファイル。秘密鍵（RSA）と、アプリの登録にアップロードした証明書を入れます。',
    },
    example: '/etc/hikyaku/app.pem',
  }),
  oauthGrant: usually({
    variable: 'MAIL_OAUTH_GRANT',
    read: readOneOf(['user', 'app']),
    about: {
      en: '`user`: somebody signs in once. `app`: nobody does; the app itself may read mailboxes that an administrator names (Microsoft: IMAP.AccessAsApp, a tenant of your own, secret or certificate).',
      ja: '`user`: だれかが一度ログインします。`app`: ログインせず、管理者が指定したメールボックスをアプリ自身が読みます（Microsoft の IMAP.AccessAsApp。自組織のテナントと、シークレットか証明書が必要です）。',
    },
    usual: 'user',
  }),
  oauthRefreshToken: secret({
    variable: 'MAIL_OAUTH_REFRESH_TOKEN',
    about: {
      en: '`hikyaku setup` gets it when you sign in. The provider replaces it as it is used; the new one is kept where `HIKYAKU_VAULT` says.',
      ja: 'ログインすると `hikyaku setup` が受け取ります。使うたびに新しいものに替わり、`HIKYAKU_VAULT` の場所に保存します。',
    },
    example: 'the-refresh-token',
  }),
  oauthServiceAccountFile: optional({
    variable: 'MAIL_OAUTH_SERVICE_ACCOUNT_FILE',
    read: readText,
    path: true,
    about: {
      en: 'Google Workspace as the source: the JSON key of a service account with domain-wide delegation for `https://mail.google.com/`, in place of client ID, secret and sign-in. `MAIL_USER` is whose mailbox it is.',
      ja: 'Google Workspace から取り込むとき、クライアント ID・シークレット・ログインの代わりに使う、`https://mail.google.com/` をドメイン全体に委任したサービス アカウントの JSON キー。`MAIL_USER` がメールボックスの持ち主です。',
    },
    example: '/etc/hikyaku/mail-account.json',
  }),
  oauthTokenUrl: optional({
    read: readTokenUrl,
    about: {
      en: 'Of `openid`: the token endpoint.',
      ja: '`openid` のときのトークン エンドポイント。',
    },
    example: 'https://login.example.com/oauth2/token',
  }),
  oauthDeviceUrl: optional({
    read: readTokenUrl,
    about: {
      en: 'Of `openid`: the device authorization endpoint (RFC 8628), for a sign-in by code.',
      ja: '`openid` のときのデバイス認可エンドポイント（RFC 8628）。コードでログインするときに使います。',
    },
    example: 'https://login.example.com/oauth2/device',
  }),
  oauthAuthUrl: optional({
    read: readTokenUrl,
    about: {
      en: 'Of `openid`: the authorization endpoint, for a sign-in in a browser of this computer.',
      ja: '`openid` のときの認可エンドポイント。このコンピューターのブラウザーでログインするときに使います。',
    },
    example: 'https://login.example.com/oauth2/authorize',
  }),
  oauthScope: optional({
    read: readScopes,
    about: {
      en: 'Of `openid`: the scopes that are asked for, with blanks between them.',
      ja: '`openid` のときに要求するスコープ。空白で区切ります。',
    },
    example: 'mail offline_access',
  }),
}
