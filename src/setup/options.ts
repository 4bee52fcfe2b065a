/** The options of `hikyaku setup`: one for each question, by the question's id. Small, because the help needs it. */
import type { Language } from '../base/language.ts'

export interface SetupOption {
  /** The question's id; the option is `--id`. */
  readonly id: string
  /** What stands behind it; undefined: a switch, which means 'yes'. */
  readonly value: string | undefined
  readonly help: Readonly<Record<Language, string>>
}

const option = (id: string, value: string | undefined, en: string, ja: string): SetupOption => ({
  id,
  value,
  help: { en, ja },
})

export const setupOptions: readonly SetupOption[] = [
  option('address', '<address>', 'address of the mailbox', 'メールボックスのアドレス'),
  option('provider', '<id>', 'host of the mailbox, such as xserver', 'サーバー会社（xserver など）'),
  option('protocol', '<imap|pop3>', 'with --host: the protocol', '--host と併用: 受信方式'),
  option(
    'host',
    '<name>',
    'mail server; nothing is looked up then',
    'メールサーバー名（自動検索をしません）',
  ),
  option('port', '<number>', 'with --host: the port', '--host と併用: ポート番号'),
  option('security', '<tls|starttls|none>', 'with --host: encryption', '--host と併用: 暗号化の方式'),
  option('ca-file', '<file>', 'further trusted certificates, PEM', '追加で信頼する証明書（PEM）'),
  option('cert-sha256', '<digest>', 'trust exactly this certificate', 'この証明書だけを信頼する'),
  option('user', '<name>', 'user name at the mail server', 'メールサーバーのユーザー名'),
  option(
    'password-file',
    '<file>',
    'file with the password (or MAIL_PASSWORD)',
    'パスワードのファイル（または MAIL_PASSWORD）',
  ),
  option(
    'folders',
    '<list>',
    'folders as in MAIL_FOLDERS: INBOX,Junk:spam',
    'フォルダー（MAIL_FOLDERS と同じ書式）',
  ),
  option(
    'spam',
    '<spam|label|leave>',
    'what becomes of the host’s spam folder',
    'サーバーの迷惑メールフォルダーの扱い',
  ),
  option(
    'start-from',
    '<all|new|date>',
    'which mail is imported: all, new, 2026-04-01',
    '取り込む範囲: all、new、2026-04-01',
  ),
  option(
    'after-import',
    '<action>',
    'keep, delete, delete-after:14d, move:FOLDER',
    '取り込み後: keep、delete、delete-after:14d、move:フォルダー',
  ),
  option('labels', '<list>', 'labels in Gmail', 'Gmail のラベル'),
  option('archive', undefined, 'not into the inbox', '受信トレイに入れない'),
  option('gmail-account', '<address>', 'Gmail address', 'Gmail アドレス'),
  option(
    'client-file',
    '<file>',
    'downloaded JSON file of the desktop client',
    'ダウンロードしたクライアントの JSON ファイル',
  ),
  option(
    'service-account-file',
    '<file>',
    'Google Workspace: key file of a service account',
    'Google Workspace: サービス アカウントの鍵ファイル',
  ),
  option(
    'refresh-token-file',
    '<file>',
    'a permission made elsewhere: no browser',
    '別の場所で得た許可（ブラウザーを使わない）',
  ),
  option(
    'read',
    undefined,
    'also ask for permission to read mail (look-ups)',
    'メールを読む許可も求める（照合用）',
  ),
  option('mailbox', '<name>', 'setup password: which mailbox', 'setup password: 対象のメールボックス'),
  option('account', '<name>', 'setup google: which account', 'setup google: 対象のアカウント'),
  option('pull', '<yes|no>', 'pull at once', 'すぐに取り込む'),
  option('service', '<install|here|later>', 'what runs from then on', 'その後の動かし方'),
]

/** What commander gives (camelCase) as answers by question id, with the words of the configuration taken apart. */
export function answersOf(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  const answers: Record<string, string> = {}
  for (const { id } of setupOptions) {
    const value = flags[id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    if (value === true) answers[id] = 'yes'
    else if (typeof value === 'string') answers[id] = value.trim()
  }
  const start = answers['start-from']
  if (start !== undefined && /^\d/.test(start)) {
    answers['start-from'] = 'date'
    answers['start-date'] = start
  }
  const [, action, rest] = /^(delete-after|move):(.+)$/u.exec(answers['after-import'] ?? '') ?? []
  if (action !== undefined && rest !== undefined) {
    answers['after-import'] = action
    answers[action === 'move' ? 'move-folder' : 'after-days'] = rest.replace(/^(\d+)d$/, '$1')
  }
  return answers
}
