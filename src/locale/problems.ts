/** What is wrong with a setting, one line each: the name, what was expected, what was given, how to mend it. */

import type { Language } from '../base/language.ts'
import type { Expected, Problem } from '../base/problem.ts'
import { printable } from '../base/untrusted.ts'
import { reasonText } from './reasons.ts'

type Text = readonly [en: string, ja: string]

const expected: Readonly<Record<Expected, Text>> = {
  boolean: ['must be yes or no', 'は yes か no で指定してください'],
  host: [
    'must be a server name such as mail.example.jp, without http:// and without a port',
    'は mail.example.jp のようなサーバー名で指定してください（http:// やポート番号は不要です）',
  ],
  port: ['must be a port number from 1 to 65535', 'は 1 から 65535 までのポート番号で指定してください'],
  email: [
    'must be an e-mail address such as shop@example.jp',
    'は shop@example.jp のようなメールアドレスで指定してください',
  ],
  url: [
    'must be an address that begins with https:// (http:// only for this computer itself)',
    'は https:// で始まる URL で指定してください（このコンピューター自身に限り http:// も使えます）',
  ],
  'web-url': [
    'must be an address that begins with https:// or http://',
    'は https:// または http:// で始まる URL で指定してください',
  ],
  'dns-servers': [
    'must be IP addresses with commas, each with a port where it is not 53',
    'は IP アドレス（53 以外のポートのときはポート番号も）をカンマ区切りで指定してください',
  ],
  sha256: [
    'must be a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed',
    'は SHA-256 フィンガープリント（16 進数 64 桁、コロン区切りも可）で指定してください',
  ],
  'after-import': [
    'must be keep, delete, delete-after:14d (a number and h, d or w) or move:FOLDER',
    'は keep、delete、delete-after:14d（数字と h・d・w）、move:フォルダー名 のいずれかで指定してください',
  ],
  'start-from': [
    'must be all, new or a date such as 2026-04-01',
    'は all、new、または 2026-04-01 のような日付で指定してください',
  ],
  schedule: [
    'must be a cron expression of 5 or 6 fields, such as "*/5 * * * *" for every 5 minutes',
    'は cron 形式（5 項目か 6 項目）で指定してください。5 分ごとなら "*/5 * * * *" です',
  ],
  folders: [
    'must be folder names with commas between them, such as INBOX,Junk:spam,Orders:label=Orders; a name with a comma, colon or quotation mark stands in quotation marks',
    'は INBOX,Junk:spam,Orders:label=注文 のように、フォルダー名をカンマで区切って指定してください。カンマ、コロン、引用符を含む名前は引用符で囲みます',
  ],
  text: [
    'must be text; digits alone stand in quotation marks',
    'は文字列で指定してください。数字だけの場合は引用符で囲みます',
  ],
  list: ['must be a list', 'はリストで指定してください'],
  mapping: ['must be names with values', 'は「名前: 値」の形で指定してください'],
  language: ['must be en or ja', 'は en か ja で指定してください'],
  label: [
    'must be Gmail label names with commas between them, each at most 225 characters; DRAFT, SENT and CHAT are Gmail’s own',
    'は Gmail のラベル名（225 文字以内）をカンマで区切って指定してください。DRAFT、SENT、CHAT は使えません',
  ],
}

function sentence(p: Problem): Text {
  switch (p.kind) {
    case 'missing':
      return [`is missing. Example: ${p.example}`, ` が設定されていません。例: ${p.example}`]
    case 'missing-secret':
      return [
        `is missing. Set it (or ${p.variable}_FILE with the path of a file that holds it), or run \`hikyaku setup\` to store it as ${p.vaultName}`,
        ` が設定されていません。直接設定するか、内容を書いたファイルのパスを ${p.variable}_FILE に設定するか、\`hikyaku setup\` で登録してください（保存名: ${p.vaultName}）`,
      ]
    case 'expected':
      return [expected[p.what][0], ` ${expected[p.what][1]}`]
    case 'one-of':
      return [
        `must be one of: ${p.values.join(', ')}`,
        ` は次のいずれかで指定してください: ${p.values.join('、')}`,
      ]
    case 'number':
      return [
        `must be a whole number from ${p.least} to ${p.most}`,
        ` は ${p.least} から ${p.most} までの整数で指定してください`,
      ]
    case 'unknown':
      return p.suggestion === undefined
        ? ['is not a setting of hikyaku. Remove it', ' という設定はありません。削除してください']
        : [
            `is not a setting of hikyaku. Did you mean ${p.suggestion}?`,
            ` という設定はありません。${p.suggestion} ではありませんか？`,
          ]
    case 'not-loopback':
      return [
        'must be tls or starttls: without encryption the password could be read on the way (none is for this computer itself only)',
        ' は tls か starttls にしてください。暗号化しないとパスワードを盗み見られるおそれがあります（none はこのコンピューター自身に対してのみ使えます）',
      ]
    case 'move-needs-imap':
      return [
        'can be move:FOLDER only with MAIL_PROTOCOL=imap: POP3 has no folders',
        ' の move は IMAP でのみ使えます。POP3 にはフォルダーがありません',
      ]
    case 'move-into-pulled':
      return [
        `moves mail into ${p.folder}, which is itself pulled. Choose a folder that is not in MAIL_FOLDERS`,
        ` の移動先 ${p.folder} は、取り込み対象のフォルダーです。MAIL_FOLDERS にないフォルダーを指定してください`,
      ]
    case 'folders-need-imap':
      return [
        'can name other folders than INBOX only with MAIL_PROTOCOL=imap: POP3 shows the inbox alone',
        ' に INBOX 以外を指定できるのは IMAP のときだけです。POP3 では受信箱しか見えません',
      ]
    case 'twice':
      return [`stands twice: ${p.what}. Each may be there once`, ` が重複しています: ${p.what}`]
    case 'no-such-account':
      return [
        `must name one of the accounts: ${p.accounts.join(', ') || '(there are none)'}`,
        ` には accounts にある名前を指定してください: ${p.accounts.join('、') || '（ありません）'}`,
      ]
    case 'both':
      return [
        `and ${p.other} are both set. Remove one of them`,
        ` と ${p.other} の両方が設定されています。片方を削除してください`,
      ]
    case 'two-sources':
      return [
        `is set, but the mailboxes stand in ${p.file}. Move it there, or leave HIKYAKU_CONFIG empty`,
        ` が設定されていますが、メールボックスは ${p.file} に書かれています。そちらに移すか、HIKYAKU_CONFIG を空にしてください`,
      ]
    case 'subject-needed':
      return [
        'must be the Gmail address whose mail the service account may put in',
        ' には、サービス アカウントがメールを入れる Gmail アドレスを指定してください',
      ]
    case 'secret-in-yaml': {
      const [en, ja] =
        p.vaultName === undefined
          ? ['', '']
          : [
              `, or run \`hikyaku setup\` to store it as ${p.vaultName}`,
              `（または \`hikyaku setup\` で登録してください。保存名: ${p.vaultName}）`,
            ]
      return [
        `does not belong in this file. Use ${p.instead} with the path of a file that holds it${en}`,
        ` はこのファイルに書かず、内容を書いたファイルのパスを ${p.instead} に指定してください${ja}`,
      ]
    }
    case 'file':
      return [
        `names a file that cannot be read: ${p.file} (${reasonText(p.reason, 'en')})`,
        ` のファイルを読み取れません: ${p.file}（${reasonText(p.reason, 'ja')}）`,
      ]
    case 'foreign-file':
      return [
        `is not used, because it belongs to another user, who could send your passwords anywhere with it: ${p.file}. Go to another folder, or make the file your own`,
        ` のファイルは別のユーザーのもので、パスワードを別の宛先に送らせるおそれがあるため使いません: ${p.file}。別のフォルダーに移動するか、ファイルの所有者を自分に変えてください`,
      ]
    case 'writable-file':
      return [
        `is not used, because other users of this computer can write it: ${p.file}. If you wrote what it says, run: ${p.command}`,
        ` のファイルは、このコンピューターのほかのユーザーも書き込めるため使いません: ${p.file}。内容が自分で書いたものであれば、次のコマンドを実行してください: ${p.command}`,
      ]
    case 'dot-env-ignored':
      return [
        `is not read: the configuration is ${p.file}`,
        ` は読み込みません。設定ファイル ${p.file} を使います`,
      ]
    case 'process-only': {
      const variable = p.variable ?? p.at
      return [
        `is only for tests, and is taken from the environment of the process alone (${variable}), never from a file. Remove it here`,
        ` はテスト専用で、プロセスの環境変数（${variable}）でだけ指定できます。ファイルからは削除してください`,
      ]
    }
    case 'endpoint-elsewhere':
      return [
        'is only for tests, and must be an address of this computer itself, such as http://127.0.0.1:8080',
        ' はテスト専用で、http://127.0.0.1:8080 のような、このコンピューター自身の URL に限ります',
      ]
    case 'not-pem':
      return [
        `names a file without a readable certificate in PEM form (-----BEGIN CERTIFICATE-----): ${p.file}`,
        ` のファイルに、PEM 形式（-----BEGIN CERTIFICATE-----）の証明書がありません: ${p.file}`,
      ]
    case 'not-a-key-file':
      return [
        `names a file that is not the JSON key of a Google service account: ${p.file}`,
        ` のファイルは、Google サービス アカウントの JSON キーではありません: ${p.file}`,
      ]
    case 'open-file':
      return [
        `names a file that other users of this computer can read. Run: ${p.command}`,
        ` のファイルは、このコンピューターのほかのユーザーも読み取れます。次のコマンドを実行してください: ${p.command}`,
      ]
    case 'hash':
      return [
        "contains #, and everything after it would be cut off. Put the value in single quotation marks: NAME='...'",
        " に # が含まれているため、その後ろが読み取られません。NAME='...' のように値全体を引用符で囲んでください",
      ]
    case 'unclosed':
      return [
        'begins with a quotation mark that is not closed in its line',
        ' の引用符が、同じ行で閉じられていません',
      ]
    case 'no-home':
      return [
        'must be set to an absolute path, since the user that runs hikyaku has no home folder here',
        ' に絶対パスを設定してください。hikyaku を実行しているユーザーには、ホームフォルダーがありません',
      ]
    case 'empty-file':
      return [`names an empty file: ${p.file}`, ` のファイルが空です: ${p.file}`]
    case 'yaml':
      return [
        `is not valid YAML at line ${p.line}, column ${p.column}: ${p.reason}`,
        ` の ${p.line} 行目 ${p.column} 文字目が YAML として正しくありません: ${p.reason}`,
      ]
  }
}

/** The whole line, printable, without a line break. */
export function problemLine(problem: Problem, language: Language): string {
  const [en, ja] = sentence(problem)
  const given = problem.given === undefined ? undefined : printable(problem.given, 80)
  return language === 'ja'
    ? printable(`${problem.at}${ja}${given === undefined ? '' : `（現在の値: 「${given}」）`}`, 2000)
    : printable(`${problem.at} ${en}${given === undefined ? '' : ` (it is “${given}”)`}`, 2000)
}
