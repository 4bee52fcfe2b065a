/** The words of the pages about mail in English, which own the type. */
import { makeFormat } from '../../locale/format.ts'
import type { Widened } from '../words-en.ts'

const { number, instant } = makeFormat('en')

export const en = {
  about: 'From and Subject',
  stamped: 'Your server wrote',
  verified: 'hikyaku found',
  forwardedTitle: 'Forwarded',
  /** What a forward would have done to a message. */
  forwarded: {
    none: 'would arrive',
    softfail: 'would arrive with SPF broken',
    spam: 'spam folder',
    'possibly-lost': 'maybe lost',
    lost: 'lost',
  },
  fromDomain: (domain: string) => `from ${domain}`,
  noSubject: '(no subject)',
  search: 'Search',
  searchText: 'Message-ID, Gmail’s id, SHA-256, or words of From and Subject',
  /** What is and is not looked for by words. */
  searchHint:
    'A name is found at every stage; words only in the From and Subject lines that are shown. A sender’s domain is known of mail that is in Gmail.',
  mailbox: 'Mailbox',
  anyMailbox: 'All mailboxes',
  folder: 'Folder',
  domain: 'Sender’s domain',
  stage: 'Stage',
  stages: {
    imported: 'In Gmail',
    merged: 'In Gmail already before',
    waiting: 'Waiting',
    refused: 'Set aside',
    ignored: 'Left by rule',
    gone: 'Gone before import',
  },
  from: 'From this day',
  until: 'To this day',
  find: 'Search',
  reset: 'Show all',
  reload: 'Show what has come since',
  found: 'What was found, newest first',
  nothing: 'Nothing was found.',
  nothingYet: 'Nothing was found up to here.',
  /** The search ended for its time. */
  cut: 'Older messages were not looked at yet.',
  goOn: 'Search on',
  /** Why some messages show neither From nor Subject. */
  subjects: (sinceMs: number, most: number) =>
    `From and Subject are shown of what came since hikyaku started (${instant(sinceMs)}), the latest ${number(most)} messages. They are in memory alone: hikyaku writes them nowhere, so older messages show none.`,
  subjectsOff: 'From and Subject are not shown, because `KEEP_SUBJECTS` is `no`.',
  subjectsOffFor: (mailboxes: string) => `Not of ${mailboxes}, where \`KEEP_SUBJECTS\` is \`no\`.`,
  arrivedOne: '1 new message',
  /** `{count}` stands for the number. */
  arrivedMany: '{count} new messages',
  forwarding: {
    title: 'Forwarding',
    heading: 'What forwarding would have lost',
    intro:
      'What Gmail would have done with this mail if your server had forwarded it: a forecast from what hikyaku checked. `hikyaku report` has the same figures.',
    month: 'Month',
    show: 'Show',
    chart: 'By the sender’s domain',
    legend: {
      lost: 'lost (refused)',
      possiblyLost: 'maybe lost (refused, or in the spam folder)',
      spam: 'spam folder',
    },
    /** What a bar shows. */
    bar: (lost: string, possiblyLost: string, spam: string) =>
      `${lost} lost, ${possiblyLost} maybe lost, ${spam} in the spam folder`,
    table: 'The figures',
    nothingLost: 'Forwarding would have lost nothing of what is known.',
    empty: 'No mail reached Gmail in this month.',
    noSender: 'not known',
  },
}

export type MailWords = Widened<typeof en>
