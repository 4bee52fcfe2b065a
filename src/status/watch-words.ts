/** What `status` says of how new mail is heard of. */
import type { Language } from '../base/language.ts'
import { makeFormat } from '../locale/format.ts'

const english = makeFormat('en')
const japanese = makeFormat('ja')

const en = {
  told: (folders: string) => `The server tells at once of new mail in ${folders}.`,
  asked: (folders: string) => `Asked for new mail every 30 s or sooner, until it tells: ${folders}.`,
  unwatched: (agoMs: number, why: string) =>
    `Not watched for ${english.span(agoMs)}; mail is looked for on schedule. ${why}`,
}

const ja: typeof en = {
  told: folders => `新着の通知: すぐに届きます（${folders}）`,
  asked: folders => `新着の通知: 届くことを確認中です。それまで 30 秒以内の間隔で確認します（${folders}）`,
  unwatched: (agoMs, why) =>
    `${japanese.span(agoMs)}前から新着を監視できていません。決まった間隔で確認しています。${why}`,
}

export const watchWords: Readonly<Record<Language, typeof en>> = { en, ja }
