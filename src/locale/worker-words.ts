/** What a worker of a fleet says of itself, in its log and to a service manager. */
import type { Language } from '../base/language.ts'
import { makeFormat } from './format.ts'

const english = makeFormat('en')
const japanese = makeFormat('ja')

const en = {
  started: (version: string, worker: string, capacity: number) =>
    `hikyaku ${version} is a worker of a fleet, called ${worker}, with room for ${english.number(capacity)} ${capacity === 1 ? 'mailbox' : 'mailboxes'}`,
  stopping: (signal: string) =>
    `${signal}: what is under way is finished and each mailbox given back to the other workers; once more to stop at once`,
  /** For the service manager. */
  state: (mailboxes: number) =>
    `${english.number(mailboxes)} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'} in hand`,
  taken: (mailbox: string) => `${mailbox} is in this worker’s hands`,
  givenBack: (mailbox: string) => `${mailbox} is in this worker’s hands no more`,
  answeringAll: (address: string) =>
    `Answers monitoring programs at http://${address}; other computers may read there how the fleet is doing`,
  /** @param aheadMs below 0: behind */
  clockOff: (aheadMs: number) =>
    `The clock of this computer is ${english.span(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the database’s. The fleet goes by the database’s clock, so no mail waits longer for it. Set this one right: certificates and the times in this log go by it.`,
  /** A Google project's units of a day come to their end. */
  day: (taken: string, most: string, perMinute: string) =>
    `The Google project has used ${taken} of its ${most} units of the day. Until the day is over in California all workers together use ${perMinute} a minute.`,
}

export type WorkerWords = typeof en

const ja: WorkerWords = {
  started: (version, worker, capacity) =>
    `hikyaku ${version} をフリートのワーカー ${worker} として起動しました（メールボックスは最大 ${japanese.number(capacity)} 個）`,
  stopping: signal =>
    `${signal}: 処理中のものを終え、メールボックスをほかのワーカーに渡します。すぐに止めるには、もう一度送ってください`,
  state: mailboxes => `受け持ち中のメールボックス ${japanese.number(mailboxes)} 個`,
  taken: mailbox => `${mailbox} を受け持ちます`,
  givenBack: mailbox => `${mailbox} の受け持ちを終えました`,
  answeringAll: address =>
    `監視プログラムに http://${address} で答えます。フリートの状態を、ほかのコンピューターからも読めます`,
  clockOff: aheadMs =>
    `このコンピューターの時計は、データベースの時計より ${japanese.span(Math.abs(aheadMs))}${aheadMs > 0 ? '進んで' : '遅れて'}います。フリートはデータベースの時計に従うため、メールが遅れることはありません。証明書の確認とこのログの時刻はこのコンピューターの時計によるため、正しく合わせてください。`,
  day: (taken, most, perMinute) =>
    `Google プロジェクトの 1 日分 ${most} ユニットのうち、${taken} を使いました。カリフォルニアの日付が変わるまで、全ワーカーの合計で 1 分あたり ${perMinute} ユニットに抑えます。`,
}

export const workerWords: Readonly<Record<Language, WorkerWords>> = { en, ja }
