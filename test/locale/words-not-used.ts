/** The table of names in Japanese, from its other side: what is not said, with what is said in its place. */

interface Rule {
  readonly pattern: RegExp
  /** A piece of text that the rule finds. */
  readonly wrong: string
  /** The same as it is to be said. */
  readonly right: string
}

const kana = '[\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Han}]'

export const wordsNotUsed: readonly Rule[] = [
  // One thing, one name.
  { pattern: /サインイン/u, wrong: 'Google にサインインする', right: 'Google にログインする' },
  {
    pattern: /(?<![（、「])サーバーパネル/u,
    wrong: 'サーバーパネルで設定',
    right: '管理画面（サーバーパネル）で設定',
  },
  { pattern: /マシン|お手元の/u, wrong: 'このマシン', right: 'このコンピューター' },
  { pattern: /端末/u, wrong: '端末に戻る', right: 'ターミナルに戻る' },
  {
    pattern:
      /アクセス許可|この許可|新しい許可|古い許可|許可(?:が切れ|が終了|を保存|を取り消|を返|の取り消し|のもの|の期限)|Google の許可/u,
    wrong: 'この許可が切れたとき',
    right: 'このアクセス権が無効になったとき',
  },
  { pattern: /保留/u, wrong: '保留のメール', right: '取り込めなかったメール（要確認）' },
  { pattern: /ジャーナル|記録ファイル/u, wrong: '記録ファイル', right: '取り込み記録' },
  { pattern: /待機中|取り込み待ち/u, wrong: '待機中 3 通', right: '未取り込み 3 通' },
  { pattern: /迷惑メールフォルダー/u, wrong: '迷惑メールフォルダー', right: '迷惑メールフォルダ' },
  { pattern: /提供会社/u, wrong: '提供会社', right: 'サーバー会社' },
  { pattern: /受信箱/u, wrong: '受信箱', right: '受信トレイ' },
  { pattern: /(?<!\*)お客様/u, wrong: 'お客様のドメイン', right: 'ご自身のドメイン' },
  { pattern: /既定|標準の答え/u, wrong: '既定値', right: '初期値' },
  { pattern: /封印|封をした|秘密ファイル/u, wrong: '封をした秘密', right: '暗号化ファイル' },
  { pattern: /アプリパスワード/u, wrong: 'アプリパスワード', right: 'アプリ用パスワード' },
  { pattern: /(?<!区)別名/u, wrong: 'アカウントの別名', right: 'アカウントのエイリアス' },
  { pattern: /Web ?フック|ウェブフック/u, wrong: 'Web フック', right: 'Webhook' },
  { pattern: /ウェブ(?! アプリケーション)/u, wrong: 'ウェブブラウザー', right: 'ブラウザー' },
  { pattern: /(?:以前|新しい|古い|どの)の?版|の版|版を固定/u, wrong: '以前の版', right: '以前のバージョン' },
  { pattern: /異常(?!終了)/u, wrong: '異常 1 件', right: '問題 1 件' },
  // Ideas put word by word.
  { pattern: /見張/u, wrong: 'メールボックスを見張る', right: '自動で取り込む' },
  { pattern: /予行/u, wrong: 'これは予行です', right: 'これは確認だけ（ドライラン）です' },
  { pattern: /行方不明/u, wrong: '2 通が行方不明です', right: '2 通の数が足りません' },
  { pattern: /丸見え/u, wrong: '丸見えになります', right: '盗み見られるおそれがあります' },
  { pattern: /無傷/u, wrong: '署名は無傷', right: '署名は有効' },
  { pattern: /目に触れ/u, wrong: 'あなたの目に触れません', right: '届いたことにも気づけません' },
  {
    pattern: /の形になって/u,
    wrong: 'サーバー名の形になっていません',
    right: 'サーバー名の形式が正しくありません',
  },
  // How it is written.
  { pattern: /分か(?:る|り|って|った|らな|らず|れば)/u, wrong: '原因が分かる', right: '原因がわかる' },
  { pattern: /メモリー/u, wrong: 'メモリー', right: 'メモリ' },
  { pattern: /(?<!迷惑メール)フォルダ(?!ー)/u, wrong: 'フォルダを選ぶ', right: 'フォルダーを選ぶ' },
  { pattern: /(?<!レンタル)サーバ(?!ー)/u, wrong: 'メールサーバ', right: 'メールサーバー' },
  {
    pattern: /(?:ブラウザ|コンピュータ|ユーザ|ヘッダ|プロバイダ|ライブラリ|リポジトリ)(?!ー)/u,
    wrong: 'ブラウザを開く',
    right: 'ブラウザーを開く',
  },
  {
    pattern: /\d(?:通|回|つ|件|個|行|分|時間|日|秒|バイト|文字|か月|週間|人|年|月)/u,
    wrong: '1通ずつ',
    right: '1 通ずつ',
  },
  { pattern: /[一二三四五](?:つ|通|回|字|文字)(?![々目])/u, wrong: '一通ずつ', right: '1 通ずつ' },
  {
    pattern: new RegExp(`${kana}\\(|\\)${kana}|\\(${kana}`, 'u'),
    wrong: 'バイト(内容)',
    right: 'バイト（内容）',
  },
  { pattern: new RegExp(`${kana}\\?`, 'u'), wrong: '続けますか?', right: '続けますか？' },
  {
    pattern: new RegExp(`？${kana}`, 'u'),
    wrong: 'よいですか？パスワードは',
    right: 'よいですか？ パスワードは',
  },
  {
    // Not \n of the sources, no value that a test puts in (x, y, undefined), and not names such as sv番号.xserver.jp.
    pattern: new RegExp(
      `(?!〇)${kana}[0-9A-Za-z]|(?<!\\\\|undefine)(?!\\b[xy]\\b)[A-Za-z](?!番号|〇)${kana}`,
      'u',
    ),
    wrong: '今すぐ1 回、Webhookで',
    right: '今すぐ 1 回、Webhook で',
  },
  { pattern: /[。」）] (?=[^-→·|\s])/u, wrong: '正常です。 次の', right: '正常です。次の' },
  { pattern: /自動的に/u, wrong: '自動的に再試行します', right: '自動で再試行します' },
  { pattern: /～|\d~\d/u, wrong: '1～3', right: '1〜3' },
]

/** What of a text is not said, each with its surroundings and with an example of what is. */
export function findWordsNotUsed(text: string): string[] {
  return wordsNotUsed.flatMap(({ pattern, right }) =>
    [...text.matchAll(new RegExp(pattern, 'gu'))].map(({ index, 0: word }) => {
      const around = text.slice(Math.max(0, index - 12), index + word.length + 12).replaceAll('\n', ' ')
      return `…${around}… (as in: ${right})`
    }),
  )
}
