/** What a notice of a fleet says beside what one machine says of each thing (trouble-words.ts). */
import type { Language } from '../base/language.ts'
import { makeFormat } from './format.ts'

const english = makeFormat('en')
const japanese = makeFormat('ja')

const en = {
  /** Behind the subject of the first of several. */
  andMore: (more: number) => ` (and ${english.number(more)} more)`,
  /** Behind the sentences on the first of `all` things: names of a few of the others. */
  alike: (all: number, names: string, more: number) =>
    `It is the same with ${english.number(all)} in all: also ${names}${more > 0 ? ` and ${english.number(more)} more` : ''}.`,
  /** Behind the first few paragraphs of a digest. */
  further: (more: number) =>
    `And ${english.number(more)} further ${more === 1 ? 'kind' : 'kinds'} of trouble.`,
  /** `where`: user and computer of the worker, as a terminal shows them. */
  footer: (where: string) =>
    `From a worker of the fleet (${where}). \`hikyaku fleet status\` shows the state, \`hikyaku fleet list --trouble\` each mailbox.`,
}

export type FleetNoticeWords = typeof en

const ja: FleetNoticeWords = {
  andMore: more => `（ほか ${japanese.number(more)} 件）`,
  alike: (all, names, more) =>
    `同じ状態のものが全部で ${japanese.number(all)} 件あります（${names}${more > 0 ? `、ほか ${japanese.number(more)} 件` : ''}）。`,
  further: more => `ほかに ${japanese.number(more)} 種類の問題があります。`,
  footer: where =>
    `フリートのワーカー（${where}）からのお知らせです。状態は \`hikyaku fleet status\`、メールボックスごとの一覧は \`hikyaku fleet list --trouble\` で確認できます。`,
}

export const fleetNoticeWords: Readonly<Record<Language, FleetNoticeWords>> = { en, ja }
