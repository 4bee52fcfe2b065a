/** What the set-up says about the two ways into Gmail, and about the app password. */
import type { FaultCode } from '../base/fault.ts'

export const way = {
  question: 'How should mail get into Gmail?',
  /** The difference in three lines; the words of an owner. */
  explain: [
    'Google project: Gmail checks for spam and sorts as ever, and hikyaku cannot read your mail. Five minutes, once.',
    'App password: two minutes, no project. But no spam check, no categories, no merging of doubles; needs two-step verification.',
    'And whoever has that password can read and delete all your mail. You can change over later: nothing comes twice.',
  ].join('\n'),
  import: 'Google project (recommended)',
  append: 'App password',
  /** The page of Google's, step by step. */
  steps: (address: string) =>
    [
      `In a browser where you are signed in as ${address}:`,
      '1. Switch on two-step verification: https://myaccount.google.com/security',
      '2. Make an app password: https://myaccount.google.com/apppasswords (name: hikyaku)',
      'Google shows 16 letters in four groups. Blanks do not matter. It shows them only now.',
      'If Google says that this is not available: two-step verification is off, the account is in Advanced Protection, or your administrator does not allow it.',
    ].join('\n'),
  password: 'The app password (it is not shown)',
  passwordWrong:
    'An app password has 16 letters and nothing else. Your ordinary Google password does not do.',
  trying: (address: string) => `Logging in to Gmail as ${address} …`,
  works: (address: string) => `hikyaku may now put mail into ${address}.`,
  /** Folders by their use that Gmail does not show to IMAP programs. */
  hidden:
    'Gmail does not show “All Mail”, “Spam” or “Bin” to IMAP programs. Tick “Show in IMAP” beside each in Gmail’s Settings, Labels.',
  hints: {
    'gmail.app-password-refused': address =>
      `Gmail does not take it for ${address}. Make sure that it was made in this account, or make a new one at https://myaccount.google.com/apppasswords.`,
    'gmail.app-password-needed': () =>
      'That is your ordinary password. Make an app password at https://myaccount.google.com/apppasswords, and enter that.',
    'gmail.imap-disabled': () =>
      'Your administrator has to allow IMAP. Or take the way with a Google project: leave here and run `hikyaku setup` again.',
  } satisfies Readonly<Partial<Record<FaultCode, (address: string) => string>>>,
  again: 'Try again',
  /** Another app password, typed anew. */
  other: 'Enter it again',
  whatNow: 'What now?',
  /** The daemon works the other way until then. */
  restart:
    'hikyaku is running and goes on by the old way until it is started anew: run `hikyaku service install`, or end and start `hikyaku run`.',
}

export type WayWords = typeof way
