/** Gmail に入れる 2 つの方法と、アプリ パスワードについての文言。 */
import type { WayWords } from './words-way-en.ts'

export const way: WayWords = {
  question: 'Gmail にどの方法で入れますか？',
  explain: [
    'Google プロジェクト: Gmail が迷惑メールの判定と分類をいつもどおり行い、hikyaku はメールを読めません。準備は 5 分ほど（最初だけ）。',
    'アプリ パスワード: 2 分ほどで、プロジェクトは不要です。ただし、迷惑メールの判定も分類も、重複をまとめる処理もありません。2 段階認証が必要です。',
    'また、このパスワードがあればすべてのメールの閲覧と削除ができます。あとで切り替えても、メールは重複しません。',
  ].join('\n'),
  import: 'Google プロジェクト（推奨）',
  append: 'アプリ パスワード',
  steps: address =>
    [
      `${address} でログインしているブラウザーで操作してください。`,
      '1. 2 段階認証を有効にします: https://myaccount.google.com/security',
      '2. アプリ パスワードを作ります: https://myaccount.google.com/apppasswords（名前: hikyaku）',
      '4 文字ずつ 4 組、16 文字が表示されます。空白はあってもなくても構いません。表示されるのはこのときだけです。',
      '「ご利用いただけません」と表示されたときは、2 段階認証が無効、高度な保護機能プログラムに登録済み、管理者が許可していない、のいずれかです。',
    ].join('\n'),
  password: 'アプリ パスワード（画面には表示されません）',
  passwordWrong: 'アプリ パスワードは英字 16 文字です。通常の Google のパスワードは使えません。',
  trying: address => `${address} で Gmail にログインしています…`,
  works: address => `${address} にメールを入れられるようになりました。`,
  hidden:
    'Gmail が「すべてのメール」「迷惑メール」「ゴミ箱」のいずれかを IMAP に表示していません。Gmail の「設定」→「ラベル」で「IMAP で表示」にチェックを入れてください。',
  hints: {
    'gmail.app-password-refused': address =>
      `Gmail が受け付けませんでした。${address} のアカウントで作ったものか確かめるか、https://myaccount.google.com/apppasswords で作り直してください。`,
    'gmail.app-password-needed': () =>
      '通常のパスワードです。https://myaccount.google.com/apppasswords でアプリ パスワードを作り、それを入力してください。',
    'gmail.imap-disabled': () =>
      '管理者に IMAP の許可を依頼してください。または、いったん終了して `hikyaku setup` を実行し直し、Google プロジェクトの方法を選んでください。',
  },
  again: 'もう一度試す',
  other: 'もう一度入力する',
  whatNow: 'どうしますか？',
  restart:
    'hikyaku は動作中で、再起動するまで以前の方法で続けます。`hikyaku service install` を実行するか、`hikyaku run` を終了して起動し直してください。',
}
