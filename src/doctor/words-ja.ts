/** `doctor` の日本語の文言。 */

import { printable } from '../base/untrusted.ts'
import { makeFormat } from '../locale/format.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { describeFolder, describeReason } from '../locale/reasons.ts'
import type { DoctorWords } from './words-en.ts'

const { number, size, span, relative, instant } = makeFormat('ja')
const mails = (many: number): string => `${number(many)} 通`
const days = (many: number): string => `${number(many)} 日`
/** 往復の時間は短い。 */
const took = (ms: number): string => (ms < 950 ? `${Math.ceil(ms)} ミリ秒` : span(ms))
const list = (items: readonly string[]): string => items.join('、')
const folderName = (folder: string): string => (folder === '' ? 'メールボックス' : `フォルダー「${folder}」`)
const family = (one: 4 | 6): string => `IPv${one}`

export const ja: DoctorWords = {
  tokenGiven: (scopes, endsAtMs) =>
    `ログインは有効${scopes.length === 0 ? '' : `（${scopes.map(scope => printable(scope)).join('、')}）`}${endsAtMs === undefined ? '' : `。期限: ${instant(endsAtMs)}`}`,
  tokenNotKept: what => ({
    what: `ログインは更新されましたが、新しいものを保存できませんでした。${what}`,
    next: '提供元が古いものを受け付けなくなると、次の起動時に使えなくなります。docs/secrets.ja.md をご覧ください。',
  }),
  node: version => `バージョン ${version}`,
  oldNode: (version, least) => ({
    what: `Node.js ${version} は古いため使えません。${least} 以降が必要です。`,
    next: 'https://nodejs.org/ から現在の LTS 版をインストールし、それで hikyaku を起動してください。',
  }),
  unverifiedTls: setting => ({
    what: `${setting} は、どの証明書でも信じるよう Node.js に指示するものです。hikyaku はこれに従わず、証明書の確認を続けます。`,
    next: 'ほかのプログラムは従ってしまうので、この環境変数を取り除いてください。独自の証明書を使うサーバーには、MAIL_CA_FILE か証明書の固定をお使いください。',
  }),
  moreAuthorities: settings => ({
    what: `${list(settings)} により、通常のもの以外の認証局も信頼しています。その鍵を持つ人は、途中でメールやトークンを読めます。`,
    next: 'ご自分のネットワークが TLS の中身を検査していて、それでよい場合は問題ありません。そうでなければ、ここからもサービスからも取り除いてください。',
  }),
  keyLog: settings => ({
    what: `${list(settings)} は、すべての暗号化通信の鍵をファイルに書き出すよう求めるものです。それを読める人は、メールもパスワードもトークンも読めます。`,
    next: 'この環境変数をここからもサービスからも取り除き、そのファイルを削除してください。',
  }),
  foreignOptions: settings => ({
    what: `環境変数のオプションが、Node.js による hikyaku の動かし方を変えています: ${list(settings)}。別のプログラムを読み込ませたり、鍵を記録させたりすることもできます。`,
    next: 'ご自分で設定し、いまも必要な場合を除き、ここからもサービスからも取り除いてください。',
  }),
  settings: (mailboxes, accounts) =>
    `メールボックス ${number(mailboxes)} 個、Gmail アカウント ${number(accounts)} 個`,
  mendSettings: 'この設定を直してください。直すまで取り込みは行いません。`hikyaku setup` でも設定できます。',
  secretsWell: kinds => `すべて読み取れます（${list(kinds.map(kind => describeReason(kind, 'ja')))}）`,
  openFile: (file, command) => ({
    what: `パスワードなどが書かれた ${file} を、このコンピューターのほかのユーザーも読み取れます。`,
    next: `次のコマンドを実行してください: ${command}`,
  }),
  sharedMailbox: (names, login) => ({
    what: `次のメールボックスは、サーバー上では同じ 1 つのメールボックス（${login}）です: ${list(names)}。それぞれが同じメールを取得し、サーバーのログイン回数の制限も共有します。POP3 では同時に 1 つしかログインできません。`,
    next: '同じメールを複数の Gmail アカウントに入れるためで、どれも AFTER_IMPORT=keep なら、問題ありません。そうでなければ、設定に 1 つだけ残してください。',
  }),
  takenMailbox: (names, login, takers) => ({
    what: `次のメールボックスは、サーバー上では同じ 1 つのメールボックス（${login}）なので、互いのメールを取り合います: ${list(names)}。${list(takers)} の AFTER_IMPORT は、取り込んだメールをそこから削除または移動します。それまでにほかが取り込んでいないメールは、そのほかの Gmail アカウントには届きません。メールは失われず、先に取り込んだメールボックスの Gmail アカウントにあります。`,
    next: '設定に 1 つだけ残してください。同じメールを複数の Gmail アカウントに入れる場合は、すべてで AFTER_IMPORT=keep にしてください。',
  }),
  metricsOpen: address => ({
    what: `METRICS=${address} にはほかのコンピューターから接続でき、メールボックスとアカウントの名前をパスワードなしで読めます。`,
    next: 'ポートを公開していないコンテナーの中であれば問題ありません。それ以外では METRICS=127.0.0.1:9464 とし、パスワードつきのリバースプロキシを前に置いてください。',
  }),
  pageCertificate: (file, daysLeft) => ({
    what:
      daysLeft < 0
        ? `ページの証明書 ${file} は有効期限が切れているため、ブラウザーで開けません。`
        : `ページの証明書 ${file} の有効期限は、あと ${number(daysLeft)} 日です。`,
    next: '更新してください。新しいファイルは、動作中の hikyaku が自動で読み直します。',
  }),
  state: (folder, freeOctets) => `${folder}（空き ${size(freeOctets)}）`,
  stateToCome: folder => `${folder} は最初の取り込みのときに作られます`,
  stateOpen: (folder, command) => ({
    what: `このコンピューターのほかのユーザーも ${folder} の中を見られます。いつ誰からメールが届いたかがわかってしまいます。`,
    next: `次のコマンドを実行してください: ${command}`,
  }),
  stateForeign: (folder, uid) => ({
    what: `${folder} は別のユーザー（番号 ${uid}）のものです。`,
    next: 'サービスがそのユーザーで動いているなら問題ありません。そうでなければ、そのユーザーで実行するか、STATE_DIR にご自分のフォルダーを指定してください。',
  }),
  littleRoom: (folder, freeOctets) => ({
    what: `${folder} のあるディスクの空きが ${size(freeOctets)} しかありません。大きなメールが入らないおそれがあります。`,
    next: '早めに空きを増やすか、STATE_DIR を別のディスクに変えて（フォルダーごと移して）ください。',
  }),
  journal: (messages, octets) => `${mails(messages)}、${size(octets)}（壊れていません）`,
  noJournal: 'まだありません（最初の取り込みで作られます）',
  running: '動作中',
  notRunning: {
    what: 'hikyaku は動いていません。メールは自動では取り込まれません。',
    next: '`hikyaku run` で起動してください。常に動かすには `hikyaku service install` を実行します。',
  },
  twoInstances: service => ({
    what: `別の hikyaku が同じ取り込み記録の保存先を使っているため、サービス ${service} を起動できません。`,
    next: 'もう一方（ターミナルでの `hikyaku run`、コンテナー、別のサービスなど）を止めるか、別の STATE_DIR を指定してください。',
  }),
  service: name => `${name} が有効です`,
  serviceStopped: (name, detail, command) => ({
    what: `${name} は登録されていますが、動いていません${detail === '' ? '' : `（${detail}）`}。`,
    next: `上の問題を直してから、もう一度 \`hikyaku service install\` を実行してください。ログ: ${command}`,
  }),
  noService: {
    what: 'サービスとして登録されていないため、コンピューターの起動時に自動では始まりません。',
    next: '`hikyaku service install` を実行してください。コンテナーやタスク スケジューラーで起動している場合は不要です。',
  },
  noServiceManager: 'このシステムのサービス管理には対応していません',
  alerts: (ways, minutes) =>
    `問題が ${number(minutes)} 分続いたらお知らせします（${list(ways.map(way => ({ mail: 'Gmail へのメール', webhook: 'Webhook', ping: 'ping' })[way]))}）`,
  noAlerts: {
    what: 'メールを取り込めなくなっても、どこにもお知らせしません。',
    next: 'ALERT_MAIL=yes、または ALERT_WEBHOOK か ALERT_PING を設定してください。',
  },
  clock: offMs => `正確です（Google との差 ${span(Math.abs(offMs))}）`,
  clockOff: offMs => ({
    what: `このコンピューターの時計が ${span(Math.abs(offMs))}${offMs > 0 ? '遅れて' : '進んで'}います。証明書やログインの判定、待ち時間が正しく行われません。`,
    next: '時計を合わせ、自動で合うようにしてください（Linux では timedatectl set-ntp true）。',
  }),
  clockUnlikely: nowMs => ({
    what: `このコンピューターの時計（${instant(nowMs)}）では、Google の証明書まで有効期間外になります。時計が大きくずれている可能性が高いです。`,
    next: '時計を合わせ、自動で合うようにしてください（Linux では timedatectl set-ntp true）。時計が正しい場合は、第三者が Google になりすましている可能性があります。',
  }),
  addresses: (host, four, six) =>
    `${host}: IPv4 ${four.length > 0 ? list(four) : 'なし'}、IPv6 ${six.length > 0 ? list(six) : 'なし'}`,
  reached: (server, families) =>
    `${server} に接続できました（${list(families.map(([one, ms]) => `${family(one)} ${took(ms)}`))}）`,
  deadFamily: (server, dead) => ({
    what: `${server} には ${family(dead)} のアドレスがありますが、応答がありません。${family(dead === 6 ? 4 : 6)} では応答があります。`,
    next: `hikyaku は自動でもう一方を使いますが、毎回少し遅くなります。ネットワークの ${family(dead)} を直すか、無効にしてください。`,
  }),
  noFamilyHere: (server, one) =>
    `${server} に接続できました。このコンピューターでは ${family(one)} を使えませんが、問題ありません`,
  certificate: (names, issuer, left) => `${list(names)}（発行: ${issuer}、残り ${days(left)}）`,
  certificatePinned: left => `指定された証明書です（残り ${days(left)}）`,
  certificateEnding: (names, left) => ({
    what: `${list(names)} の証明書は、あと ${days(left)}で有効期限が切れます。`,
    next: 'レンタルサーバーでは通常、期限の直前に自動で更新されます。ご自分のサーバーの場合は今すぐ更新してください。',
  }),
  certificateSeen: (names, from, to, sha256) =>
    `証明書の名前: ${names.length > 0 ? list(names) : 'なし'}、有効期間: ${instant(from)} 〜 ${instant(to)}。この証明書を指定するには: MAIL_CERT_SHA256=${sha256}`,
  clearText: '暗号化なし（サーバーがこのコンピューター自身のため許可されています）',
  loggedIn: (user, tls, mechanism) => {
    const how = [tls, mechanism].filter(word => word !== undefined).join('、')
    return `${user} でログインできました${how === '' ? '' : `（${how}）`}`
  },
  loginByDaemon: what => ({
    what: `${what}動作中の hikyaku がこのメールボックスを使っているため、診断では中を確認できませんでした。`,
    next: '通常は対処不要です。取り込めているかどうかは、下の「最後の取り込み」でわかります。念のため、1 分ほどしてからもう一度 `hikyaku doctor` を実行してください。',
  }),
  loginCapped: refused => ({
    what: `この 1 時間にログインが ${number(refused)} 回拒否されたため、診断ではログインを試していません。繰り返すとサーバーに接続を止められることがあります。`,
    next: 'パスワードを直し、1 時間ほど待ってから、もう一度 `hikyaku doctor` を実行してください。',
  }),
  folder: (folder, messages) => `${folderName(folder)}: ${mails(messages)}`,
  namelessMessages: (folder, nameless, all) => ({
    what: `${folderName(folder)}の ${mails(all)}のうち ${mails(nameless)}に、サーバーが固有の番号を付けていません。hikyaku は内容で見分けます。`,
    next: '取り込みはできますが、確認に時間がかかります。使えるなら MAIL_PROTOCOL=imap をおすすめします。',
  }),
  noUidl: {
    what: 'この POP3 サーバーは UIDL に対応していません。新着かどうかを調べるために、1 通ずつ中を確認します。',
    next: '取り込みはできますが、通数が多いと時間がかかります。使えるなら MAIL_PROTOCOL=imap にするか、取り込んだメールを削除する設定（AFTER_IMPORT=delete-after:14d）にしてください。',
  },
  abilities: (protocol, names) =>
    `${protocol.toUpperCase()}（${names.length > 0 ? `${list(names)} に対応` : '基本機能のみ'}）`,
  noIdle: {
    what: 'サーバーは新着を自分から知らせません（IDLE 非対応）。',
    next: '対処は不要です。代わりに 30 秒ごとに確認します。',
  },
  listens: port =>
    `新着の通知はポート ${port} の IMAP で受け取り、取り込みは POP3 で行います。受け取れているかは \`hikyaku status\` で確認できます。`,
  silentIdle: folders => ({
    what: `サーバーは IDLE に対応していますが、新着を知らせません（${folders}）。`,
    next: '対処は不要です。IDLE が再び働くまで、同じ接続で数秒ごとに確認します。',
  }),
  cannotDelete: {
    what: 'AFTER_IMPORT で取り込み後の削除が指定されていますが、このサーバーでは 1 通だけを安全に削除できません（UIDPLUS 非対応）。',
    next: 'メールは取り込まれ、元の場所にも残ります。AFTER_IMPORT=keep にするか、MAIL_PROTOCOL=pop3 を使ってください。',
  },
  cannotMove: {
    what: 'AFTER_IMPORT で取り込み後の移動が指定されていますが、このサーバーでは安全に移動できません（MOVE・UIDPLUS 非対応）。',
    next: 'メールは取り込まれ、元の場所にも残ります。AFTER_IMPORT=keep にしてください。',
  },
  expires: left => ({
    what:
      left === 0
        ? 'このサーバーは、受け取られたメールをすぐに削除します（EXPIRE 0）。サーバーに控えは残りません。'
        : `このサーバーは、届いてから ${days(left)}でメールを削除します（EXPIRE）。`,
    next: '取り込んだメールは Gmail にあるため、失われません。サーバーの控えだけはあてにしないでください。',
  }),
  longerWaits: phases =>
    `応答が遅かったため、待つ時間を延ばしています: ${list(phases.map(([phase, ms]) => `${phase}（${span(ms)}）`))}`,
  pollWell: everyMs =>
    everyMs === undefined ? '制限は知られていません' : `${span(everyMs)}ごと（制限の範囲内です）`,
  pollTooOften: (everyMs, leastMs, host) => ({
    what: `SCHEDULE では ${span(everyMs)}ごとに確認しますが、${host} へのログインは ${span(leastMs)}に 1 回までです。`,
    next: `確認の間隔が ${span(leastMs)}以上になるように SCHEDULE を変えるか、MAIL_PROTOCOL=imap を使ってください。`,
  }),
  signedIn: ms => `Google がアクセス権を受け付けました${ms === undefined ? '' : `（${took(ms)}）`}`,
  consentLasts: '期限はありません',
  consentTesting: leftMs => ({
    what: `アクセス権は ${relative(leftMs)}に期限が切れます。Google のプロジェクトが「テスト」のままで、7 日間しか続きません。`,
    next: 'https://console.cloud.google.com/auth/audience を開いて「アプリを公開」を押し、もう一度 `hikyaku setup google` を実行してください。',
  }),
  scopes: canRead =>
    canRead
      ? 'メールの追加、ラベルの作成、読み取り（gmail.readonly）ができます'
      : 'メールの追加とラベルの作成ができます。読み取りはできません',
  scopesUnknown: 'Google から、アクセス権の内容についての回答がありませんでした',
  api: (ms, imports) => `応答 ${took(ms)}、1 分に ${mails(imports)}まで取り込みます`,
  account: address => `${address} としてログインしています`,
  accountNamed: address =>
    `このアクセス権が誰のものか Google から示されないため、持ち主は確かめられませんでした。どの要求も ${address} を名指しし、別のアカウントのアクセス権なら Gmail が拒否します。\`hikyaku setup google\` で確かめられます`,
  accountUnproved: {
    what: 'このアクセス権が誰のものか Google から示されず、アドレスも設定されていないため、持ち主を確かめられませんでした。メールは、アクセス権を与えたアカウントに入ります。',
    next: '`hikyaku setup google` でもう一度ログインするか、GMAIL_ACCOUNT にご自分のアドレスを設定してください。',
  },
  appPassword: (address, tls, ms, limit) =>
    `${address} でログインできました（${tls === undefined ? '' : `${tls}、`}${took(ms)}）。IMAP で入れるため、迷惑メールの判定と分類はありません。上限は${limit === undefined ? '' : ` 1 通 ${size(limit)}、`} 1 日およそ 500 MB（Gmail の規定）です`,
  notGmailImap: {
    what: 'このサーバーには Gmail の拡張機能（X-GM-EXT-1）がありません。ラベルは使えず、メールは保存場所で区別します。',
    next: 'テスト用のサーバーであれば問題ありません。Gmail のサーバーには必ずあります。',
  },
  imapFolders: names => `「すべてのメール」「迷惑メール」「ゴミ箱」があります: ${list(names)}`,
  imapFoldersHidden: uses => ({
    what: `Gmail が IMAP に表示していないフォルダーがあります: ${list(uses.map(use => describeFolder(use, 'ja')))}。そこに入れるメールは待機し、取り込み済みかどうかの確認でも見つかりません。`,
    next: 'Gmail の「設定」→「ラベル」で、そのフォルダーの「IMAP で表示」にチェックを入れてください。',
  }),
  storage: (used, limit) => `${size(limit)} のうち ${size(used)} を使用中`,
  storageLow: (left, limit) => ({
    what: `Google の保存容量の残りは ${size(limit)} のうち ${size(left)} です。いっぱいになると、メールは元のサーバーで待ちます。`,
    next: 'https://one.google.com/storage で空きを作るか、容量を追加してください。',
  }),
  noApiAccount: '確認していません: Google の API を使うアカウントがありません',
  labels: (there, toCome) =>
    [
      there.length > 0 ? `作成済み: ${list(there)}` : '',
      toCome.length > 0 ? `必要になったときに作成: ${list(toCome)}` : '',
    ]
      .filter(part => part !== '')
      .join('、') || '指定なし',
  lastPull: agoMs => `${relative(-agoMs)}に正常に終わりました`,
  noPull: {
    what: 'まだ一度も取り込んでいません。',
    next: '`hikyaku pull` を実行するか、サービスを開始してください。',
  },
  paused: (mailbox, sinceMs, nowMs) => ({
    what: pauseWords.ja.since(instant(sinceMs), Math.max(0, nowMs - sinceMs)),
    next: pauseWords.ja.goOn(printable(mailbox, 60)),
  }),
  wellAgain: (sinceMs, what) => ({
    what: `前回までの取り込みは失敗しています（${span(sinceMs)}前から）。${what}`,
    next: '今の診断では正常なため、次回の取り込みで解消する見込みです。すぐに試すには `hikyaku check-now` か `hikyaku pull` を実行してください。',
  }),
  failing: (sinceMs, what, next) => ({ what: `${span(sinceMs)}前から: ${what}`, next }),
  noneAside: 'ありません',
  aside: (many, reason) => ({
    what: `${mails(many)}を取り込めず、元のメールボックスに残しています。${reason}`,
    next: '一覧は `hikyaku status` で表示されます。再試行は `hikyaku retry all` です。',
  }),
  because: check => `次の項目のため確認していません: ${check}`,
  outOfTime: '時間内に終わらなかったため確認していません',
  noNetwork:
    'メールサーバーにも Google にも接続できません。このコンピューターのインターネット接続に原因がある可能性が高いです。',
  looking: '確認しています…',
}
