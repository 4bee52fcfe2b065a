/** The settings of a mailbox, in the order of .env.example. */
import { readAfterImport, readFolders, readLabels, readStartFrom } from '../mail-readers.ts'
import { readBoolean, readHost, readOneOf, readPort, readSchedule, readSha256, readText } from '../readers.ts'
import { readRules } from '../rule-readers.ts'
import { writeAfterImport, writeFolders, writeStartFrom } from '../writers.ts'
import { authenticationSettings } from './authentication.ts'
import { oauthSettings } from './oauth.ts'
import { needed, optional, secret, usually, usuallyFor } from './setting.ts'

type Protocol = 'imap' | 'pop3'
export type MailSecurity = 'tls' | 'starttls' | 'none'

const ports = {
  imap: { tls: 993, starttls: 143, none: 143 },
  pop3: { tls: 995, starttls: 110, none: 110 },
} as const

const schedules = { imap: '*/5 * * * *', pop3: '* * * * *' } as const

/** Where mail is pulled from. */
export const sourceSettings = {
  name: optional({
    read: readText,
    about: {
      en: 'The journal knows the mailbox by it, so keep it.',
      ja: '取り込み記録でメールボックスを見分ける名前です。一度決めたら変えないでください。',
    },
    otherwise: {
      en: '`user`, with `@host` where it has no `@`',
      ja: '`user` の値（`@` がなければ `@host` を付けたもの）',
    },
    example: 'shop',
  }),
  account: optional({
    read: readText,
    about: {
      en: 'The `name` of the Gmail account that the mail goes to.',
      ja: 'メールを入れる Gmail アカウントの `name` です。',
    },
    otherwise: { en: 'the account, where there is one only', ja: 'アカウントが 1 つなら、そのアカウント' },
    example: 'owner@gmail.com',
  }),
  protocol: needed({
    variable: 'MAIL_PROTOCOL',
    read: readOneOf(['imap', 'pop3']),
    about: {
      en: '`imap` or `pop3`. IMAP brings new mail within a second or so and reaches the spam folder; POP3 looks every minute. Use what your hosting company offers, IMAP where it offers both.',
      ja: '`imap` か `pop3`。IMAP なら新着が 1 秒ほどで届き、迷惑メールフォルダにも届きます。POP3 は 1 分ごとに確認します。両方使えるときは IMAP をおすすめします。',
    },
    example: 'imap',
  }),
  host: needed({
    variable: 'MAIL_HOST',
    read: readHost,
    about: {
      en: 'The server’s name, from the mail settings page of your hosting company.',
      ja: '受信メールサーバーの名前。ご契約先の「メール設定」のページに書かれています。',
    },
    example: 'mail.example.jp',
  }),
  port: usuallyFor({
    variable: 'MAIL_PORT',
    read: readPort,
    about: { en: 'The server’s port.', ja: 'サーバーのポート番号。' },
    usualFor: ({ protocol, security }: { protocol: Protocol; security: MailSecurity }): number =>
      ports[protocol][security],
    otherwise: {
      en: '993 (imap, tls), 143 (imap, starttls), 995 (pop3, tls), 110 (pop3, starttls)',
      ja: '993（imap, tls）、143（imap, starttls）、995（pop3, tls）、110（pop3, starttls）',
    },
    example: '993',
  }),
  idlePort: optional({
    variable: 'MAIL_IDLE_PORT',
    read: readPort,
    about: {
      en: 'With `pop3`: the port of IMAP on the same host. hikyaku logs in there too, with the same name, password and security, only to hear of new mail (IDLE), and brings it by POP3 at once. Where that fails POP3 looks on schedule as ever. IMAP needs none.',
      ja: '`pop3` のとき、同じサーバーの IMAP のポート。同じユーザー名・パスワード・暗号化でログインし、新着の通知（IDLE）だけを受け取って、すぐに POP3 で取り込みます。通知を受け取れないときも、POP3 の定期的な確認は続きます。IMAP では不要です。',
    },
    otherwise: { en: 'POP3 alone', ja: 'POP3 だけを使います' },
    example: '993',
  }),
  security: usually({
    variable: 'MAIL_SECURITY',
    read: readOneOf(['tls', 'starttls', 'none'] satisfies MailSecurity[]),
    about: {
      en: '`tls`: encrypted from the first octet. `starttls`: encryption is asked for after connecting, and nothing is sent where it is refused. `none`: only for a server on this computer itself.',
      ja: '`tls`: 最初から暗号化します。`starttls`: 接続してから暗号化を求め、断られたら何も送りません。`none`: このコンピューター自身のサーバーに限ります。',
    },
    usual: 'tls',
  }),
  caFile: optional({
    variable: 'MAIL_CA_FILE',
    read: readText,
    path: true,
    about: {
      en: 'PEM file with further certificate authorities to trust, for a server of your own.',
      ja: 'ご自分のサーバー用に、追加で信頼する認証局の PEM ファイル。',
    },
    example: '/etc/ssl/my-ca.pem',
  }),
  certSha256: optional({
    variable: 'MAIL_CERT_SHA256',
    read: readSha256,
    about: {
      en: 'SHA-256 fingerprint of the one certificate to trust, for a server whose certificate does not fit its name. `hikyaku doctor` shows it; make sure that it is the right server.',
      ja: '証明書の名前が合わないサーバー用に、信頼する証明書の SHA-256 フィンガープリント。`hikyaku doctor` で表示できます。本物のサーバーであることを確かめてください。',
    },
    example:
      '00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF',
  }),
  provider: optional({
    variable: 'MAIL_PROVIDER',
    read: readText,
    about: {
      en: 'Which host it is, by its id in docs/providers.md, where the server’s own name does not tell. Some hosts take only so many logins an hour from one address, all mailboxes together: hikyaku then keeps to that.',
      ja: 'サーバー名からサービスを判別できないときの、サービスの ID（docs/providers.ja.md にあります）。同じ接続元からのログイン回数を、全メールボックスの合計で制限しているサービスがあり、その回数を守ります。',
    },
    example: 'hostgator',
  }),
  user: needed({
    variable: 'MAIL_USER',
    read: readText,
    about: {
      en: 'The name to log in with: often the full address, with some companies only a part of it.',
      ja: 'ログイン用のユーザー名。多くはメールアドレス全体で、その一部だけの会社もあります。',
    },
    example: 'shop@example.jp',
  }),
  password: secret({
    variable: 'MAIL_PASSWORD',
    about: { en: 'The mailbox’s password.', ja: 'メールボックスのパスワード。' },
    example: "'the mailbox password'",
  }),
  ...oauthSettings,
  folders: usually({
    variable: 'MAIL_FOLDERS',
    read: readFolders,
    about: {
      en: 'Folders to pull, with commas between them (IMAP; POP3 has the inbox only). After a name may follow',
      ja: '取り込むフォルダー。カンマで区切ります（IMAP のみ。POP3 は受信トレイだけです）。名前の後ろに次の指定を付けられます。',
    },
    choices: [
      {
        value: ':inbox',
        about: { en: 'into Gmail’s inbox (the default)', ja: 'Gmail の受信トレイへ（初期値）' },
      },
      { value: ':spam', about: { en: 'into Gmail’s spam folder', ja: 'Gmail の迷惑メールへ' } },
      {
        value: ':label',
        about: {
          en: 'not into the inbox, only under the labels',
          ja: '受信トレイには入れず、ラベルだけを付ける',
        },
      },
      {
        value: ':label=Name',
        about: {
          en: 'under this label; without `:inbox` or `:spam` it stays out of the inbox',
          ja: 'このラベルを付ける。`:inbox` か `:spam` がなければ受信トレイには入れない',
        },
      },
      {
        value: ':sent',
        about: {
          en: 'mail that you sent: read, never in the inbox, under its label (`Sent mail` where none is named; Gmail’s own takes no import), and left at the source whatever `AFTER_IMPORT` says',
          ja: '自分が送ったメール。既読にして受信トレイには入れず、ラベルを付けます（指定がなければ `Sent mail`。Gmail の「送信済み」には取り込めません）。`AFTER_IMPORT` の設定にかかわらず、サーバーに残します',
        },
      },
    ],
    more: {
      en: 'A name with a comma, colon or quotation mark stands in quotation marks, the whole then in single ones: `MAIL_FOLDERS=\'INBOX,Junk:spam,Orders:label=Orders,"Work: 2026":inbox:label=Work\'`. In YAML the same text, or a list of such names or of `{ name, to, labels }` with `to` one of `inbox`, `spam`, `label`, `sent`. In the place of a name may stand what the folder is for, where the server tells that (RFC 6154), whatever it is called there: `\\Sent`, `\\Junk`, `\\All`, `\\Archive`, `\\Flagged`, `\\Trash`, `\\Drafts`.',
      ja: 'カンマ、コロン、引用符を含む名前は引用符で囲み、全体を一重引用符で囲みます: `MAIL_FOLDERS=\'INBOX,Junk:spam,注文:label=注文,"Work: 2026":inbox:label=Work\'`。YAML では同じ文字列のほか、名前のリストや `{ name, to, labels }`（`to` は `inbox`、`spam`、`label`、`sent`）のリストでも書けます。サーバーが用途を示す場合（RFC 6154）は、名前の代わりに用途を書けば、名前が何であっても見つかります: `\\Sent`、`\\Junk`、`\\All`、`\\Archive`、`\\Flagged`、`\\Trash`、`\\Drafts`。',
    },
    usual: [{ name: 'INBOX', to: 'inbox', labels: [] }],
    write: writeFolders,
  }),
}

/** How its mail looks in Gmail. */
export const appearanceSettings = {
  labels: usually({
    variable: 'GMAIL_LABELS',
    read: readLabels,
    about: {
      en: 'Labels for every message, with commas between them; made where they are missing. One that Gmail refuses is left off and told; the mail comes without it.',
      ja: 'すべてのメールに付けるラベル。カンマで区切ります。なければ作ります。Gmail が受け付けないラベルは付けずにお知らせし、メールはそのまま取り込みます。',
    },
    usual: [],
    otherwise: { en: 'none', ja: 'なし' },
    example: 'shop@example.jp',
  }),
  keepSubjects: usually({
    variable: 'KEEP_SUBJECTS',
    read: readBoolean,
    about: {
      en: '`no`: From and Subject are neither read nor kept: messages that are set aside are told by Message-ID, and the page shows none.',
      ja: '`no`: 差出人と件名を読み取らず、保存もしません。要確認になったメールは Message-ID だけでお知らせし、ページにも表示しません。',
    },
    usual: true,
  }),
  archive: usually({
    variable: 'GMAIL_ARCHIVE',
    read: readBoolean,
    about: {
      en: '`yes`: not into the inbox, only under the labels (Gmail’s own fetch called it “archive incoming”).',
      ja: '`yes`: 受信トレイには入れず、ラベルだけを付けます（Gmail の「受信メールをアーカイブする」と同じです）。',
    },
    usual: false,
  }),
  neverMarkSpam: usually({
    variable: 'GMAIL_NEVER_MARK_SPAM',
    read: readBoolean,
    about: {
      en: '`yes`: ask Gmail not to put this mail into spam. Gmail takes it as a strong wish, not as an order.',
      ja: '`yes`: 迷惑メールに入れないよう Gmail に求めます。必ず従うとは限りません。',
    },
    usual: false,
  }),
  processForCalendar: usually({
    variable: 'GMAIL_PROCESS_FOR_CALENDAR',
    read: readBoolean,
    about: {
      en: '`yes`: invitations go into Google Calendar.',
      ja: '`yes`: 招待メールの予定を Google カレンダーに入れます。',
    },
    usual: false,
  }),
  rules: usually({
    read: readRules,
    about: {
      en: 'What is to become of mail by its recipient, sender, list, folder, flags or size: labels, archive, star, another Gmail account, or not to be imported. docs/rules.md describes them; `hikyaku rules test FILE.eml` tries them.',
      ja: '宛先、差出人、メーリングリスト、フォルダー、フラグ、大きさに応じて、ラベル、アーカイブ、スター、別の Gmail アカウント、取り込まない、などを決めます。書き方は docs/rules.ja.md にあります。`hikyaku rules test ファイル.eml` で試せます。',
    },
    usual: [],
    otherwise: { en: 'none', ja: 'なし' },
    example: '[{ recipient: info@example.jp, labels: Info }]',
    write: rules => String(rules.length),
  }),
  internalDateSource: usually({
    variable: 'GMAIL_INTERNAL_DATE_SOURCE',
    read: readOneOf(['dateHeader', 'receivedTime']),
    about: {
      en: '`dateHeader`: Gmail sorts by the date that the sender wrote. `receivedTime`: by the time of the import.',
      ja: '`dateHeader`: 送信者が書いた日時の順に並べます。`receivedTime`: 取り込んだ時刻の順に並べます。',
    },
    usual: 'dateHeader',
  }),
}

/** What happens when. */
export const timingSettings = {
  afterImport: usually({
    variable: 'AFTER_IMPORT',
    read: readAfterImport,
    about: {
      en: 'What is done at the source once Gmail has the message, and never before:',
      ja: 'Gmail に入ったことを確かめてから、元のメールボックスで行うこと:',
    },
    choices: [
      { value: 'keep', about: { en: 'nothing', ja: '何もしない' } },
      { value: 'delete', about: { en: 'delete it', ja: '削除する' } },
      {
        value: 'delete-after:14d',
        about: { en: 'delete it 14 days later (m, h, d, w)', ja: '14 日後に削除する（単位は m、h、d、w）' },
      },
      {
        value: 'move:FOLDER',
        about: {
          en: 'move it into this folder (IMAP); where the host wants names to begin with `INBOX.` or the like, the folder is made there',
          ja: 'このフォルダーに移動する（IMAP）。名前を `INBOX.` などで始める必要のあるサーバーでは、そこに作ります',
        },
      },
    ],
    more: {
      en: 'What the host refuses of this is told by `hikyaku status` and tried again after hours; mail goes on meanwhile.',
      ja: 'サーバーに断られたときは `hikyaku status` でお知らせし、数時間後にもう一度試します。その間もメールの取り込みは続きます。',
    },
    usual: { do: 'keep' },
    write: writeAfterImport,
  }),
  startFrom: usually({
    variable: 'START_FROM',
    read: readStartFrom,
    about: {
      en: '`all`: everything that is in the mailbox. `new`: only what arrives from now on. `2026-04-01`: what arrived on that day, by this computer’s clock, or later. Moved back, it also takes in what was left as older before (`hikyaku pull --dry-run` says how many); moved forward, it changes nothing for what came.',
      ja: '`all`: メールボックスにあるものすべて。`new`: これから届くものだけ。`2026-04-01`: その日（このコンピューターの時計による）以降に届いたもの。前の日付や `all` に変えると、それまで取り込まずに残していたメールも取り込みます（件数は `hikyaku pull --dry-run` でわかります）。後ろの日付に変えても、取り込んだメールはそのままです。',
    },
    usual: { from: 'all' },
    write: writeStartFrom,
  }),
  schedule: usuallyFor({
    variable: 'SCHEDULE',
    read: readSchedule,
    about: {
      en: 'When to look, as a cron expression: minute, hour, day, month, weekday; with 6 fields seconds first. Without seconds each mailbox has a moment of its own in that minute, or in the five of `*/5`, so that many do not come at once. Some hosting companies block who logs in more often than 30 to 60 times an hour.',
      ja: '確認する時刻。cron 形式（分、時、日、月、曜日。6 項目のときは先頭が秒）です。秒を指定しなければ、その 1 分間（`*/5` なら 5 分間）の中でメールボックスごとに決まった時点に確認するので、多くのメールボックスが一度に重なりません。1 時間に 30〜60 回を超えるログインを止める会社もあります。',
    },
    usualFor: ({ protocol }: { protocol: Protocol }): string => schedules[protocol],
    otherwise: {
      en: 'every 5 minutes for IMAP, behind its instant news; every minute for POP3',
      ja: 'IMAP は 5 分ごと（新着はこれとは別にすぐ届きます）、POP3 は 1 分ごと',
    },
    example: "'*/5 * * * *'",
  }),
  whenOutcomeUnknown: usually({
    variable: 'WHEN_OUTCOME_UNKNOWN',
    read: readOneOf(['repeat', 'ask']),
    about: {
      en: 'A message without Message-ID whose import broke off before Gmail’s answer: `repeat` (Gmail may then have it twice, and you are told) or `ask` (it waits for `hikyaku retry`).',
      ja: 'Message-ID のないメールの取り込みが、Gmail の応答の前に途切れたとき: `repeat`（もう一度取り込みます。2 通になることがあり、そのときはお知らせします）か `ask`（`hikyaku retry` まで待ちます）。',
    },
    usual: 'repeat',
  }),
  whenRefused: usually({
    variable: 'WHEN_REFUSED',
    read: readOneOf(['keep', 'insert']),
    about: {
      en: 'What Gmail’s import refuses: `keep` (it stays at the source, and you are told) or `insert` (it is put into Gmail by the laxer way, without spam scan and threads).',
      ja: 'Gmail の取り込み（import）に断られたメール: `keep`（元のメールボックスに残してお知らせします）か `insert`（迷惑メール判定もスレッドもない、Gmail の検査を通さない方法で Gmail に入れます）。',
    },
    usual: 'keep',
  }),
}

export const mailboxSettings = {
  ...sourceSettings,
  ...appearanceSettings,
  ...timingSettings,
  ...authenticationSettings,
}
