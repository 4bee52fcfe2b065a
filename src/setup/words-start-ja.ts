import type { SetupWords } from './words-en.ts'

export const start: SetupWords['start'] = {
  waiting: (messages, size) => `現在のメール: ${messages} 通（${size}）`,
  question: 'このうち、どれを Gmail に取り込みますか？',
  all: 'すべて',
  takes: span => `約 ${span}。取り込み中も新着メールはすぐ届きます`,
  date: '指定した日以降のもの',
  new: 'これまでのメールは取り込まない（これから届くものだけ）',
  whichDate: '何日以降ですか？（例: 2026-04-01）',
  dateWrong: '今日までの日付を入力してください。例: 2026-04-01',
  since: (messages, span) => `その日以降: ${messages} 通、約 ${span}かかります。`,
  cameBy: 'これまで、このメールを Gmail でも受け取っていましたか？',
  cameByNothing: 'いいえ（まだ Gmail にはない）',
  cameByForwarding: 'はい、サーバーから Gmail に転送している',
  cameByFetch: 'はい、Gmail の「他のアカウントのメールを確認」（POP 受信）を使っている',
  inGmailAlready:
    '今あるメールはすでに Gmail に入っているため、取り込むと 2 通になることがあります。そこで、次の質問では「これから届くものだけ」を選んであります。新着が届くようになったら、これまでの転送や POP 受信を止めてください。',
}
