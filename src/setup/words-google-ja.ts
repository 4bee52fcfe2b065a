/** Google へのログインについての文言。 */
import type { GoogleWords } from './words-google-en.ts'

export const google: GoogleWords = {
  account: 'メールを読む Gmail アドレスを入力してください',
  accountWrong: 'メールアドレスの形式が正しくありません。半角で入力してください（例: yourname@gmail.com）',
  accountSame: 'それは取り込み元のアドレスです。Gmail のアドレスを入力してください。',
  which: 'どの Gmail アカウントですか？',
  already: address => `${address} への取り込みはすでに許可されています。ログインは不要です。`,
  stepsAhead: address =>
    `Google の設定をします。ご自身専用の「OAuth クライアント」（hikyaku が Gmail にメールを入れるための鍵）を作ります。無料で、5 分ほどで作れます（最初の 1 回だけ）。${address} でログインしているブラウザーで、順にリンクを開いてください（別のパソコンでもかまいません）。`,
  steps: address => [
    [
      '手順 1: プロジェクトを作る',
      'https://console.cloud.google.com/projectcreate',
      'プロジェクト名に「hikyaku」と入力し、「作成」を押します。表示される通知で「プロジェクトを選択」を押します。',
    ].join('\n'),
    [
      '手順 2: Gmail を有効にする',
      'https://console.cloud.google.com/apis/library/gmail.googleapis.com',
      '画面上部のプロジェクトが「hikyaku」であることを確かめ、「有効にする」を押します。',
    ].join('\n'),
    [
      '手順 3: アプリに名前を付ける',
      'https://console.cloud.google.com/auth/overview',
      `「開始」を押します。アプリ名: hikyaku、ユーザー サポートメール: ${address}、「次へ」。`,
      '対象: 「外部」（Google Workspace の場合は「内部」）、「次へ」。',
      `連絡先メールアドレス: ${address}、「次へ」。同意にチェックを入れて「続行」、「作成」。`,
    ].join('\n'),
    [
      '手順 4: アプリを公開する',
      'https://console.cloud.google.com/auth/audience',
      '「アプリを公開」を押し、「確認」を押します。省略すると、7 日後にアクセス権が無効になり、取り込みが止まります。（「内部」の場合は不要です。）',
      'ご自身だけが使うアプリなので、Google の審査は必要ありません。',
    ].join('\n'),
    [
      '手順 5: 鍵を作る',
      'https://console.cloud.google.com/auth/clients/create',
      'アプリケーションの種類: 「デスクトップ アプリ」、名前: hikyaku、「作成」。続けて「JSON をダウンロード」を押します（この画面を閉じると二度とダウンロードできません）。',
    ].join('\n'),
  ],
  stepDone: (step, steps) => `手順 ${step}（全 ${steps} 手順）は終わりましたか？`,
  stepNext: '終わった。次の手順へ',
  stepsDone: '終わった。ファイルがある',
  stepsSkip: '以前に全部終えていて、ファイルもある',
  clientFile:
    'ダウンロードしたファイルの場所（client_secret_….json。このウィンドウへドラッグしても入力できます。ファイルの中身、またはクライアント ID を貼り付けることもできます）',
  clientFileElsewhere: target =>
    [
      'ファイルがブラウザーのあるパソコンに保存されている場合は、そのパソコンで次を実行すると、このコンピューターにコピーできます。',
      `scp client_secret_….json ${target}:client.json`,
      'コピーしたら ~/client.json と入力してください。ファイルをエディターで開き、中身をここに貼り付けてもかまいません。',
    ].join('\n'),
  clientMore: '続きがありません。残りを貼り付けてください。これで全部なら、もう一度 Enter を押してください。',
  clientSecret: 'クライアント シークレット（GOCSPX- で始まる文字列）',
  pastedText: '貼り付けた内容',
  keyAsFile: 'サービス アカウントの鍵は、ファイルの場所で指定してください。',
  clientFileWrong: (file, hint) => `${file}: ${hint}`,
  clientFileHints: {
    'not-found': 'ファイルがありません。通常は「ダウンロード」フォルダーにあります。',
    unreadable: 'ファイルを読み取れません。',
    folder: 'フォルダーです。中のファイル（client_secret_….json）を指定してください。',
    'not-json': 'ダウンロードした JSON ファイルではありません。',
    'web-client':
      'クライアントの種類が「ウェブ アプリケーション」です。手順 5（https://console.cloud.google.com/auth/clients/create）で「デスクトップ アプリ」を作り直してください。',
    'authorized-user': 'ほかのプログラムのログイン情報です。手順 5 のファイルを指定してください。',
    'not-a-client':
      '「デスクトップ アプリ」のクライアントのファイルではありません。手順 5 のファイルを指定してください。',
    'no-secret':
      'クライアント シークレットが含まれていません。シークレットは作成時にしか表示されないため、手順 5 で新しいクライアントを作り、すぐにダウンロードしてください。',
  },
  serviceAccount: address => ({
    question: `サービス アカウントの鍵です。Google Workspace で、管理者が ${address} について「ドメイン全体の委任」を設定している場合だけ使えます。これを使いますか？`,
    yes: 'はい、これを使う',
    no: 'いいえ、別のファイルにする',
  }),
  consent: read =>
    [
      '次に、Google で許可してください。次のような画面が出ます。',
      '- 「このアプリは Google で確認されていません」: ご自身のアプリです。「詳細」を押し、「hikyaku（安全ではないページ）に移動」を押します。',
      '- 「hikyaku が Google アカウントへのアクセスを求めています」: すべての項目（メールの追加、ラベルの表示と編集）にチェックを入れて「続行」を押します。',
      read
        ? '--read を指定したため、hikyaku が Gmail のメールを読んで照合するためのアクセス権も求めます。'
        : 'このアクセス権では、hikyaku が Gmail のメールを読むことはできません。',
      'Google からはアドレスも伝えられます。別のアカウントにメールを入れないためです。',
    ].join('\n'),
  consentReady: '準備はよろしいですか？',
  consentGo: 'はい、Google のページへ進む',
  opened: 'ブラウザーでページを開きました。表示されない場合は、上のリンクを開いてください。',
  notOpened: port =>
    [
      '上のリンクを、どのパソコンでもよいのでブラウザーで開いてください。最後に「このサイトにアクセスできません」（Firefox では「正常に接続できませんでした」）と表示されますが、正常です。アドレス欄の URL をすべてコピーしてください。',
      `SSH をお使いの方: リンクを開く前に ssh -L ${port}:127.0.0.1:${port} でこのコンピューターに接続しておけば、貼り付けは不要です。`,
    ].join('\n'),
  paste:
    'Google からの応答を待っています。ブラウザーに「このサイトにアクセスできません」「正常に接続できませんでした」と表示されたら、その URL をここに貼り付けてください',
  pasteHere: 'ブラウザーに最後に表示された URL（http://127.0.0.1:…）を、ここに貼り付けてください',
  pasteWrong: why => `この URL は使えません: ${why}。`,
  pasteMore:
    'URL の続きがありません。残りを貼り付けてください。これで全部なら、もう一度 Enter を押してください。',
  checking: 'Gmail の準備ができているか確認しています…',
  works: address => `${address} にメールを取り込めるようになりました。`,
  hints: {
    'gmail.consent-missing': () =>
      '何も変更されていません。もう一度ログインし、Google の画面で「続行」を押してください。',
    'gmail.scope-missing': () =>
      'もう一度ログインし、Google の画面ですべての項目にチェックを入れてください。',
    'gmail.account-mismatch': address =>
      `もう一度ログインし、Google の最初の画面で ${address} を選んでください。`,
    'gmail.client-invalid': () =>
      'クライアントが削除されたか、ファイルが古い可能性があります。手順 5 で新しいクライアントを作り、そのファイルを指定してください。',
    'gmail.api-disabled': () =>
      'https://console.cloud.google.com/apis/library/gmail.googleapis.com を開き、画面上部でプロジェクト「hikyaku」を選んで「有効にする」を押し、1 分ほど待ってからもう一度お試しください。',
  },
  whatNow: 'どうしますか？',
  again: 'もう一度試す',
  otherClient: '別のファイルを指定する',
  useAccount: address => `このアカウントで正しい（入力したのはエイリアス）: ${address} にメールを入れる`,
  isYours: address => ({
    question: `Google によると、このアクセス権は ${address} のものです。ご自分のアカウントですか？`,
    yes: 'はい、ここにメールを入れます',
    no: 'いいえ、ログインし直します',
  }),
  unproved:
    'このアクセス権が誰のものか、Google から示されません。`hikyaku setup google` でログインするまで、`hikyaku doctor` がその旨を表示します。',
  taken: opensAgain =>
    [
      'ブラウザーで開いたアドレスは、すでに使われていました。2 回読み込んだか、このコンピューターの別のプログラムが先に開いた可能性があります。何も変更されていません。',
      opensAgain
        ? 'このログインは破棄し、新しくやり直します。'
        : 'ブラウザーはもう開きません。下の新しいリンクをご自分で開いてください。',
    ].join('\n'),
  trap: (span, instant) =>
    [
      `アプリが「テスト中」のため、このアクセス権は ${span}後（${instant}）に無効になり、取り込みが止まります。`,
      'https://console.cloud.google.com/auth/audience を開いて「アプリを公開」と「確認」を押し、もう一度ログインしてください。新しいアクセス権に、この期限はありません。',
    ].join('\n'),
  trapQuestion: 'アプリを公開しましたか？',
  trapAgain: 'はい、公開しました。もう一度ログインする',
  trapAccept: '公開せずに続ける（毎週ログインし直す必要があります）',
  goesOn: '動作中の hikyaku は、新しいアクセス権で自動で再開します。',
  takesUpLater: '新しいアクセス権は、次の起動時から使われます。',
  variableWins:
    'GOOGLE_REFRESH_TOKEN、GMAIL_APP_PASSWORD、またはそのファイルの指定が残っていて、今回保存したものより優先されます。その指定を削除してください。',
}
