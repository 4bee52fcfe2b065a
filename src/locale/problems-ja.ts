/** 設定の名前に続く、何が問題かの説明。 */
import type { Expected } from '../base/problem.ts'
import type { ProblemTexts } from './problem-texts.ts'
import { describeReason } from './reasons.ts'

const expected: Readonly<Record<Expected, string>> = {
  boolean: 'は yes か no で指定してください',
  host: 'は mail.example.jp のようなサーバー名で指定してください（http:// やポート番号は不要です）',
  port: 'は 1 から 65535 までのポート番号で指定してください',
  email: 'は shop@example.jp のようなメールアドレスで指定してください',
  url: 'は https:// で始まる URL で指定してください（このコンピューター自身に限り http:// も使えます）',
  'web-url': 'は https:// または http:// で始まる URL で指定してください',
  'ip-address':
    'は 127.0.0.1:8737 や [::1]:8737 のように、このコンピューターの IP アドレスとポート番号で指定してください',
  origin: 'は https://hikyaku.example.jp のように、https:// と名前だけで指定してください',
  'authserv-ids':
    'はサーバー名をカンマ区切りで指定してください。書き込む項目は mx.example.jp:spf+dkim+dmarc のように続けます',
  'dns-servers': 'は IP アドレス（53 以外のポートのときはポート番号も）をカンマ区切りで指定してください',
  sha256: 'は SHA-256 フィンガープリント（16 進数 64 桁、コロン区切りも可）で指定してください',
  'after-import':
    'は keep、delete、delete-after:14d（数字と h・d・w）、move:フォルダー名 のいずれかで指定してください',
  'start-from': 'は all、new、または 2026-04-01 のような日付で指定してください',
  schedule: 'は cron 形式（5 項目か 6 項目）で指定してください。5 分ごとなら "*/5 * * * *" です',
  folders:
    'は INBOX,Junk:spam,Orders:label=注文 のように、フォルダー名をカンマで区切って指定してください。カンマ、コロン、引用符を含む名前は引用符で囲みます',
  text: 'は文字列で指定してください。数字だけの場合は引用符で囲みます',
  list: 'はリストで指定してください',
  mapping: 'は「名前: 値」の形で指定してください',
  language: 'は en か ja で指定してください',
  tenant: 'はテナントの ID かドメイン、または consumers、organizations、common で指定してください',
  'own-tenant':
    'は自組織のテナントの ID かドメインで指定してください（アプリ自身によるアクセスは 1 つのテナントに限られます）',
  scopes: 'はスコープを空白で区切って指定してください',
  'listen-address':
    'は 127.0.0.1:9464 や [::1]:9464 のように、このコンピューターのアドレスとポートで指定してください',
  'address-pattern':
    'は、アドレス（info@example.jp）、* を含むアドレス（sales-*@example.jp）、ドメイン（@example.jp）、サブドメインを含むドメイン（@.example.jp）、ドメインを問わない名前（info@）、"*" のいずれかで指定してください',
  'list-pattern': 'は news.example.jp のような List-Id で指定してください。* は任意の文字列です',
  'header-pattern':
    'は "X-Spam-Flag: YES" のように、ヘッダーの名前、コロン、含まれる文字列の順で、引用符で囲んで指定してください',
  'flag-pattern': 'は seen、unseen、flagged、answered、junk か、$ で始まるキーワードで指定してください',
  octets: 'は 20 MB や 500 kB のような大きさで指定してください',
  'worker-name': 'は英数字と . _ @ - の名前（128 文字まで）で指定してください',
  label:
    'は Gmail のラベル名（225 文字以内）をカンマで区切って指定してください。DRAFT、SENT、CHAT は使えません。TRASH は 30 日後に削除される Gmail のゴミ箱なので、使えません',
}

export const ja: ProblemTexts = {
  missing: p => ` が設定されていません。例: ${p.example}`,
  'missing-secret': p =>
    ` が設定されていません。直接設定するか、内容を書いたファイルのパスを ${p.variable}_FILE に設定するか、\`hikyaku setup\` で登録してください（保存名: ${p.vaultName}）`,
  expected: p => ` ${expected[p.what]}`,
  'one-of': p => ` は次のいずれかで指定してください: ${p.values.join('、')}`,
  number: p => ` は ${p.least} から ${p.most} までの整数で指定してください`,
  unknown: p =>
    p.suggestion === undefined
      ? ' という設定はありません。削除してください'
      : ` という設定はありません。${p.suggestion} ではありませんか？`,
  'not-loopback': () =>
    ' は tls か starttls にしてください。暗号化しないとパスワードを盗み見られるおそれがあります（none はこのコンピューター自身に対してのみ使えます）',
  'move-needs-imap': () => ' の move は IMAP でのみ使えます。POP3 にはフォルダーがありません',
  'move-into-pulled': p =>
    ` の移動先 ${p.folder} は、取り込み対象のフォルダーです。取り込み対象ではないフォルダーを指定してください`,
  'folders-need-imap': () =>
    ' に INBOX 以外を指定できるのは IMAP のときだけです。POP3 では受信トレイしか見えません',
  'mail-loop': p =>
    ` のメールボックスから ${p.account} に取り込むと、同じメールボックスに戻り、そのたびに新着として扱われます。別のメールボックスか、別の Gmail アカウントを指定してください`,
  'mail-loop-unknown': () =>
    ' は Google のメールボックスです。取り込み先が別のアカウントだと確認できるように、GMAIL_ACCOUNT（YAML では account の address）を設定してください',
  twice: p => ` が重複しています: ${p.what}`,
  'no-such-account': p =>
    ` には accounts にある名前を指定してください: ${p.accounts.join('、') || '（ありません）'}`,
  'tenant-without-account': p =>
    ` が必要ですが、テナント ${p.tenant} にはまだ Gmail アカウントがありません。先に \`hikyaku fleet add --tenant ${p.tenant} --gmail-account アドレス\` に鍵またはクライアントのファイルを付けて追加してください`,
  both: p => ` と ${p.other} の両方が設定されています。片方を削除してください`,
  'two-sources': p =>
    ` が設定されていますが、メールボックスは ${p.file} に書かれています。そちらに移すか、HIKYAKU_CONFIG を空にしてください`,
  'subject-needed': () => ' には、サービス アカウントがメールを入れる Gmail アドレスを指定してください',
  'address-needed': () => ' には、アプリ パスワードの持ち主の Gmail アドレスを指定してください',
  'secret-in-yaml': p =>
    ` はこのファイルに書かず、内容を書いたファイルのパスを ${p.instead} に指定してください${p.vaultName === undefined ? '' : `（または \`hikyaku setup\` で登録してください。保存名: ${p.vaultName}）`}`,
  'secret-apart': () =>
    ' はフリートの設定には書けません。パスワードなどは設定とは別に渡してください（暗号化して保存します）',
  'secret-not-given': () => ' がありません。設定とは別に渡してください（暗号化して保存します）',
  file: p => ` のファイルを読み取れません: ${p.file}（${describeReason(p.reason, 'ja')}）`,
  'foreign-file': p =>
    ` のファイルは別のユーザーのもので、パスワードを別の宛先に送らせるおそれがあるため使いません: ${p.file}。別のフォルダーに移動するか、ファイルの所有者を自分に変えてください`,
  'writable-file': p =>
    ` のファイルは、このコンピューターのほかのユーザーも書き込めるため使いません: ${p.file}。内容が自分で書いたものであれば、次のコマンドを実行してください: ${p.command}`,
  'dot-env-ignored': p => ` は読み込みません。設定ファイル ${p.file} を使います`,
  'process-only': p =>
    ` はテスト専用で、プロセスの環境変数（${p.variable ?? p.at}）でだけ指定できます。ファイルからは削除してください`,
  'endpoint-elsewhere': () =>
    ' はテスト専用で、http://127.0.0.1:8080 のような、このコンピューター自身の URL に限ります',
  'not-pem': p => ` のファイルに、PEM 形式（-----BEGIN CERTIFICATE-----）の証明書がありません: ${p.file}`,
  'not-a-key-file': p => ` のファイルは、Google サービス アカウントの JSON キーではありません: ${p.file}`,
  'open-to-others': p =>
    ` はほかのコンピューターから接続できるアドレスのため、暗号化が必要です。127.0.0.1:8737 のように、このコンピューター自身のアドレスにするか、${p.ways.join(' と ')} を設定するか、TLS を受け持つリバースプロキシの名前を ${p.origin} に設定してください`,
  needs: p => ` には ${p.other} も必要です`,
  'not-a-private-key': p =>
    ` のファイルに、パスワードなしの PEM 形式（-----BEGIN PRIVATE KEY-----）の秘密鍵がありません: ${p.file}`,
  'key-of-another': p => ` は ${p.certificate} とは別の証明書の秘密鍵です`,
  'nameless-certificate': p =>
    ` の証明書に、1 つの名前やアドレスがありません。ブラウザーでページを開く URL を ${p.other} に設定してください`,
  'open-file': p =>
    ` のファイルは、このコンピューターのほかのユーザーも読み取れます。次のコマンドを実行してください: ${p.command}`,
  hash: () =>
    " に # が含まれているため、その後ろが読み取られません。NAME='...' のように値全体を引用符で囲んでください",
  unclosed: () => ' の引用符が、同じ行で閉じられていません',
  'no-home': () =>
    ' に絶対パスを設定してください。hikyaku を実行しているユーザーには、ホームフォルダーがありません',
  'empty-file': p => ` のファイルが空です: ${p.file}`,
  'too-many': p => ` が多すぎます。${p.most} までにしてください`,
  'rule-without-condition': () =>
    ' に条件がありません。recipient、sender、list、folder、flags、larger、smaller、header のどれかを書くか、すべてのメールが対象なら everything: yes と書いてください',
  'rule-of-everything': () => ' は、ほかの条件と一緒には使えません',
  'rule-leaves': p =>
    ` は import: no と一緒には使えません（そのメールは元のメールボックスに残るためです）。${p.other} か import を削除してください`,
  'rule-never': p =>
    ` には、どのメールも届きません。上にある ${p.by} が先に当てはまるためです。順番を上げるか、削除してください`,
  'rule-needs-imap': () =>
    ' は、どのメールにも当てはまりません。POP3 にはフラグがなく、フォルダーは INBOX だけです',
  'rule-folder': p =>
    ` は、どのメールにも当てはまりません。フォルダー ${p.folder} は取り込み対象ではありません。folders に追加してください`,
  yaml: p => ` の ${p.line} 行目 ${p.column} 文字目が YAML として正しくありません: ${p.reason}`,
}
