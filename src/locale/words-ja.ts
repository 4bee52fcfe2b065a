/** 日本語の文言。 */
import { makeFormat } from './format.ts'
import { help } from './help-ja.ts'
import { nameSetting } from './setting-place.ts'
import type { Words } from './words-en.ts'

type LogMessage = Parameters<Words['log']['retrieved']>[0]

const format = makeFormat('ja')
const { number, size, span, relative } = format

const mails = (count: number): string => `${number(count)} 通`
const mail = (e: LogMessage): string => `メール ${e.messageId}`
/** 助詞の前に置く形。全角の括弧のあとには空白を入れない。 */
const sized = (e: LogMessage): string =>
  e.octets === undefined ? `${mail(e)} ` : `${mail(e)}（${size(e.octets)}）`
const inBrackets = (...parts: readonly (string | undefined)[]): string => {
  const said = parts.filter(part => part !== undefined)
  return said.length === 0 ? '' : `（${said.join('、')}）`
}
const timeOf = (e: LogMessage): string | undefined => (e.ms === undefined ? undefined : span(e.ms))
const into = (e: LogMessage): string => (e.account === undefined ? 'Gmail' : e.account)
const gmailId = (e: LogMessage): string | undefined =>
  e.gmailId === undefined ? undefined : `Gmail ID: ${e.gmailId}`
/** 0 でないものだけを並べる。 */
const list = (parts: readonly (readonly [number, string])[]): string =>
  parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${word} ${mails(count)}`)
    .join('、')

export const ja: Words = {
  language: 'ja',
  format,
  stages: {
    listed: '未取り込み',
    importing: '取り込み中',
    imported: '取り込み済み',
    merged: '重複',
    settled: '完了',
    deferred: '再試行待ち',
    refused: '要確認',
    baseline: '対象外',
    ignored: 'サーバー用データ',
    gone: '取り込み前に削除',
  },
  fault: {
    what: '状況',
    mail: 'メールへの影響',
    next: '対処方法',
    again: count => `同じ問題が続いています（${number(count)} 回目）。`,
  },
  sentences: all => all.join(''),

  pull: {
    progress: (done, total) => `${mails(total)}中 ${mails(done)}（${format.percent(done, total)}）`,
    done: (mailbox, c, ms) => {
      const parts = list([
        [c.imported, '取り込み'],
        [c.merged, '重複'],
        [c.refused, '要確認'],
        [c.deferred, '再試行待ち'],
        [c.gone, '取り込み前に削除'],
        [c.settled, 'サーバー側の後処理（削除・移動）済み'],
        [c.pending, '未取り込み'],
      ])
      return `${mailbox}: ${parts === '' ? '新着メールはありません' : parts}（${span(ms)}）`
    },
    nothingNew: (mailbox, ms) => `${mailbox}: 新着メールはありません（${span(ms)}）`,
    failed: mailbox => `${mailbox}: 確認を最後まで行えませんでした`,
    waits: (mailbox, untilMs, inMs) =>
      `${mailbox}: 取り込みは行っていません。${format.instant(untilMs)}（${format.relative(inMs)}）まで待ちます。すぐに試すには \`hikyaku pull --now\` を実行してください。`,
    setAside: (mailbox, count) =>
      `${mailbox}: ${mails(count)}が拒否されたため、元のメールボックスに残しました。\`hikyaku list --refused\` で対象と理由を確認できます。`,
    quietAlone: '--quiet は --json、--dry-run と同時に指定できません',
    timeLimit: text => `--time-limit ${text}：50s や 5m のように、5s から 24h までで指定してください`,
    dryRun: (mailbox, count, octets, mayBeKnown) =>
      `${mailbox}: ${mayBeKnown > 0 ? '最大 ' : ''}${mails(count)}${octets === undefined ? '' : `（約 ${size(octets)}）`}を取り込む見込みです`,
    dryRunKnown: mayBeKnown =>
      `  このうち最大 ${mails(mayBeKnown)}は、取り込み済みかもしれません。取り込むときに 1 通ずつ確認し、Gmail にあるメールは取り込みません`,
    dryRunRule: (rule, count, account) =>
      `  ${rule}: ${mails(count)}${account === undefined ? '（取り込まずに残します）' : `（取り込み先: ${account}）`}`,
    dryRunNotAsked: count =>
      `  このうち ${mails(count)}は、数が多いためヘッダーを調べていません（どのルールに当てはまるかは未確認です）`,
    dryRunTakenBack: takenBack =>
      `  このうち ${mails(takenBack)}は、${nameSetting('START_FROM')} が前に戻されたため、残していたものをあらためて取り込みます`,
    dryRunRest: (waiting, left, toSettle) =>
      `  再試行待ち ${mails(waiting)}、${nameSetting('START_FROM')} により対象外 ${mails(left)}、元のメールボックスでの削除・移動 ${mails(toSettle)}`,
    dryRunNote: 'これは確認だけ（ドライラン）です。取り込みも変更も行っていません。',
    askBacklog: count => `元のメールボックスに ${mails(count)}のメールがあります。すべて取り込みますか？`,
    backlogDeclined:
      '取り込みを行いませんでした。いつからのメールを取り込むかは `hikyaku setup` で選べます。`new` にすると、これから届くメールだけを取り込みます。',
  },

  conservation: {
    sentence: c =>
      `確認したメール ${number(c.listed)} = 取り込み ${number(c.imported)} + 重複 ${number(c.merged)} + 要確認 ${number(c.refused)} + 未取り込み ${number(c.pending)} + 対象外 ${number(c.ignored)} + 取り込み前に削除 ${number(c.gone)}`,
    broken: (c, missing) =>
      `件数が合いません。${mails(c.listed)}のうち ${mails(Math.abs(missing))}${missing > 0 ? 'の数が足りません' : 'が多く数えられています'}。hikyaku の不具合です。開発元へご報告ください。`,
  },

  status: {
    leftByRule: count =>
      `ルールにより取り込まずに残しているメール: ${mails(count)}（\`hikyaku list --by-rule\` で表示）`,
    comes: lastAgoMs =>
      `✔ 届いています。${lastAgoMs === undefined ? '設定してから新着メールはありません。' : `最後のメール: ${relative(-lastAgoMs)}`}`,
    comesBut: (lastAgoMs, things) =>
      `! 届いています${lastAgoMs === undefined ? '' : `（最後のメール: ${relative(-lastAgoMs)}）`}が、確認が必要なことが ${number(things)} 件あります。`,
    comesInPart: (failing, all) =>
      `✖ ${number(all)} 個のメールボックスのうち ${number(failing)} 個のメールを取り込めていません。理由と対処:`,
    comesNot: (instant, agoMs) => `✖ ${instant} から取り込めていません（${span(agoMs)}）。理由と対処:`,
    nobody: instant =>
      `✖ hikyaku は動いていません。メールは取り込まれません${instant === undefined ? '' : `（最後の確認: ${instant}）`}。`,
    service: (name, detail) => `サービス ${name} が停止しています${detail === '' ? '' : `（${detail}）`}。`,
    wellOf: '正常。',
    alone: '自動では確認されていません。',
    failingSince: agoMs => `${span(agoMs)}前から取り込めていません。`,
    troubles: count => `取り込みは続いています（問題 ${number(count)} 件）。`,
    lastLook: agoMs => (agoMs === undefined ? '確認はこれから' : `最後の確認: ${relative(-agoMs)}`),
    lastMail: agoMs => `最後のメール: ${relative(-agoMs)}`,
    usually: (medianMs, p95Ms) =>
      `届くまで: ふだん ${span(medianMs)}${p95Ms > 2 * medianMs ? `、遅くて ${span(p95Ms)}` : ''}`,
    counts: (imported, waiting, refused) =>
      list([
        [imported, 'Gmail に取り込み済み'],
        [waiting, '未取り込み'],
        [refused, '要確認'],
      ]) + (refused > 0 ? '（一覧: `hikyaku list --refused`）' : '') || 'まだ 1 通も取り込んでいません',
    waitingUntil: inMs => `次の確認は ${relative(inMs)}です。`,
    byAppPassword: '（アプリ パスワード使用。迷惑メールの判定なし）',
    consentEnds: (account, inMs) =>
      `${account} へのアクセス権は ${relative(inMs)}に期限が切れます。\`hikyaku setup google\` を実行してください。`,
    mailboxLimit: (host, most, perMs) =>
      `${host} は、ログインをメールボックスごとに ${span(perMs)}に ${number(most)} 回までに制限しています。hikyaku はこれを守ります。`,
    hostLimit: (host, most, perMs) =>
      `${host} は、同じ接続元からのログインを、全メールボックスの合計で ${span(perMs)}に ${number(most)} 回までに制限しています。hikyaku はこれを超えません。`,
    hostLogins: (logins, perMs, everyMs) =>
      `直近 ${span(perMs)}のログイン: ${number(logins)} 回。${everyMs === undefined ? '' : `このメールボックスの確認は、最短で ${span(everyMs)}ごとです。`}`,
    repeated: count =>
      `Gmail の応答が途切れたため、${mails(count)}が Gmail に 2 通ある可能性があります。一覧は \`hikyaku report\` で表示されます。`,
    journalAt: path => `取り込み記録: ${path}`,
    nothingYet: 'まだ 1 通も取り込んでいません。',
  },

  list: {
    heading: (mailbox, count) => `${mailbox}: ${mails(count)}`,
    withoutFaces: reason => `メールサーバーに問い合わせられないため、差出人と件名は表示できません。${reason}`,
    again: inMs => `${relative(inMs)}に再試行します。`,
    more: count => `… ほか ${mails(count)}`,
    recentRange: '--recent は 1〜1000 の数字で指定してください',
  },

  retry: {
    nothing: '再試行するメールはありません。',
    again: (count, running) =>
      running
        ? `${mails(count)}を今すぐ再試行するよう、動作中のサービスに伝えました。`
        : `${mails(count)}を次回の確認時に再試行します。`,
    notFound: id => `メール ${id} は取り込み記録にありません。`,
    notAside: (id, stage) => `メール ${id} は再試行の必要がありません（${ja.stages[stage]}）。`,
  },

  doctor: {
    title: 'hikyaku doctor（診断）',
    warning: 'ご注意',
    bad: '問題あり',
    skipped: '確認できず',
    allWell: 'すべて正常です。',
    summary: (bad, warnings) =>
      `${bad === 0 ? '問題はありません' : `問題 ${number(bad)} 件`}${warnings === 0 ? '' : `、ご注意 ${number(warnings)} 件`}。`,
    checks: {
      node: 'Node.js',
      configuration: '設定',
      secrets: 'パスワードとアクセス権',
      state: '取り込み記録の保存先',
      journal: '取り込み記録',
      instance: '動作状況',
      service: '自動起動',
      alerts: 'お知らせ',
      clock: '時計',
      sourceNames: 'メールサーバー: 名前解決',
      sourceReach: 'メールサーバー: 接続',
      sourceTls: 'メールサーバー: 証明書',
      sourceToken: 'メールサーバー: アクセス トークン',
      sourceLogin: 'メールサーバー: ログイン',
      sourceFolders: 'メールサーバー: フォルダー',
      sourceAbilities: 'メールサーバー: 対応機能',
      sourceLimits: 'メールサーバー: 確認の間隔',
      googleNames: 'Google: 名前解決',
      googleReach: 'Google: 接続',
      googleSignIn: 'Google: ログイン',
      consentLife: 'Google: アクセス権の期限',
      gmailScopes: 'Gmail: アクセス権',
      gmailApi: 'Gmail: API',
      gmailAccount: 'Gmail: アカウント',
      gmailLogin: 'Gmail: アプリ パスワードでのログイン',
      gmailFolders: 'Gmail: IMAP のフォルダー',
      gmailStorage: 'Gmail: 保存容量',
      gmailLabels: 'Gmail: ラベル',
      lastPull: '最後の取り込み',
      messages: '取り込めなかったメール',
    },
  },

  checkNow: {
    asked: '動作中のサービスに、今すぐメールを確認するよう伝えました。',
    notRunning:
      'サービスが動いていないため、依頼できませんでした。今すぐ 1 回確認するには `hikyaku pull` を実行してください。',
  },
  usage: {
    unknownCommand: (word, meant) =>
      `「${word}」というコマンドはありません${meant === undefined ? '' : `。\`hikyaku ${meant}\` のことですか`}`,
    unknownOption: (word, meant) =>
      `${word} というオプションはありません${meant === undefined ? '' : `。${meant} のことですか`}`,
    missingArgument: name => `<${name}> の指定がありません`,
    missingValue: option => `${option} の後に値がありません`,
    tooMany: 'コマンドの後の指定が多すぎます',
    oneOf: (word, known) => `「${word}」は指定できません。指定できるもの: ${known}`,
    noSuchTarget: target => `「${target}」というファイルもメールもありません`,
  },
  help,
  daemon: {
    started: (version, mailboxes) =>
      `hikyaku ${version} を開始しました（メールボックス ${number(mailboxes)} 個）`,
    stopping: signal =>
      `${signal}: 処理中のメールを終えてから停止します。Ctrl+C をもう一度押す（シグナルをもう一度送る）と、すぐに停止します`,
    stoppingNow: 'すぐに停止します。処理中の内容は取り込み記録にあるため、メールは失われません。',
    stopped: '停止しました。',
    answering: address => `監視プログラムに http://${address} で答えます`,
    answeringAll: address =>
      `監視プログラムに http://${address} で答えます。ほかのコンピューターからもメールボックスの名前を読める場合があります`,
    notAnswering: (address, reason) =>
      `METRICS: ${address} で答えられません（${reason}）。1 分ごとに再試行します。メールの取り込みは続けています。`,
    state: (mailboxes, troubled, names) =>
      troubled === 0
        ? `メールボックス ${number(mailboxes)} 個、すべて正常です`
        : `メールボックス ${number(mailboxes)} 個のうち ${number(troubled)} 個に問題があります: ${names}`,
  },

  notice: {
    consentEnding: (account, days) =>
      `${account} のアクセス権は、あと ${number(days)} 日で期限が切れます。それまでに \`hikyaku setup google\` を実行してください。`,
    consentSubject: account => `【hikyaku】${account} のアクセス権の期限がまもなく切れます`,
    notSent: (how, reason) =>
      `お知らせを送信できませんでした（${how}、${reason}）。メールの取り込みは続いています。`,
    footer: where =>
      `送信元: ${where} の hikyaku。そのコンピューターの \`hikyaku status\` で状態を、\`hikyaku doctor\` で原因を確認できます。`,
  },

  log: {
    pullStarted: e => `新着メールを確認します（${e.reason}）`,
    listed: e =>
      `${e.folder === '' ? '' : `${e.folder}: `}元のメールボックスに ${mails(e.total)}、うち新着 ${mails(e.fresh)}`,
    leftByRule: e => `${mail(e)} は、ルールにより取り込まず、元のメールボックスに残します`,
    rulesChanged: e =>
      `${e.folder === '' ? '' : `${e.folder}: `}ルールが変わったため、取り込まずに残していた ${mails(e.total)}をあらためて判定します`,
    takenBack: e =>
      `${e.folder === '' ? '' : `${e.folder}: `}${nameSetting('START_FROM')} が前に戻されたため、取り込まずに残していた ${mails(e.total)}をこれから取り込みます`,
    retrieved: e => `${sized(e)}を受け取りました${inBrackets(timeOf(e))}`,
    imported: e => `${sized(e)}を ${into(e)} に取り込みました${inBrackets(timeOf(e), gmailId(e))}`,
    merged: e =>
      `${mail(e)} はすでに ${into(e)} にあるため、取り込みませんでした${e.into === undefined ? '' : `（${e.into} と同じ）`}`,
    refused: e => `${sized(e)}は確認が必要です。元のメールボックスに残します`,
    deferred: e => `${sized(e)}は${e.inMs === undefined ? 'あとで' : ` ${relative(e.inMs)}に`}再試行します`,
    settled: e => `${mail(e)} のサーバー側の後処理（削除・移動）が終わりました: ${e.as}`,
    gone: e => `${mail(e)} は、取り込む前に元のメールボックスからなくなりました`,
    repeated: e =>
      `${mail(e)} を取り込み直します。Gmail の応答が途切れたため、Gmail に 2 通ある可能性があります`,
    pullDone: e => {
      const parts = list([
        [e.imported, '取り込み'],
        [e.merged, '重複'],
        [e.refused, '要確認'],
        [e.deferred, '再試行待ち'],
        [e.gone, '取り込み前に削除'],
        [e.settled, 'サーバー側の後処理（削除・移動）済み'],
        [e.pending, '未取り込み'],
      ])
      return `${parts === '' ? '新着メールはありません' : parts}（${span(e.ms)}）`
    },
    pullEnded: e => `中断までの結果: ${ja.log.pullDone(e)}`,
    waiting: e => `${relative(e.ms)}に再試行します${e.why === 'waiting' ? '' : `（コード: ${e.why}）`}`,
    recovered: e => `${span(e.ms)}ぶりに復旧しました`,
    paused: () => '一時停止中です。`hikyaku resume` で再開するまで、ログインも取り込みも行いません',
    resumed: () => '取り込みを再開しました',
    scheduleLate: () => 'スリープや高い負荷のため、予定の時刻を過ぎました。いま確認します。',
  },
  logGaps: {
    held: (lines, perMinute) =>
      `同じ種類の行をさらに ${number(lines)} 行省きました（1 つのメールボックスにつき 1 分間に ${number(perMinute)} 行まで）。メールはすべて取り込み記録にあります`,
    dropped: lines => `ログを書き込めず、${number(lines)} 行が失われました`,
  },
}
