/** The settings of the whole program, and those that are read before everything else. */
import { googleEndpoints, microsoftLoginRoot } from '../endpoints.ts'
import {
  readBoolean,
  readDnsServers,
  readEndpoint,
  readImapEndpoint,
  readNumber,
  readOneOf,
  readText,
} from '../readers.ts'
import { metricsSettings, pageSettings } from './listeners.ts'
import { optional, secret, type Text, usually } from './setting.ts'

/** How the owner is told. */
export const alertSettings = {
  alertAfterMinutes: usually({
    variable: 'ALERT_AFTER_MINUTES',
    read: readNumber(1, 10_080),
    about: {
      en: 'Minutes that a mailbox may fail before you are told.',
      ja: 'メールボックスの失敗が何分続いたらお知らせするか。',
    },
    usual: 30,
  }),
  alertMail: usually({
    variable: 'ALERT_MAIL',
    read: readBoolean,
    about: {
      en: '`yes`: by a mail in your Gmail inbox.',
      ja: '`yes`: Gmail の受信トレイにメールでお知らせします。',
    },
    usual: true,
  }),
  alertWebhook: secret({
    variable: 'ALERT_WEBHOOK',
    about: {
      en: 'Web address that gets a POST with a short text, such as an ntfy topic.',
      ja: '短い文章を POST する URL（ntfy のトピックなど）。',
    },
    otherwise: { en: 'none', ja: 'なし' },
    example: 'https://ntfy.sh/some-long-secret-topic',
  }),
  alertPing: secret({
    variable: 'ALERT_PING',
    about: {
      en: 'Web address that is called after each good pull, with `/fail` at its end after a bad one, such as a healthchecks.io check.',
      ja: '取り込みに成功するたびに呼び出す URL（healthchecks.io など）。失敗したときは末尾に `/fail` を付けて呼び出します。',
    },
    otherwise: { en: 'none', ja: 'なし' },
    example: 'https://hc-ping.com/00000000-0000-0000-0000-000000000000',
  }),
}

/** What is particular to this computer. */
export const machineSettings = {
  stateDir: optional({
    variable: 'STATE_DIR',
    read: readText,
    path: true,
    about: { en: 'Folder of the journal.', ja: '取り込み記録のフォルダー。' },
    otherwise: {
      en: '`~/.local/state/hikyaku` (Linux, `XDG_STATE_HOME` is obeyed), `~/Library/Application Support/hikyaku` (macOS), `%LOCALAPPDATA%\\hikyaku` (Windows)',
      ja: '`~/.local/state/hikyaku`（Linux。`XDG_STATE_HOME` に従います）、`~/Library/Application Support/hikyaku`（macOS）、`%LOCALAPPDATA%\\hikyaku`（Windows）',
    },
    example: '/var/lib/hikyaku',
  }),
  logLevel: usually({
    variable: 'LOG_LEVEL',
    read: readOneOf(['debug', 'info', 'warn', 'error', 'silent']),
    about: {
      en: '`debug`, `info`, `warn`, `error` or `silent`.',
      ja: '`debug`、`info`、`warn`、`error`、`silent` のいずれか。',
    },
    usual: 'info',
  }),
  logFormat: usually({
    variable: 'LOG_FORMAT',
    read: readOneOf(['text', 'json']),
    about: {
      en: '`text`: one line for people. `json`: one object a line for programs.',
      ja: '`text`: 人が読む 1 行。`json`: プログラム用に 1 行 1 オブジェクト。',
    },
    usual: 'text',
  }),
  ...pageSettings,
  language: optional({
    variable: 'HIKYAKU_LANG',
    read: readOneOf(['en', 'ja']),
    about: { en: '`en` or `ja`.', ja: '`en` か `ja`。' },
    otherwise: {
      en: 'as `LC_ALL`, `LC_MESSAGES` or `LANG` say',
      ja: '`LC_ALL`、`LC_MESSAGES`、`LANG` に従う',
    },
    example: 'ja',
  }),
  dnsServers: usually({
    variable: 'DNS_SERVERS',
    read: readDnsServers,
    about: {
      en: 'DNS servers to ask when authentication results are checked, with commas: `192.0.2.53` or `192.0.2.53:5353`.',
      ja: '送信ドメイン認証の検証で使う DNS サーバー。カンマで区切ります: `192.0.2.53`、`192.0.2.53:5353` など。',
    },
    usual: [],
    otherwise: { en: 'this computer’s own', ja: 'このコンピューターの設定' },
    example: '192.0.2.53',
  }),
  ...metricsSettings,
}

const endpointAbout: Text = {
  en: 'For tests and the sandbox: an address of this computer itself in place of the provider’s.',
  ja: 'テストとサンドボックス専用。提供元の代わりに使う、このコンピューター自身の URL。',
}
const endpoint = (variable: string, usual: string) =>
  usually({ variable, read: readEndpoint, processOnly: true, about: endpointAbout, usual })

export const endpointSettings = {
  gmailApiRoot: endpoint('GMAIL_API_ROOT', googleEndpoints.apiRoot),
  googleAuthUrl: endpoint('GOOGLE_AUTH_URL', googleEndpoints.authUrl),
  googleTokenUrl: endpoint('GOOGLE_TOKEN_URL', googleEndpoints.tokenUrl),
  googleRevokeUrl: endpoint('GOOGLE_REVOKE_URL', googleEndpoints.revokeUrl),
  gmailImapUrl: usually({
    variable: 'GMAIL_IMAP_URL',
    read: readImapEndpoint,
    processOnly: true,
    about: endpointAbout,
    usual: googleEndpoints.imapUrl,
  }),
  microsoftLoginRoot: endpoint('MICROSOFT_LOGIN_ROOT', microsoftLoginRoot),
}

export const programSettings = { ...alertSettings, ...machineSettings, ...endpointSettings }

/** Variables alone: they say where the others are, and where secrets are kept. */
export const startSettings = {
  config: optional({
    variable: 'HIKYAKU_CONFIG',
    read: readText,
    path: true,
    about: {
      en: 'YAML file with several mailboxes, in place of the `MAIL_` and `GMAIL_` settings above.',
      ja: '複数のメールボックスを書いた YAML ファイル。`MAIL_` と `GMAIL_` の設定の代わりになります。',
    },
    otherwise: {
      en: '`hikyaku/config.yaml` in the platform’s configuration folder, where there is one',
      ja: '設定フォルダーの `hikyaku/config.yaml`（あれば）',
    },
    example: '/etc/hikyaku/config.yaml',
  }),
  vault: usually({
    variable: 'HIKYAKU_VAULT',
    read: readOneOf(['auto', 'keychain', 'sealed-file', 'environment'], 'exactly'),
    about: {
      en: 'Where `hikyaku setup` keeps secrets: `auto`, `keychain`, `sealed-file` or `environment` (nowhere: they are given as variables).',
      ja: '`hikyaku setup` がパスワードなどを保存する場所: `auto`、`keychain`、`sealed-file`、`environment`（保存せず、変数で渡します）。',
    },
    usual: 'auto',
  }),
  key: secret({
    variable: 'HIKYAKU_KEY',
    about: {
      en: 'Key of the sealed file, where it is not to lie beside it; `openssl rand -base64 32` makes one.',
      ja: '暗号化ファイルの鍵。鍵をファイルと別に置きたいときに指定します。`openssl rand -base64 32` で作れます。',
    },
    otherwise: {
      en: 'a key file of mode 0600 in `STATE_DIR`',
      ja: '`STATE_DIR` の鍵ファイル（モード 0600）',
    },
    example: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  }),
}
