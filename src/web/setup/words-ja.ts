/** 初期設定のページの文。 */
import type { SetupWords } from '../../setup/words.ts'
import type { PageSetupWords } from './words-en.ts'

export const ja: PageSetupWords = {
  title: '初期設定',
  next: '次へ',
  leave: '中断する',
  wrong: '入力を確かめてください',
  working: 'お待ちください…',
  underWay: '進行中…',
  workingHint: 'このページは自動で先に進みます。',
  reload: '最新の状態を表示',
  openPage: host => `${host} のページを開く`,
  newTab: '新しいタブで開きます',
  openGmail: 'Gmail を開く',
  theFile: 'ファイル',
  dropHere: 'ここにドラッグして入れることもできます。',
  orText: 'または、ファイルの中身か、hikyaku が動いているコンピューターでのファイルの場所',
  tooLarge: '大きすぎるため、求められているファイルではありません。',
  picture: 'Google の画面で押す場所',
  overview: '概要へ',
  close: 'このページは閉じてかまいません。',
  again: '最初から始める',
  ended: {
    saved: '完了: hikyaku の設定が終わりました',
    pulled: '完了: メールが Gmail に届いています',
    mostly: '保存しましたが、一部うまくいきませんでした',
    changed: '完了しました',
    nothing: '何も変更していません',
    left: '初期設定を中断しました',
    abandoned: '初期設定を閉じました',
    failed: '初期設定を続けられませんでした',
  },
  abandonedHint:
    '30 分のあいだ回答がありませんでした。パスワード以外の回答は保存されています。もう一度始めると、続きから再開できます。',
  notWritable: file =>
    `動作中のサービスには、設定ファイル（${file}）を書き換える権限がありません（正常です）。このコンピューターで \`hikyaku setup --browser\` を実行すると、同じ質問のページが開きます。パスワードの変更と Google へのログインは、このページでもできます。`,
  another: '別の設定の途中です',
  anotherHint: '1 つのブラウザーで同時に進められるのは 1 つだけです。パスワード以外の回答は失われません。',
  goOn: 'その設定を続ける',
  beginThis: 'それを閉じて、この設定を始める',
  busy: ['開いている設定が多すぎます', 'どれかを閉じてから、再読み込みしてください。'],
  gone: [
    'この設定は終わっています',
    '終了したか、その間に hikyaku が再起動されました。保存済みの設定はそのままです。パスワード以外の回答も保存されているため、続きから再開できます。',
  ],
  command: {
    link: url => `初期設定は、次のリンクで開きます（1 回だけ、5 分以内）:\n\n  ${url}\n`,
    again: url => `リンクが時間内に開かれませんでした。新しいリンクです:\n\n  ${url}\n`,
    tunnel: command =>
      `別のパソコン（または SSH が使えるスマートフォン）のブラウザーで開くときは、先にそちらで次を実行し、接続したままにしてください:\n\n  ${command}\n`,
    opened: 'ブラウザーで開きました。ここで Ctrl+C を押すと、初期設定を閉じます。',
    waiting: '続きはブラウザーで行います。ここで Ctrl+C を押すと、初期設定を閉じます。',
    expired: 'リンクが開かれなかったため、初期設定を閉じました。',
    nothingSetUp: 'まだ何も設定されていないため、初期設定を開きます。',
    notBoth: '--browser（ブラウザーで質問）と --yes（質問しない）は、同時に指定できません',
  },
}

/** ターミナルではなくページで言うときの文。 */
export const forPage = (words: SetupWords, here: string): SetupWords => {
  const { folders, label, change, google, service } = words
  return {
    ...words,
    leaving: 'パスワード以外の回答は保存されます。いつでも中断して、あとで再開できます。',
    left: 'パスワード以外の回答は保存されています。もう一度始めると、続きから再開できます。',
    leftUnchanged: '何も変更していません。',
    login: { ...words.login, password: user => `メールボックス ${user} のパスワード` },
    folders: { ...folders, more: 'ほかにも取り込むフォルダーはありますか？' },
    label: { ...label, question: 'Gmail で付けるラベル（不要なら空欄のまま）' },
    change: {
      ...change,
      note: name => `${name} は設定済みです。今の設定が入力されています。質問しない項目は変更しません。`,
      label: labels => `Gmail で付けるラベル（今の設定: ${labels}。外すときは空欄にします）`,
    },
    google: {
      ...google,
      stepDone: (step, steps) => `Google の設定: 手順 ${step} / ${steps}`,
      clientFile: '手順 5 でダウンロードしたファイル（client_secret_….json）',
      clientFileElsewhere: () => '',
      clientMore: '続きがありません。全体をもう一度貼り付けてください。',
      consentReady: 'Google で許可する',
      consentGo: '次へ',
      opened: 'Google のページは別のタブで開きます。そこで「続行」を押すと、このページは自動で先に進みます。',
      notOpened: port =>
        [
          'Google のページは別のタブで開きます。最後にそのタブに「このサイトにアクセスできません」（Firefox では「正常に接続できませんでした」）と表示されますが、正常です。アドレス欄の URL をすべてコピーし、ここに貼り付けてください。',
          'Google のページを開く前に次を実行しておけば、貼り付けは不要です。',
          `ssh -L ${port}:127.0.0.1:${port} ${here}`,
        ].join('\n'),
      paste:
        'Google からの応答を待っています\nタブに「このサイトにアクセスできません」などと表示されたら、その URL をすべてここに貼り付けてください。',
      pasteHere: 'Google からの応答を待っています\nアクセスできなかったページの URL（http://127.0.0.1:…）:',
      pasteMore: 'URL の続きがありません。全体をもう一度貼り付けてください。',
      taken: () =>
        'ログイン用のアドレスは、すでに使われていました。2 回読み込んだ可能性があります。何も変更されていません。このログインは破棄し、新しくやり直します。',
    },
    service: {
      ...service,
      here: 'はい、`hikyaku setup` を実行したウィンドウを開いているあいだだけ',
      hereNow:
        'hikyaku は、`hikyaku setup` を実行したウィンドウで動いています。そこで Ctrl+C を押すと止まります。',
    },
  }
}
