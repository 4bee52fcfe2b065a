import { change } from './words-change-ja.ts'
import type { SetupWords } from './words-en.ts'
import { google } from './words-google-ja.ts'
import { oauth } from './words-oauth-ja.ts'
import { revoke } from './words-revoke-ja.ts'
import { rules } from './words-rules-ja.ts'
import { start } from './words-start-ja.ts'
import { way } from './words-way-ja.ts'

const protocols = { imap: 'IMAP', pop3: 'POP3' } as const
const securities = { tls: 'SSL/TLS', starttls: 'STARTTLS', none: '暗号化なし' } as const

export const ja: SetupWords = {
  title: 'hikyaku の初期設定：レンタルサーバーのメールを Gmail で受け取る',
  leaving: [
    'Enter を押すと、表示されている答えになります。一覧では矢印キーで選びます。',
    '< を入力して Enter を押すと、前の質問に戻ります。',
    'Ctrl+C でいつでも中断でき、あとで続きから再開できます。',
  ].join('\n'),
  empty: '入力してください。',
  back: '前の質問に戻る',
  noneChosen: '（なし）',
  isFirst: 'これが最初の質問です。',
  needsOption: '対話できない環境のため質問できません。このオプションを指定してください',
  needsOptionOrYes:
    '対話できない環境のため質問できません。このオプションを指定するか、--yes で初期値を使ってください',
  leftUnchanged: '中断しました。何も変更していません。',
  left: '中断しました。パスワード以外の回答は保存されています。`hikyaku setup` で続きから再開できます。',
  resume: {
    question: '前回の途中から続けますか？',
    yes: 'はい、前回の回答を使って続ける',
    no: 'いいえ、最初からやり直す',
  },
  byEnvironment:
    '環境変数（MAIL_HOST など、またはこのフォルダーの .env）にメールボックスの設定が見つかったので、それを使います。不足しているもの（パスワードと Google のアクセス権）だけをお尋ねします。別のメールボックスを設定するには、HIKYAKU_CONFIG でファイルを指定してください。',
  nothingMissing:
    '設定はそろっています。Google にログインし直すには `hikyaku setup google` を実行してください。',
  what: {
    question: 'hikyaku は設定済みです。何をしますか？',
    mailbox: 'メールボックスを追加・変更する',
    google: 'Google にもう一度ログインする',
    nothing: '何もせずに終了する',
  },
  address: {
    question:
      'レンタルサーバーのメールアドレスを入力してください（Gmail に取り込みたいアドレス。例: shop@example.jp）',
    wrong: 'メールアドレスの形式が正しくありません。半角で入力してください（例: shop@example.jp）',
  },
  server: {
    looking: domain => `${domain} のメールサーバーを調べています…`,
    nothingFound:
      'このアドレスの設定は見つかりませんでした。レンタルサーバーではよくあることです。サーバー名は管理画面に書かれています。',
    unanswered:
      '設定を自動では見つけられませんでした。インターネットに接続されているかご確認ください。接続されていれば、次の質問で手入力できます。',
    provider: 'どちらのレンタルサーバーをお使いですか？',
    otherProvider: 'その他・わからない',
    noSuchProvider: (name, nearest) =>
      nearest.length === 0
        ? `${name} というサーバー会社は登録されていません。\`hikyaku provider\` で一覧を表示できます`
        : `${name} というサーバー会社は登録されていません。${nearest.join('、')} のことですか？`,
    known: name => `このメールボックスのサーバー: ${name}`,
    evidence: {
      domain: (_domain, name) => `${name} のアドレスは、このサービスのものです。`,
      mx: (domain, name) => `${domain} の MX レコードに ${name} と書かれています。`,
      spf: (domain, name) => `${domain} の SPF レコードに ${name} と書かれています。`,
      certificate: (domain, name) => `mail.${domain} のサーバー証明書に ${name} と書かれています。`,
    },
    elsewhere: (domain, exchanger) =>
      `ただし、${domain} 宛てのメールは別のサーバー ${exchanger} に届く設定です（MX レコード）。そこから転送されている場合を除き、メールボックスは移転済みかもしれません。`,
    oauthOnly: name =>
      `${name} は IMAP / POP3 でのパスワード認証を受け付けず、独自のログイン（OAuth 2.0）だけを使えます。hikyaku はまだ対応していないため、パスワードはお尋ねしません。メールは元の場所に残ります。`,
    oauthQuestion: 'どうしますか？',
    leave: '設定を終える',
    otherDomain: (host, domain) =>
      `${domain} の DNS には、ドメイン外のサーバー ${host} が書かれています。DNS の情報は途中で書き換えられる可能性があります。ご契約のサーバーに間違いありませんか？ パスワードはここに送られます。`,
    isMine: 'はい、契約しているサーバーです',
    panel: [
      '管理画面（コントロールパネル、サーバーパネル）の「メール設定」「メールソフト設定」などのページ、または契約時の「設定完了のお知らせ」メールで、次の項目をご確認ください。',
      '  受信メールサーバー、IMAP サーバー、POP サーバー（POP3 サーバー）: メールサーバー名',
      '  受信ポート番号、SSL / TLS: 通常、IMAP は 993、POP3 は 995',
      '  アカウント名、ユーザー名、ユーザー ID、メールアカウント: 通常はメールアドレス全体',
      '  パスワード: メールアドレスを作成したときのもの（管理画面のログインパスワードではありません）',
      '送信メールサーバー（SMTP サーバー）は使いません。',
    ].join('\n'),
    noTls: (host, port) =>
      `${host}:${port} も見つかりましたが、暗号化されていないため使いません（パスワードを盗み見られるおそれがあります）。`,
    found: ({ protocol, host, port, security }) =>
      `${protocols[protocol]}  ${host}:${port}  ${securities[security]}`,
    origins: {
      preset: 'hikyaku に登録済みの情報から',
      autoconfig: 'ドメインが公開している設定から',
      'well-known': 'ドメインが公開している設定から',
      srv: 'ドメインの DNS から',
      'own-name': 'ドメイン自身の名前で応答するサーバー',
      ispdb: 'Thunderbird の一覧から',
    },
    which: 'どのサーバーを使いますか？',
    byHand: 'ほかのサーバー名を入力する',
    protocol: '受信方式を選んでください（管理画面で両方使えるなら IMAP）',
    imap: 'IMAP: 新着がすぐ届く。迷惑メールフォルダも取り込める（おすすめ）',
    pop3: 'POP3: 1 分ごとに確認。受信トレイだけ',
    host: '受信メールサーバー（IMAP サーバー／POP サーバー）の名前（管理画面の「メール設定」などに書かれています）',
    hostWrong:
      'サーバー名の形式が正しくありません。https:// などは付けません。例: mail.example.jp、sv123.example.ne.jp',
    security: '暗号化（SSL/TLS）',
    tls: 'SSL/TLS（通常）',
    starttls: 'STARTTLS',
    none: 'なし（このコンピューター内のサーバーだけ）',
    port: 'ポート番号',
    portWrong: '1〜65535 の半角数字で入力してください。通常、IMAP は 993、POP3 は 995 です。',
    digestWrong: '--cert-sha256 が SHA-256（16 進数 64 桁）ではないため、使いません。',
  },
  login: {
    user: 'ユーザー名（管理画面の「アカウント名」。ふつうはメールアドレス全体）',
    accountName: '管理画面に書かれているメールアカウント名（このサーバーではメールアドレスとは異なります）',
    password: user => `メールボックス ${user} のパスワード（入力中の文字は表示されません。半角で入力）`,
    trying: (host, port) => `${host}:${port} にログインしています…`,
    worked: (protocol, idle) =>
      protocol === 'pop3'
        ? 'ログインできました。POP3 では 1 分ごとに確認します。取り込めるのは受信トレイだけです。'
        : idle
          ? 'ログインできました。新着メールはすぐに通知されます。'
          : 'ログインできました。このサーバーは新着を通知しないため、30 秒ごとに確認します。',
    workedAtLimit: (host, { most, within, every, shared }) =>
      `ログインできました。${host} はログインを ${within}に ${most} 回までに制限しているため、確認は最短でも ${every}ごとです${shared ? '（メールボックスが増えると、さらに間隔が空きます）' : ''}。POP3 で取り込めるのは受信トレイだけです。`,
    productElsewhere: (name, how) =>
      `${name} のメールボックスの場合は、別のサーバーを選んでください（${how}）。`,
    otherProduct: name =>
      `同じ会社の別サービス（${name}）のメールボックスかもしれません。同じパスワードで試しています…`,
    passwords: {
      mailbox: {
        question: (user, _host) => `メールボックス ${user} のパスワード（表示されません）`,
        refused: host =>
          `${host} では、管理画面や会員ページのパスワードではなく、メールボックス（メールアドレス）のパスワードを使います。`,
      },
      separate: {
        question: (user, host) => `${host} で設定した、${user} のメールソフト用パスワード（表示されません）`,
        refused: host =>
          `${host} には、メールソフト用のパスワードが別にあります（アカウントの設定で決めたもの）。Web サイトのパスワードは使えません。`,
      },
      generated: {
        question: (user, host) => `${host} が発行した、${user} のメールソフト用パスワード（表示されません）`,
        refused: host =>
          `${host} では、管理画面で発行されるメールソフト用のパスワードを使います（表示されるのは発行時だけです）。ご自分で決めたパスワードは使えません。`,
      },
      app: {
        question: (user, host) => `${host} のアプリ用パスワード（${user}、表示されません）`,
        refused: host =>
          `${host} で使えるのはアプリ用パスワードだけです。アカウントのセキュリティ設定で作成して入力してください。ふだんのパスワードは使えません。`,
      },
      'app-with-two-factor': {
        question: (user, _host) =>
          `メールボックス ${user} のパスワード。2 段階認証を使っている場合はアプリ用パスワード（表示されません）`,
        refused: host =>
          `2 段階認証を使っている場合、${host} で使えるのはアプリ用パスワードだけです。アカウントのセキュリティ設定で作成してください。使っていない場合は、メールボックスのパスワードです。`,
      },
      'oauth-only': {
        question: (user, _host) => `メールボックス ${user} のパスワード（表示されません）`,
        refused: host => `${host} ではパスワードを使えません。独自のログイン（OAuth 2.0）だけです。`,
      },
    },
    userForms: {
      address: host => `${host} のユーザー名は、メールアドレス全体です。`,
      'local-part': host => `${host} のユーザー名は、メールアドレスの @ より前の部分だけです。`,
      'dotted-address': host => `${host} のユーザー名は、メールアドレスの @ をピリオドに替えたものです。`,
      'account-name': host =>
        `${host} のユーザー名は、管理画面に書かれているアカウント名です。メールアドレスではありません。`,
    },
    hints: {
      refused: () =>
        '管理画面のパスワードではなく、メールボックスのパスワードです。全角文字や末尾の空白が入っていないかもご確認ください。ユーザー名は、メールアドレス全体の場合と、@ より前だけの場合があります。',
      host: () => '管理画面のメール設定と、サーバー名を 1 文字ずつ見比べてください。',
      unreachable: server =>
        `サーバー名とポート番号（${server.port}）をご確認ください。${server.protocol === 'imap' ? '通常、IMAP は 993 です。' : '通常、POP3 は 995 です。'}ファイアウォールで遮断されている場合もあります。`,
      tls: () =>
        '暗号化された接続ができなかったため、何も送信していません。ポートと暗号化の組み合わせをご確認ください。993 と 995 は SSL/TLS、143 と 110 は STARTTLS です。',
      method: () => 'このサーバーは、hikyaku が対応しているパスワード認証を受け付けません。',
      later: () => '一時的なものかもしれません。少し待ってから、もう一度お試しください。',
    },
    oddPassword: {
      'full-width':
        '入力されたパスワードに全角文字が含まれています。日本語入力を切り、半角で入力してください。',
      blanks:
        '入力されたパスワードの先頭か末尾に空白があります。コピーしたときに空白が混ざっていないかご確認ください。',
      both: '入力されたパスワードに全角文字が含まれ、先頭か末尾に空白があります。日本語入力を切り、空白を除いて入力してください。',
    },
    passwordAsTyped: '入力したまま使う',
    caution:
      'ご注意: パスワードを何度も間違えると、メールボックスが一時的にロックされることがあります。先に Web メールでログインできるかお試しください。',
    whatToCorrect: '何を変更しますか？',
    correct: {
      password: 'パスワードを入力し直す',
      user: 'ユーザー名を変える',
      server: 'サーバーを変える',
      again: '変更せずにもう一度試す',
    },
  },
  certificate: {
    shown: ({ host, why, names, issuer, until, digest }) =>
      [
        why === 'name'
          ? `サーバー証明書の名前が ${host} と一致しません。パスワードは送信していません。`
          : why === 'time'
            ? `${host} のサーバー証明書は有効期間外です（このコンピューターの時計がずれている可能性もあります）。パスワードは送信していません。`
            : `${host} のサーバー証明書は、信頼できる認証局のものではありません。パスワードは送信していません。`,
        names.length > 0 ? `  証明書の名前: ${names.join('、')}` : '',
        issuer === '' ? '' : `  発行者: ${issuer}`,
        until === '' ? '' : `  有効期限: ${until}`,
        `  SHA-256: ${digest}`,
        why === 'name'
          ? 'レンタルサーバーではよくあることです。証明書が、独自ドメインではなくサーバー会社の名前で発行されています。'
          : '第三者がサーバーになりすましている可能性もあります。この SHA-256 が正しいか、サーバー会社にご確認ください。',
      ]
        .filter(Boolean)
        .join('\n'),
    question: 'どうしますか？',
    useName: name => `証明書の名前のサーバーを使う: ${name}`,
    otherServer: '別のサーバー名を入力する',
    pin: '自分のサーバーだと確認した。今後はこの証明書だけを信頼する',
  },
  folders: {
    wrong: 'フォルダーの指定になっていません。例: INBOX,Junk:spam',
    missing: (names, there) => `フォルダー ${names} はありません。あるもの: ${there}`,
    noSpam: '迷惑メールフォルダは見つかりませんでした。受信トレイを取り込みます。',
    spam: name =>
      `サーバーの迷惑メールフォルダ「${name}」も取り込みますか？（大切なメールが振り分けられていることがあります）`,
    spamLabel: 'サーバーの迷惑メール',
    toSpam: 'Gmail の迷惑メールに入れる（Gmail が 30 日後に削除します）',
    toLabel: label => `Gmail でラベル「${label}」を付けて取り込む`,
    leave: 'サーバーに残す',
    wanted: name =>
      `サーバーは、知らない差出人からのメールなど、必要なメールの一部を「${name}」フォルダーに入れます。どうしますか？`,
    toInbox: 'Gmail の受信トレイに取り込む',
    more: 'ほかにも取り込むフォルダーはありますか？（スペースで選択、Enter で次へ）',
    sent: name => `${name}（自分が送ったメール。既読のまま専用のラベルを付け、受信トレイには入れません）`,
    sentLabel: '送信したメール',
  },
  learned: names =>
    `届いているメールから、レンタルサーバーが書いた行の見分け方がわかりました（認証結果の表示に使います）: ${names}。設定の receivingServers と authservIds に保存します。あとで変更できます。`,
  start,
  rules,
  after: {
    question: 'Gmail に取り込んだあと、サーバーのメールをどうしますか？',
    keep: 'サーバーに残す（いちばん安全）',
    deleteAfter: '数日後にサーバーから削除する',
    delete: 'すぐにサーバーから削除する',
    move: 'サーバーの別のフォルダーへ移動する',
    days: '何日後に削除しますか？',
    daysWrong: '日数を半角数字で入力してください。例: 14',
    folder: 'どのフォルダーへ移動しますか？（なければ作成します）',
    folderWrong: 'フォルダー名として使えません。',
    folderPulled: 'このフォルダーからメールを取り込んでいます。別のフォルダーを選んでください。',
  },
  label: {
    question: 'Gmail で付けるラベル（不要なら Enter）',
    wrong:
      'Gmail では使えないラベルです。複数ある場合はカンマで区切ってください。「Sent」「Drafts」「Chats」は Gmail が使っています。',
    archive: 'Gmail のどこに表示しますか？',
    archiveYes: '受信トレイをスキップ（アーカイブする）。ラベルがなければ「すべてのメール」でだけ見られます',
    archiveNo: '受信トレイ',
  },
  change,
  google,
  oauth,
  way,
  saved: (file, vault, because) =>
    file === undefined
      ? `アクセス権を保存しました（保存先: ${vault}、${because}）`
      : `保存しました: ${file}\nパスワードとアクセス権の保管場所: ${vault}（${because}）`,
  because: {
    asked: 'ご指定どおり',
    kept: '前回と同じ',
    works: 'この環境で利用できるため',
    'key-given': '鍵が指定されているため',
    'no-bus': 'この環境ではキーチェーンを使えないため',
    'no-service': 'キーチェーンが起動していないため',
  },
  pull: {
    question: '今すぐ最初のメールを Gmail に取り込みますか？',
    yes: 'はい',
    no: 'いいえ、あとで',
    running:
      'hikyaku はすでに動作中です。新しい設定を反映するため、再起動してください（hikyaku service install）。',
  },
  service: {
    question: 'これからも自動で取り込みますか？',
    install: 'はい、このコンピューターの起動中はいつも（サービス）',
    here: 'はい、このウィンドウを開いているあいだだけ',
    later: 'いいえ、あとで設定する',
    notInstalled: '自動起動を登録できませんでした。ここまでの設定は保存されています。',
    hereNow: 'hikyaku が動いています。Ctrl+C で止まります。',
  },
  password: {
    which: 'パスワードを変更したメールボックスはどれですか？',
    noMailbox: 'メールボックスがまだ設定されていません。`hikyaku setup` で設定してください',
    unknown: (given, known) => `メールボックス ${given} は登録されていません。登録されているもの: ${known}`,
    unchanged: 'これまで保存していたパスワードは、そのままです。',
    saved: (mailbox, vault) =>
      `${mailbox} の新しいパスワードでログインできました。保管場所: ${vault}。ほかの設定は変更していません。`,
    goesOn: '動作中の hikyaku が、すぐに新しいパスワードを使います。',
    takesUpLater: '次の取り込みから使います。',
  },
  done: '設定が終わりました。状況は `hikyaku status` で確認できます。まだ自動起動を登録していない場合は、`hikyaku service install` でいつも動くようになります。メールが届くことを確かめたら、以前の転送設定を止めてください（止めないと同じメールが 2 通届きます）。',
  replying: (address, smtp, provider) =>
    `${address} から返信するには、レンタルサーバーの Web メールかメールソフトをお使いください。送信メールサーバー（SMTP）は${
      smtp === undefined
        ? '管理画面でご確認ください'
        : `「${smtp.host}、${smtp.port} 番、${smtp.security === 'tls' ? 'SSL/TLS' : 'STARTTLS'}」です`
    }。詳しくは${provider === undefined ? '' : ` \`hikyaku provider ${provider}\` と`} docs/replying.ja.md をご覧ください。`,
  revoke,
}
