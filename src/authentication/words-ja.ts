import type { AuthenticationWords } from './words-en.ts'

/** 認証結果の日本語の文言。SPF という言葉を知らない人にも読めるように書く。 */
export const ja: AuthenticationWords = {
  labels: {
    message: 'メール',
    octets: 'バイト',
    sender: '差出人のドメイン',
    receivedBy: '受信サーバー',
    receivedFrom: '送信元',
    check: '検査',
    stamped: '受信サーバーの記録',
    verified: 'hikyaku の検証',
    notTold: '-',
    notKnown: '不明',
    unprovenMark: '(?)',
    unprovenNote:
      '(?) あてにしないでください。受信サーバーの名前がありますが、差出人にも書ける場所にあります。サーバーがすべてのメールに書いている場合は、`hikyaku setup` が調べて設定します。AUTHSERV_IDS（ここでは --authserv-id）で mx.example.jp:spf+dkim のように指定することもできます。',
    namelessNote: '(?) あてにしないでください。サーバーの名前がない行です。',
    judgedBeforeNote:
      '(?) あてにしないでください。誰が書いた行かを、差出人にだまされるおそれのあった以前のバージョンが判定しています。',
    noStamps: '受信サーバーはこのメールに認証結果を記録していません。',
    forgedTitle: '信用できない行',
    leftOut: '行は省略しました',
    forecastTitle: '転送していた場合との比較（予測）',
    forecastMissing: '予測はありません（hikyaku の検証の結果が必要です）。',
    wayImport: 'hikyaku で取り込み',
    wayPlain: '転送',
    waySrs: '転送（SRS あり）',
    wayArc: '転送（ARC あり）',
    imported:
      '受信した内容のまま Gmail に入る。SPF・DKIM・DMARC を理由に拒否されることはない。ただし、Gmail が内容から迷惑メールと判定することはある（GMAIL_NEVER_MARK_SPAM=yes で防げる）',
    depends: (outcome, otherwise) =>
      `Gmail が ARC の署名を信用すれば「${outcome}」、信用しなければ「${otherwise}」`,
    meaning: (word, meaning) => `${word}：${meaning}。`,
    space: '',
    comma: '、',
    of: (result, detail) => `${result} ${detail}`,
    more: count => `、ほか ${count}`,
    proofTitle: '内容が同じである証拠',
    shaRetrieved: '取得時の SHA-256',
    shaFile: 'SHA-256',
    shaUploaded: '送信時の SHA-256',
    shaReadBack: 'Gmail からの読み戻し',
    same: '一致',
    different: '不一致',
    fileNote: '取り込みではこのバイト列をそのまま送ります。変換も追加も修復もしません。',
    addressNote:
      '転送に使われるアドレスがわからないため、差出人が許可していない一般のアドレスで計算しました。FORWARDING_ADDRESS（ここでは --forwarding-address）で指定すると正確になります。',
    guessNote:
      'このアドレスは、受信サーバーの名前を DNS で調べた推測です。FORWARDING_ADDRESS（ここでは --forwarding-address）で指定すると正確になります。',
  },
  questions: {
    spf: '差出人のドメインの正規のサーバーから送られたか',
    dkim: '署名は有効か（途中で改ざんされていないか）',
    dmarc: 'なりすましではないか（SPF か DKIM が、From に見えるドメインと一致するか）',
    arc: '以前に転送したサーバーが、受け取ったときの結果を保証しているか',
  },
  results: {
    pass: '合格 (pass)',
    fail: '不合格 (fail)',
    softfail: '弱い不合格 (softfail)',
    neutral: '判断なし (neutral)',
    none: 'なし (none)',
    permerror: '設定の誤り (permerror)',
    temperror: '一時エラー (temperror)',
    policy: '方針により無効 (policy)',
    unknown: '不明',
  },
  meanings: {
    pass: 'はい',
    fail: 'いいえ',
    softfail: 'おそらく、いいえ',
    neutral: '差出人のドメインが、どちらとも公開していません',
    none: '検査の対象がありません',
    permerror: '差出人側の設定に誤りがあります',
    temperror: '受信時に調べられませんでした',
    policy: '結果はありますが、数えません',
    unknown: '調べられませんでした（良い悪いのどちらでもありません）',
  },
  policies: {
    none: 'p=none：DMARC に合格しないメールについて、ドメインは特別な扱いを求めていません。',
    quarantine: 'p=quarantine：DMARC に合格しないメールを、ドメインは迷惑メールにするよう求めています。',
    reject: 'p=reject：DMARC に合格しないメールを、ドメインは拒否するよう求めています。',
  },
  verdictReasons: {
    dns: 'DNS の応答が得られませんでした。メールの良し悪しとは関係ありません。',
    'no-client': 'どのサーバーから来たかを、受信サーバーの記録から読み取れません。',
    'no-sender': 'どのアドレスから送られたか (Return-Path) を、受信サーバーが記録していません。',
    'client-hidden':
      '受信サーバーの記録にあるのは内部ネットワークのアドレスです。同じ会社の別のサーバーか中継（プロキシ）で、その先の送信元はわかりません。',
    'client-near':
      '受信サーバーが受け取った相手は、同じ会社の別のサーバーか、近くにある他人のサーバーです。外部の送信元はわかりません。',
    'too-many-lookups': '差出人の SPF 設定は、規格の上限である 10 回を超える問い合わせを必要とします。',
    'record-error': '差出人の DNS の設定に誤りがあります。',
    'body-changed': '署名の後で、本文または添付ファイルが変更されています。',
    'signature-wrong': '署名の後でヘッダーが変更されたか、署名が偽物です。',
    'no-key': '署名者の鍵が DNS に（もう）ありません。',
    'key-unusable': '署名者の鍵は使えないものです。',
    'too-weak': '署名の方式か鍵が、もう安全ではない古いものなので、数に入りません。',
    expired: '署名は、メールが届いた時点で期限切れでした。',
    'from-not-signed': '署名が差出人 (From) の行を含まないため、差出人について何も保証しません。',
    'not-understood': '署名を読み取れないか、署名が標準の決まりに反しています。',
    'partly-signed': '本文の先頭だけが署名されています。残りは誰でも書き足せました。',
    'not-aligned': '差出人 (From) のドメインについて、SPF も DKIM も合格していません。',
    'no-policy': '差出人のドメインには DMARC の設定がありません。',
    'no-author': '差出人 (From) のドメインが 1 つに決まりません。',
    'chain-broken': '転送者が ARC の署名をした後でメールが変更されたか、署名が偽物です。',
  },
  trustReasons: {
    'above-border': '受信サーバーが書いた行です',
    confirmed: '設定で確認済みの名前で受信サーバーが書いた行です',
    'own-form': '受信サーバーが（名前なしで）書いた行です',
    'queue-id': '受信サーバーが書いた行です（このメールの受付番号があります）',
    'place-open': '受信サーバーの名前がありますが、差出人にも書けた行です',
    'method-open': '設定で確認済みの名前ですが、この項目をサーバーが書くとは確認されていません',
    'foreign-id': '別のサーバーの名前です',
    'no-id': 'サーバーの名前がありません',
    'below-foreign': '受信サーバーの行と確かめられる範囲より下にあり、誰でも書けた行です',
    'outgoing-form': '差出人側の Microsoft 365 が、宛先のドメイン名で書いた行です',
    'no-signature': 'このメールにない署名について述べています',
    'judged-before': '差出人にだまされるおそれのあった以前のバージョンが判定した行です',
    repeated: '上の行と同じ項目の繰り返しなので、受信サーバーの行ではありません',
    'no-trace': '誰が書いたかを示す Received の行がありません',
  },
  states: {
    off: '検証は無効に設定されています。',
    'not-done': 'このメールの結果は記録されていません。',
    'library-missing': '検証できません。Node.js 22.19 以上が必要です。',
    'message-too-complex': '検証しません。メールの構造が複雑すぎます。',
    'broken-off': '検証を途中で打ち切りました。時間がかかりすぎたか、解釈できない箇所があったためです。',
    'too-busy':
      '検証しませんでした。ほかのメールの検証が重なっていたためで、メールの良し悪しとは関係ありません。',
  },
  complexities: {
    'header-octets': 'ヘッダーが 64 KiB を超えています',
    fields: 'ヘッダーの項目が 1,000 を超えています',
    'field-lines': '100 行を超えるヘッダー項目があります',
    'white-space': 'ヘッダーに 1,024 を超える連続した空白があります',
    signatures: '署名が 10 を超えています',
    'arc-fields': 'ARC の連鎖が 10 を超えています',
    'signature-tags': '50 を超える要素をもつ署名があります',
    'signed-names': '100 を超えるヘッダー項目を対象とする署名があります',
    'signed-octets': 'サイズに対して署名が多すぎます',
    'line-octets': '1 MiB を超える行があります',
  },
  outcomes: {
    delivered: '受信トレイに届く',
    'delivered-softfail': '受信トレイに届くが、SPF は {spf}',
    spam: '迷惑メールに入る',
    'refused-or-spam': '拒否されるか、迷惑メールに入る',
    refused: '拒否され、届かない',
    unknown: '不明',
  },
  costs: {
    none: '転送していても、このメールが失うものはありません。',
    softfail: '転送していたら、このメールの SPF は不合格になっていました（メール自体は届きます）。',
    spam: '受信サーバーが受け取ったこのメールは、転送していたら迷惑メールに入っていました。',
    'possibly-lost':
      '受信サーバーが受け取ったこのメールは、転送していたら失われたおそれがあります。どちらになるかは Gmail にしかわかりません。',
    lost: '受信サーバーが受け取ったこのメールは、転送していたら失われていました。',
    unknown: '転送していたらどうなったかはわかりません。',
  },
  told: {
    sender: '拒否されても、知らせが届くのは差出人だけで、あなたには届きません。',
    nobody:
      '拒否されても、誰にも知らされません。このメール自体がメールサーバーからの通知で、差出人がないためです。',
    unknown: '拒否されても、あなたには知らされません。',
  },
  reasons: {
    'spf-forwarder': ({ spf = '', domain = '', address }) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}：Gmail から見た送信元は転送サーバーのアドレス ${address} で、${domain} ${listed(spf)}。`,
    'spf-forwarder-guess': ({ spf = '', domain = '', address }) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}：Gmail から見た送信元は転送サーバーのアドレス（おそらく ${address}）で、${domain} ${listed(spf)}。`,
    'spf-stranger': ({ spf = '', domain = '' }) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}：Gmail から見た送信元は転送サーバーで、${domain} ${listed(spf)}。`,
    'spf-bounce': ({ spf, domain }) =>
      `SPF ${spf}：メールサーバーからの通知には差出人アドレスがないため、Gmail は転送サーバー自身の名前（おそらく ${domain}）を調べます。`,
    'spf-bounce-unknown': () =>
      'SPF：不明です。メールサーバーからの通知には差出人アドレスがないため、Gmail は転送サーバー自身の名前を調べますが、それがわかりません。',
    'spf-no-sender': () =>
      'SPF：不明です。どのアドレスから送られたか (Return-Path) を、受信サーバーが記録していません。',
    'spf-direct': ({ spf, domain }) => `SPF ${spf}：受信サーバーに届いた時点の ${domain} の結果です。`,
    'spf-rewritten': () =>
      'SPF pass：ただし転送サーバー自身のドメインとしての合格です。SRS は、配送上の差出人アドレスを転送サーバーのものに書き換えるしくみです。',
    'spf-bounce-kept': () =>
      'SRS は差出人アドレスを書き換えるしくみです。このメールには差出人アドレスがないため、何も変わりません。',
    'spf-unknown': () => 'SPF：不明です。',
    'dkim-survives': ({ domain }) => `DKIM pass：${domain} の署名は、内容を変えない転送なら有効なままです。`,
    'dkim-survives-other': ({ domain, from }) =>
      `DKIM pass：ただし ${domain} の署名で、${from} の保証にはなりません。`,
    'dkim-ed25519': ({ domain }) =>
      `DKIM：${domain} の署名は有効ですが、Gmail が検証しない種類 (ed25519) です。`,
    'dkim-broken': () => 'DKIM fail：有効な署名がありません。',
    'dkim-none': () => 'DKIM なし：差出人は署名していないため、保証できるのは SPF だけです。',
    'dkim-unknown': () => 'DKIM：不明です。',
    'dmarc-pass-dkim': ({ from }) => `DMARC pass：署名が ${from} を保証します。`,
    'dmarc-pass-spf': ({ from }) => `DMARC pass：SPF が ${from} を保証します。`,
    'dmarc-none': ({ from }) => `DMARC なし：${from} は DMARC を公開していません。`,
    'dmarc-fail-none': ({ from }) => `DMARC fail：ただし ${from} は特別な扱いを求めていません (p=none)。`,
    'dmarc-fail-quarantine': ({ from }) =>
      `DMARC fail：${from} を保証するものがない状態になり、${from} はそのようなメールを迷惑メールにするよう求めています (p=quarantine)。`,
    'dmarc-fail-reject': ({ from }) =>
      `DMARC fail：${from} を保証するものがない状態になり、${from} はそのようなメールを拒否するよう求めています (p=reject)。`,
    'dmarc-never-quarantine': ({ from }) =>
      `DMARC fail（転送の有無によらず）：${from} を保証するものがなく、${from} はそのようなメールを迷惑メールにするよう求めています (p=quarantine)。それでも受信サーバーは受け取りました。`,
    'dmarc-never-reject': ({ from }) =>
      `DMARC fail（転送の有無によらず）：${from} を保証するものがなく、${from} はそのようなメールを拒否するよう求めています (p=reject)。それでも受信サーバーは受け取りました。`,
    'dmarc-unknown': () => 'DMARC：不明です。',
    'policy-percent': ({ percent }) =>
      `ドメインの設定は、そのうち ${percent} % だけに適用するよう求めています (pct=${percent})。現在の規格 (RFC 9989) ではこの指定が廃止されたため、すべてに適用されます。`,
    unauthenticated: () =>
      'SPF も DKIM も合格しません。Gmail は SPF か DKIM のどちらかの合格を求めているため、拒否する (550-5.7.26) か、迷惑メールに入れます。',
    'arc-chain-there': ({ sealer }) =>
      `このメールには ${sealer} の有効な ARC の署名 (seal) があります。Gmail は、そのサーバーが見た結果に従うことがあります。`,
    'arc-may-help': () =>
      'ARC は、届いた時点の結果に転送サーバーが署名 (seal) するしくみです。信用するかどうかは Gmail が決めます。',
    'arc-not-needed': () =>
      'ARC は、届いた時点の結果に転送サーバーが署名 (seal) するしくみです。このメールでは何も変わりません。',
    'arc-nothing-good': () =>
      'ARC は、届いた時点の結果に転送サーバーが署名 (seal) するしくみです。届いた時点ですでに問題があったため、役に立ちません。',
    'arc-broken': () =>
      'ARC は、届いた時点の結果に転送サーバーが署名 (seal) するしくみです。届いた時点ですでに ARC の連鎖が壊れていたため、役に立ちません。',
  },
  report: {
    title: days => `最近 ${days} 日間のメールを転送していた場合（予測）`,
    empty: days => `最近 ${days} 日間に検証したメールはありません。`,
    columns: {
      mailbox: 'メールボックス',
      sender: '差出人のドメイン',
      messages: '通数',
      lost: '消失',
      possiblyLost: '消失？',
      spam: '迷惑',
      softfail: 'SPF 不合格',
      chart: 'グラフ',
    },
    total: '合計',
    legend: '# 届かない（拒否）   ? 届かないおそれ（拒否か迷惑メール）   + 迷惑メール',
    summary: ({ messages, lost, possiblyLost, spam }) =>
      `${messages} 通のうち、転送していたら ${lost} 通が失われ、さらに ${possiblyLost} 通が失われるおそれがあり、${spam} 通が迷惑メールに入っていました。hikyaku は受信したとおりに取り込みました。`,
    notKnown: count => `ほかに ${count} 通は、転送していた場合の結果がわかりません。`,
    others: count => `ほか ${count} ドメイン`,
    repeated: '次のメールは、Gmail の応答が失われたため、二重に入っている可能性があります：',
  },
}

function listed(spf: string): string {
  if (spf === 'pass') return 'が許可しているアドレスです'
  return spf === 'permerror' ? 'の設定に誤りがあるため判定できません' : 'が許可していないアドレスです'
}

const publishesNothing = (domain: string): string =>
  `SPF なし：${domain} は、どのサーバーから送るかを公開していません。`
