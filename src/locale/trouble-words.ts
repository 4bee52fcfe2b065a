/** What is said of each entry of the one list of what is not well: its name, its notice and its all-clear. */
import { labelOf } from '../base/label-subject.ts'
import type { Language } from '../base/language.ts'
import type { TroubleEnd, TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import { makeFormat } from './format.ts'

const place = (entry: TroubleEntry): { name: string; folder: string; label: string | undefined } => {
  const label = labelOf(entry)
  return {
    name: printable(entry.name, 80),
    folder: printable(entry.subject, 80),
    label: label === undefined ? undefined : printable(label, 80),
  }
}

const isForGood = (entry: TroubleEntry): boolean => entry.retry === 'owner'

const english = makeFormat('en')
const enMessages = (count: number): string =>
  `${english.number(count)} ${count === 1 ? 'message' : 'messages'}`

const en = {
  /** The heading of the list in `status`. */
  heading: (count: number) => `Not well (${english.number(count)}):`,
  /** Which thing it is. */
  label(entry: TroubleEntry): string {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return `${name}, ${enMessages(entry.messages)} ${isForGood(entry) ? 'set aside' : 'put off'}`
      case 'folder':
        return `${name}, folder ${folder}`
      case 'wish':
        if (label !== undefined) return `${name}, the Gmail label ${label}`
        return `${name}${folder === '' ? '' : `, folder ${folder}`}, what is to be done after the import`
      case 'mailbox':
        return name
      case 'account':
        return `Gmail account ${name}`
      case 'machine':
        return 'This computer'
    }
  },
  /** Since when, how often, when last; differences to now in ms, all positive. */
  since: (agoMs: number, times: number, lastAgoMs: number) =>
    `For ${english.span(agoMs)}${times > 1 ? `; ${english.number(times)} times, last ${english.relative(-lastAgoMs)}` : ''}`,
  said: (words: string) => `They said: “${words}”`,
  /** The numbers of the first few messages, and how many more. */
  named: (numbers: string, more: number) =>
    [numbers === '' ? '' : `Messages: ${numbers}`, more > 0 ? `${english.number(more)} more` : '']
      .filter(part => part !== '')
      .join(' and '),
  about: { from: 'From', subject: 'Subject', date: 'Date' },
  subject(entry: TroubleEntry): string {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return isForGood(entry)
          ? `[hikyaku] ${enMessages(entry.messages)} from ${name} set aside`
          : `[hikyaku] ${enMessages(entry.messages)} from ${name} could not be brought yet`
      case 'folder':
        return `[hikyaku] The folder ${folder} of ${name} cannot be opened`
      case 'wish':
        if (label !== undefined) return `[hikyaku] ${name}: mail comes without the Gmail label ${label}`
        return `[hikyaku] ${name}: imported mail cannot be deleted or moved`
      case 'mailbox':
        return entry.subject === 'books'
          ? `[hikyaku] The books of ${name} do not balance`
          : `[hikyaku] No mail from ${name} at the moment`
      case 'account':
        return `[hikyaku] No mail into ${name} at the moment`
      case 'machine':
        return '[hikyaku] hikyaku has stopped'
    }
  },
  /** The first sentence of a notice. */
  notice(entry: TroubleEntry, forMs: number): string {
    const { name, folder, label } = place(entry)
    const span = english.span(forMs)
    switch (entry.scope) {
      case 'message':
        return isForGood(entry)
          ? `${enMessages(entry.messages)} from ${name} ${entry.messages === 1 ? 'is' : 'are'} set aside, not in Gmail.`
          : `For ${span} hikyaku has not been able to bring ${enMessages(entry.messages)} from ${name} into Gmail. It goes on trying.`
      case 'folder':
        return `For ${span} the folder ${folder} of ${name} could not be opened. Its new mail does not come into Gmail; the other folders go on.`
      case 'wish':
        if (label !== undefined)
          return `For ${span} hikyaku has not had the Gmail label ${label} for the mail of ${name}. The mail comes into Gmail without it.`
        return `For ${span} hikyaku has not been able to do what you chose for imported mail of ${name}${folder === '' ? '' : ` (folder ${folder})`}. Mail goes on coming into Gmail.`
      case 'mailbox':
        return entry.subject === 'books'
          ? `The books of ${name} do not balance.`
          : `For ${span} hikyaku has not been able to bring the mail of ${name} into Gmail.`
      case 'account':
        return `For ${span} hikyaku has not been able to bring mail into ${name}.`
      case 'machine':
        return 'hikyaku has stopped.'
    }
  },
  clearSubject(entry: TroubleEntry): string {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return endOf(entry) === 'gone'
          ? `[hikyaku] ${enMessages(entry.messages)} of ${name} left before it could be brought`
          : `[hikyaku] ${enMessages(entry.messages)} from ${name} came after all`
      case 'folder':
        return `[hikyaku] The folder ${folder} of ${name} works again`
      case 'wish':
        if (label !== undefined) return `[hikyaku] ${name}: mail gets the Gmail label ${label} again`
        return `[hikyaku] ${name}: imported mail is deleted or moved again`
      default:
        return `[hikyaku] ${name === '' ? 'hikyaku' : name} works again`
    }
  },
  clear(entry: TroubleEntry, afterMs: number): string {
    const { name, folder, label } = place(entry)
    const span = english.span(afterMs)
    switch (entry.scope) {
      case 'message':
        if (endOf(entry) === 'gone')
          return `${enMessages(entry.messages)} that hikyaku could not bring ${entry.messages === 1 ? 'is' : 'are'} no longer in the source mailbox ${name}. hikyaku did not remove ${entry.messages === 1 ? 'it' : 'them'}.`
        if (endOf(entry) === 'rule')
          return `${enMessages(entry.messages)} of ${name} turned out to be left out by rule.`
        return `${enMessages(entry.messages)} of ${name} that had waited for ${span} ${entry.messages === 1 ? 'is' : 'are'} in Gmail now.`
      case 'folder':
        return `The folder ${folder} of ${name} can be opened again, after ${span}. What had waited is being imported.`
      case 'wish':
        if (label !== undefined)
          return `New mail of ${name} gets the Gmail label ${label} again, after ${span}. What came meanwhile is in Gmail without it.`
        return `What you chose for imported mail of ${name} is done again, after ${span}.`
      case 'mailbox':
        return entry.subject === 'books'
          ? `The books of ${name} balance again.`
          : `The mail of ${name} comes into Gmail again, after ${span}. What had waited is being imported.`
      case 'account':
        return `Mail comes into ${name} again, after ${span}. What had waited is being imported.`
      case 'machine':
        return `hikyaku works again, after ${span}.`
    }
  },
  endedSubject: '[hikyaku] hikyaku has stopped and brings no mail',
  ended:
    'hikyaku has stopped because of trouble that it cannot go on with. No mail is brought until this is mended.',
}

export type TroubleWords = typeof en

const japanese = makeFormat('ja')
const jaMails = (count: number): string => `メール ${japanese.number(count)} 通`

const ja: TroubleWords = {
  heading: count => `問題（${japanese.number(count)} 件）:`,
  label(entry) {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return `${name} の${jaMails(entry.messages)}（${isForGood(entry) ? '要確認' : '再試行中'}）`
      case 'folder':
        return `${name} のフォルダー「${folder}」`
      case 'wish':
        if (label !== undefined) return `${name} のメールに付ける Gmail のラベル「${label}」`
        return `${name}${folder === '' ? '' : ` のフォルダー「${folder}」`}の取り込み後の処理`
      case 'mailbox':
        return name
      case 'account':
        return `Gmail アカウント ${name}`
      case 'machine':
        return 'このコンピューター'
    }
  },
  since: (agoMs, times, lastAgoMs) =>
    `${japanese.span(agoMs)}前から${times > 1 ? `（${japanese.number(times)} 回、最後は ${japanese.relative(-lastAgoMs)}）` : ''}`,
  said: words => `相手の応答: 「${words}」`,
  named: (numbers, more) =>
    [numbers === '' ? '' : `メール: ${numbers}`, more > 0 ? `ほか ${japanese.number(more)} 通` : '']
      .filter(part => part !== '')
      .join(' '),
  about: { from: '差出人', subject: '件名', date: '日付' },
  subject(entry) {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return isForGood(entry)
          ? `【hikyaku】${name} の${jaMails(entry.messages)}を取り込めませんでした（要確認）`
          : `【hikyaku】${name} の${jaMails(entry.messages)}をまだ取り込めていません`
      case 'folder':
        return `【hikyaku】${name} のフォルダー「${folder}」を開けません`
      case 'wish':
        if (label !== undefined)
          return `【hikyaku】${name} のメールに Gmail のラベル「${label}」を付けられません`
        return `【hikyaku】${name} の取り込み済みメールを削除・移動できません`
      case 'mailbox':
        return entry.subject === 'books'
          ? `【hikyaku】${name} のメールの数が合いません`
          : `【hikyaku】${name} のメールを取り込めていません`
      case 'account':
        return `【hikyaku】${name} にメールを取り込めていません`
      case 'machine':
        return '【hikyaku】hikyaku が停止しました'
    }
  },
  notice(entry, forMs) {
    const { name, folder, label } = place(entry)
    const span = japanese.span(forMs)
    switch (entry.scope) {
      case 'message':
        return isForGood(entry)
          ? `${name} の${jaMails(entry.messages)}を取り込めませんでした。Gmail には入っていません。メールはサーバーに残っています。`
          : `${name} の${jaMails(entry.messages)}を、${span}前から Gmail に取り込めていません。再試行を続けています。`
      case 'folder':
        return `${name} のフォルダー「${folder}」を、${span}前から開けません。このフォルダーの新着メールは Gmail に届きません。ほかのフォルダーの取り込みは続いています。`
      case 'wish':
        if (label !== undefined)
          return `${name} のメールに付ける Gmail のラベル「${label}」を、${span}前から使えません。メールは、ラベルなしで Gmail に届いています。`
        return `${name}${folder === '' ? '' : ` のフォルダー「${folder}」`}で、取り込み後の処理（削除・移動）が${span}前からできていません。取り込みは続いています。`
      case 'mailbox':
        return entry.subject === 'books'
          ? `${name} のメールの数が合いません。`
          : `${name} のメールを、${span}前から Gmail に取り込めていません。`
      case 'account':
        return `${name} に、${span}前からメールを取り込めていません。`
      case 'machine':
        return 'hikyaku が停止しました。'
    }
  },
  clearSubject(entry) {
    const { name, folder, label } = place(entry)
    switch (entry.scope) {
      case 'message':
        return endOf(entry) === 'gone'
          ? `【hikyaku】${name} の${jaMails(entry.messages)}は、取り込む前になくなりました`
          : `【hikyaku】${name} の${jaMails(entry.messages)}を取り込めました`
      case 'folder':
        return `【hikyaku】${name} のフォルダー「${folder}」が復旧しました`
      case 'wish':
        if (label !== undefined)
          return `【hikyaku】${name} のメールに Gmail のラベル「${label}」を付けられるようになりました`
        return `【hikyaku】${name} の取り込み後の処理が復旧しました`
      default:
        return `【hikyaku】${name === '' ? 'hikyaku' : name} が復旧しました`
    }
  },
  clear(entry, afterMs) {
    const { name, folder, label } = place(entry)
    const span = japanese.span(afterMs)
    switch (entry.scope) {
      case 'message':
        if (endOf(entry) === 'gone')
          return `取り込めずにいた${jaMails(entry.messages)}が、元のメールボックス ${name} からなくなりました。hikyaku が削除したものではありません。`
        if (endOf(entry) === 'rule')
          return `${name} の${jaMails(entry.messages)}は、設定により取り込みの対象外でした。`
        return `${span}待っていた ${name} の${jaMails(entry.messages)}を Gmail に取り込みました。`
      case 'folder':
        return `${name} のフォルダー「${folder}」を、${span}ぶりに開けました。たまっていたメールを順に取り込んでいます。`
      case 'wish':
        if (label !== undefined)
          return `${name} の新しいメールに、${span}ぶりに Gmail のラベル「${label}」が付くようになりました。その間に届いたメールには付いていません。`
        return `${name} の取り込み後の処理が、${span}ぶりに復旧しました。`
      case 'mailbox':
        return entry.subject === 'books'
          ? `${name} のメールの数が合うようになりました。`
          : `${name} のメールの取り込みが、${span}ぶりに復旧しました。たまっていたメールを順に取り込んでいます。`
      case 'account':
        return `${name} への取り込みが、${span}ぶりに復旧しました。たまっていたメールを順に取り込んでいます。`
      case 'machine':
        return `hikyaku が、${span}ぶりに復旧しました。`
    }
  },
  endedSubject: '【hikyaku】hikyaku が停止し、メールを取り込んでいません',
  ended: '続けられない問題が起きたため、hikyaku は停止しました。解決するまで、メールは取り込まれません。',
}

function endOf(entry: TroubleEntry): TroubleEnd | undefined {
  return entry.closedBy
}

export const troubleWords: Readonly<Record<Language, TroubleWords>> = { en, ja }
