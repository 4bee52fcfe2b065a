/** With which mail a mailbox begins, in English; part of words-en.ts. */
export const start = {
  waiting: (messages: string, size: string) => `Messages there now: ${messages} (${size}).`,
  question: 'Which of them should come to Gmail?',
  all: 'All',
  takes: (span: string) => `about ${span}; new mail does not wait for them`,
  date: 'Those since a certain day',
  new: 'None of them, only new mail from now on',
  whichDate: 'Since which day? (like 2026-04-01)',
  dateWrong: 'Please type a day that has been, as year-month-day: 2026-04-01',
  since: (messages: string, span: string) => `Since then: ${messages}, which takes about ${span}.`,
  cameBy: 'How has this mail come to Gmail until now?',
  cameByNothing: 'Not at all: it is not in Gmail yet',
  cameByForwarding: 'The host forwards it to Gmail',
  cameByFetch: 'Gmail fetches it itself (“Check mail from other accounts”, POP)',
  inGmailAlready:
    'Then what is there now is in Gmail already and could come twice. So “only new mail from now on” is chosen below; switch the old way off once new mail arrives.',
}
