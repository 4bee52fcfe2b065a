import type { SetupWords } from './words-en.ts'

export const change: SetupWords['change'] = {
  note: name =>
    `${name} は設定済みです。Enter を押すと今の設定のままになります。質問しない項目は変更しません。`,
  asNow: '今の設定',
  address: 'メールアドレスを入力し直す',
  keptPassword: 'このメールボックスのパスワードは保存されています。そのまま使いますか？',
  keptYes: 'はい、そのまま使う',
  keptNo: 'いいえ、入力し直す',
  folders: list => `どのフォルダーを取り込みますか？（今の設定: ${list}）`,
  foldersAsNow: '今の設定のまま',
  foldersAnew: '選び直す',
  label: labels => `Gmail で付けるラベル（今の設定: ${labels}。Enter でそのまま、- で外す）`,
  keys: [
    'Enter を押すと、表示されている答えになります。一覧では矢印キーで選びます。',
    '< を入力して Enter を押すと、前の質問に戻ります。Ctrl+C でいつでも中断できます。',
  ].join('\n'),
}
