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
    question: '何を調べるか',
    stamped: '受信サーバーの記録',
    verified: '今回の検証',
    notTold: '-',
    notKnown: '不明',
    unprovenMark: '(?)',
    unprovenNote:
      '(?) あてにしないでください。受信サーバーの名前がありますが、差出人にも書ける場所にあります。サーバーがこの名前で結果を記録していると分かっているなら、AUTHSERV_IDS（または --authserv-id）で指定してください。',
    noStamps: '受信サーバーはこのメールに認証結果を記録していません。',
    forgedTitle: '信用できない行',
    leftOut: '行は省略しました',
    forecastTitle: 'Gmail ではどう扱われたか',
    forecastMissing: '予測はありません（検証の結果が必要です）。',
    wayImport: 'hikyaku で取り込み',
    wayPlain: '転送',
    waySrs: '転送（SRS あり）',
    wayArc: '転送（ARC あり）',
    imported: '上の結果のまま、受信したとおりに Gmail に入る',
    ifTrusted: 'Gmail が転送サーバーの封印を信用した場合',
    otherwise: '信用しなければ',
    comma: '、',
    proofTitle: '内容が同じである証拠',
    shaRetrieved: '取得時の SHA-256',
    shaFile: 'SHA-256',
    shaUploaded: '送信時の SHA-256',
    shaReadBack: 'Gmail からの読み戻し',
    same: '一致',
    different: '不一致',
    fileNote: '取り込みではこのバイト列をそのまま送ります。変換も追加も修復もしません。',
    addressNote:
      '転送サーバーのアドレスが分からないため、差出人が許可していない一般のアドレスで計算しました。正確に知るには --forwarding-address で指定してください。',
  },
  questions: {
    spf: '送信サーバーは許可されているか',
    dkim: '差出人の署名は無傷か',
    dmarc: '差出人アドレスと一致するか',
    arc: '途中の転送者が保証するか',
  },
  results: {
    pass: '合格 (pass)',
    fail: '不合格 (fail)',
    softfail: '疑わしい (softfail)',
    neutral: '判断なし (neutral)',
    none: 'なし (none)',
    permerror: '設定の誤り (permerror)',
    temperror: '一時エラー (temperror)',
    policy: '方針により無効 (policy)',
    unknown: '不明',
  },
  verdictReasons: {
    dns: 'DNS の応答が得られませんでした。メールの良し悪しとは関係ありません。',
    'no-client': 'どのサーバー、どの差出人から来たかを、受信サーバーの記録から読み取れません。',
    'client-hidden':
      '受信サーバーの記録にあるのは内部ネットワークのアドレスです。社内の別のマシンか中継（プロキシ）で、その先の送信元は分かりません。',
    'client-near':
      '受信サーバーが受け取った相手は、同じ会社の別のマシンか、近くの他人のマシンです。外部の送信元は分かりません。',
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
    'no-author': '差出人 (From) のドメインが一つに決まりません。',
    'chain-broken': '転送者が封印した後でメールが変更されたか、封印が偽物です。',
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
    refused: '拒否される（あなたの目に触れません）',
    unknown: '不明',
  },
  costs: {
    none: '転送しても、このメールは変わりませんでした。',
    softfail: '転送すると、このメールの SPF は不合格になりました。',
    spam: '転送すると、このメールは迷惑メールに入りました。',
    lost: '転送すると、このメールは失われました。知らせが届くのは差出人だけです。',
    unknown: '転送した場合の結果は分かりません。',
  },
  reasons: {
    'spf-forwarder': ({ spf = '', domain = '', address }) =>
      spf === 'none'
        ? `SPF なし：${domain} は、どのサーバーから送るかを公表していません。`
        : `SPF ${spf}：Gmail から見た送信元は転送サーバーのアドレス ${address} で、${domain} ${listed(spf)}。`,
    'spf-stranger': ({ spf = '', domain = '' }) =>
      spf === 'none'
        ? `SPF なし：${domain} は、どのサーバーから送るかを公表していません。`
        : `SPF ${spf}：Gmail から見た送信元は転送サーバーで、${domain} ${listed(spf)}。`,
    'spf-direct': ({ spf, domain }) => `SPF ${spf}：受信サーバーに届いた時点の ${domain} の結果です。`,
    'spf-rewritten': () =>
      'SPF pass：ただし転送サーバー自身のドメインとしての合格です。SRS は配送上の差出人をそれに書き換えます。',
    'spf-unknown': () => 'SPF：不明です。',
    'dkim-survives': ({ domain }) => `DKIM pass：${domain} の署名は、内容を変えない転送なら有効なままです。`,
    'dkim-survives-other': ({ domain, from }) =>
      `DKIM pass：ただし ${domain} の署名で、${from} の保証にはなりません。`,
    'dkim-broken': () => 'DKIM fail：有効な署名がありません。',
    'dkim-none': () => 'DKIM なし：差出人は署名していないため、保証できるのは SPF だけです。',
    'dkim-unknown': () => 'DKIM：不明です。',
    'dmarc-pass-dkim': ({ from }) => `DMARC pass：署名が ${from} を保証します。`,
    'dmarc-pass-spf': ({ from }) => `DMARC pass：SPF が ${from} を保証します。`,
    'dmarc-none': ({ from }) => `DMARC なし：${from} は何も求めていません。`,
    'dmarc-fail-none': ({ from }) => `DMARC fail：ただし ${from} は特別な扱いを求めていません (p=none)。`,
    'dmarc-fail-quarantine': ({ from }) =>
      `DMARC fail：${from} を保証するものがなくなり、${from} はそのようなメールを迷惑メールにするよう求めています (p=quarantine)。`,
    'dmarc-fail-reject': ({ from }) =>
      `DMARC fail：${from} を保証するものがなくなり、${from} はそのようなメールを拒否するよう求めています (p=reject)。`,
    'dmarc-unknown': () => 'DMARC：不明です。',
    'policy-percent': ({ percent }) =>
      `ドメインは、そのうち ${percent} % だけに適用するよう求めています (pct=${percent})。`,
    unauthenticated: () =>
      'SPF も DKIM も合格しません。Gmail はどちらかを求めるため、迷惑メールに入るか、550-5.7.26 で拒否されます。',
    'arc-may-help': () =>
      '封印は、転送サーバーに届いた時点では問題がなかったことを Gmail に伝えます。信じるかどうかは Gmail が決めます。',
    'arc-not-needed': () => 'この場合、封印があっても結果は変わりません。',
    'arc-nothing-good': () =>
      '封印は役に立ちません。届いた時点ですでに問題があったことしか伝えられないためです。',
    'arc-broken': () => '封印は役に立ちません。届いた時点ですでに ARC の鎖が壊れていたためです。',
  },
  report: {
    title: days => `最近 ${days} 日間のメールを転送していたら`,
    empty: days => `最近 ${days} 日間に検証したメールはありません。`,
    columns: {
      mailbox: 'メールボックス',
      sender: '差出人のドメイン',
      messages: '通数',
      lost: '消失',
      spam: '迷惑',
      softfail: 'SPF不合格',
      chart: '消失または迷惑メール',
    },
    total: '合計',
    legend: '# 消失（拒否）   + 迷惑メール',
    summary: ({ messages, lost, spam }) =>
      `${messages} 通のうち、転送していたら ${lost} 通が失われ、${spam} 通が迷惑メールに入っていました。hikyaku は受信したとおりに取り込みました。`,
    notKnown: count => `ほかに ${count} 通は、転送した場合の結果が分かりません。`,
    others: count => `ほか ${count} ドメイン`,
    repeated: '次のメールは、Gmail の応答が失われたため、二重に入っている可能性があります：',
  },
}

function listed(spf: string): string {
  if (spf === 'pass') return 'が許可しているアドレスです'
  return spf === 'permerror' ? 'の設定に誤りがあるため判定できません' : 'が許可していないアドレスです'
}
