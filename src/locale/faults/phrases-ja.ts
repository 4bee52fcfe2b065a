/** 問題の説明に共通する表現。 */
import { joinBrackets } from '../brackets-ja.ts'
import type { Facts, FaultText } from '../facts.ts'
import { makeFormat } from '../format.ts'
import { describePhase, describeReason } from '../reasons.ts'
import type { NamedSettings } from '../setting-place.ts'

export const text = (what: string, mail: string, next: string): FaultText => ({
  what: joinBrackets(what),
  mail: joinBrackets(mail),
  next: joinBrackets(next),
})

export const waits = 'メールは失われません。元のメールボックスに残り、復旧したあとに取り込まれます。'
export const stays = 'このメールは元のメールボックスに残ります。ほかのメールの取り込みは続きます。'
export const stopped = 'メールは失われません。新しいメールは元のメールボックスに残り、削除もしません。'
export const noPassword = 'パスワードは送信していません。'
export const byItself = '操作は不要です。自動で再試行します。'
/** 1 回だけの取り込みが終わった場合。 */
export const runAgain =
  'サービスやタイマーを使っていない場合は、しばらくしてからもう一度 `hikyaku pull` を実行してください。'

export const server = (f: Facts): string =>
  f.server === undefined ? 'メールサーバー' : `メールサーバー（${f.server}）`
export const said = (f: Facts): string => f.with('words', words => `サーバーの応答:「${words}」`)
export const google = (f: Facts): string => f.with('words', words => `Google の応答:「${words}」`)
export const answer = (f: Facts): string =>
  f.with('status', status => (/^\d/.test(status) ? `（HTTP ${status}）` : `（${status}）`))
export const because = (f: Facts): string => f.with('reason', reason => `（${describeReason(reason, 'ja')}）`)
export const during = (f: Facts): string =>
  f.with('phase', phase => `（処理: ${describePhase(phase, 'ja')}）`)
/** ログイン後に起きたか。その場合、プロトコルとポートとパスワードは正しい。 */
export const isLoggedIn = (f: Facts): boolean =>
  /^(folders|select|list|peek|retrieve|settle|quit|logout|watch|idle|command)$/.test(f.or('phase', ''))
/** 保存先のファイル、または保存しているもの。 */
export const place = (f: Facts): string => {
  const where = f.get('file') ?? f.get('what')
  return where === undefined ? '' : `（${describeReason(where, 'ja')}）`
}
export const account = (f: Facts): string => f.with('account', name => `（${name}）`)

const format = makeFormat('ja')
/** 次にログインを試す時刻。 */
export const nextTry = (f: Facts): string =>
  f.with(
    'nextTryAtMs',
    atMs =>
      `次の再試行は${f.with('waitMs', ms => `今回から ${format.span(Number(ms))}後の`)} ${format.instant(Number(atMs))} です。`,
  )
/** 受け付けられなかったトークンについてのサーバーの返答（RFC 7628 section 3.2.2）。 */
export const refusedWith = (f: Facts): string => {
  const words = (['status', 'scope'] as const).flatMap(name => f.with(name, word => `${name} ${word}`) || [])
  return words.length === 0 ? '' : `（${words.join('、')}）`
}

/** サーバーの応答が示すこと。 */
export const advice = (f: Facts): string => {
  const words = f.or('words', '')
  if (/app(lication)?[- ]?(specific )?pass/i.test(words))
    return 'アプリ用パスワードが必要です。メールアカウントのセキュリティ設定で作成してください。'
  if (/browser|web ?log|web ?sign/i.test(words))
    return 'ブラウザーで一度ログインし、本人であることを確認するよう求められています。'
  return ''
}

/** 「hikyaku setup password」の前に置く、設定ファイルや環境変数でパスワードを直す方法。 */
export const changePassword = (f: Facts): string => {
  const { isKept, isFile } = f.placeOf('MAIL_PASSWORD')
  if (isKept) return ''
  return `${f.setting('MAIL_PASSWORD')} ${isFile ? 'のファイルの中身を直すか、' : 'を直すか、'}`
}

/** 対処に出てくる設定の場所。 */
export const whereSet = (files: NamedSettings['files']): string =>
  files
    .map(({ file, line }) => `設定は ${file}${line === undefined ? ' ' : `（${line} 行目）`}にあります。`)
    .join('')
