/** What is said where a mailbox that is configured already is changed, in English; part of words-en.ts. */
export const change = {
  note: (name: string) => `${name} is set up already. Enter keeps what it has now; what is not asked stays.`,
  asNow: 'as now',
  address: 'Correct the e-mail address',
  keptPassword: 'The password of this mailbox is kept. Use it?',
  keptYes: 'Yes, as now',
  keptNo: 'No, type another one',
  folders: (list: string) => `Which folders are pulled? Now: ${list}`,
  foldersAsNow: 'As now',
  foldersAnew: 'Choose again',
  label: (labels: string) => `Label for this mail in Gmail (now ${labels}; Enter keeps it, - takes it away)`,
  /** How the questions are answered, where nothing is kept of an earlier run. */
  keys: [
    'Enter takes the answer that is shown; in lists the arrow keys choose.',
    '< and Enter goes back to the question before. Ctrl+C leaves at any time.',
  ].join('\n'),
}
