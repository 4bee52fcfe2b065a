/** What the pages of the set-up say beside its own words, in English, which owns the type. */
import type { SetupWords } from '../../setup/words.ts'
import type { Widened } from '../words-en.ts'

export const en = {
  title: 'Set-up',
  next: 'Next',
  leave: 'Leave',
  /** Before a title, where something is wrong with the answer. */
  wrong: 'Correct this',
  working: 'One moment …',
  /** Of what takes long. */
  underWay: 'Under way …',
  workingHint: 'This page goes on by itself.',
  reload: 'Show what has come',
  /** A button that leads to a page elsewhere. */
  openPage: (host: string) => `Open the page at ${host}`,
  newTab: 'opens in a new tab',
  openGmail: 'Open Gmail',
  theFile: 'The file',
  dropHere: 'You can also drop it here.',
  orText: 'Or its text, or where it lies on the computer where hikyaku runs',
  tooLarge: 'This file is too large to be the one that is asked for.',
  picture: 'What to press at Google',
  overview: 'To the overview',
  close: 'You can close this page.',
  again: 'Begin again',
  /** The heading of the last page. */
  ended: {
    saved: 'Done: hikyaku is set up',
    pulled: 'Done: the mail comes to Gmail',
    mostly: 'Saved, but not everything worked',
    changed: 'Done',
    nothing: 'Nothing was changed',
    left: 'You have left the set-up',
    abandoned: 'The set-up was closed',
    failed: 'The set-up could not go on',
  },
  abandonedHint:
    'Nobody answered for half an hour. What you answered is kept, but for passwords: begin again and go on from there.',
  /** Of a daemon whose service manager lets it write its state alone. */
  notWritable: (file: string) =>
    `The running service may not write the settings (${file}), which is as it should be. Run \`hikyaku setup --browser\` on this computer: it asks the same on a page of its own. A new password and a new sign-in are possible here.`,
  another: 'Another part of the set-up is open',
  anotherHint: 'Only one goes on at a time in a browser. Nothing of it is lost but passwords.',
  goOn: 'Go on with that one',
  beginThis: 'Close it, and begin this one',
  busy: ['Too many set-ups are open', 'Close one of them, and reload this page.'] as const,
  gone: [
    'This set-up is over',
    'It came to its end, or hikyaku was started anew meanwhile. What was saved stays; what was answered is kept, but for passwords, and can be taken up again.',
  ] as const,
  /** What `hikyaku setup --browser` says in the terminal. */
  command: {
    link: (url: string) => `The set-up opens once by this link, within five minutes:\n\n  ${url}\n`,
    again: (url: string) => `Nobody opened the link in time. A new one:\n\n  ${url}\n`,
    tunnel: (command: string) =>
      `Where the browser is on another computer, or on a phone with SSH, run this there first and leave it open:\n\n  ${command}\n`,
    opened: 'It was handed to your browser. Ctrl+C here closes the set-up.',
    waiting: 'The set-up goes on there. Ctrl+C here closes it.',
    expired: 'Nobody opened the set-up, so it was closed.',
    nothingSetUp: 'Nothing is set up yet, so the set-up opens.',
    notBoth: '--browser asks in a browser and --yes asks nobody: choose one',
  },
}

/**
 * What the set-up says on a page in place of what it says on a terminal.
 * @param here this computer as ssh names it
 */
export const forPage = (words: SetupWords, here: string): SetupWords => {
  const { folders, label, change, google, service } = words
  return {
    ...words,
    leaving: 'Your answers are kept, without passwords: you can leave at any time and go on later.',
    left: 'Your answers are kept, without passwords: begin again to go on.',
    leftUnchanged: 'Nothing was changed.',
    login: { ...words.login, password: user => `Password of the mailbox ${user}` },
    folders: { ...folders, more: 'More folders to pull?' },
    label: { ...label, question: 'Label for this mail in Gmail (leave it empty for none)' },
    change: {
      ...change,
      note: name =>
        `${name} is set up already. What it has now is filled in; what is not asked stays as it is.`,
      label: labels => `Label for this mail in Gmail (now ${labels}; empty it to take it away)`,
    },
    google: {
      ...google,
      stepDone: (step, steps) => `Google, step ${step} of ${steps}`,
      clientFile: 'The file that you downloaded in step 5 (client_secret_….json)',
      clientFileElsewhere: () => '',
      clientMore: 'The end of the text is missing. Paste all of it once more.',
      consentReady: 'Allow it at Google',
      consentGo: 'Go on',
      opened:
        'Google’s page opens in a tab of its own. When you have pressed “Continue” there, this page goes on by itself.',
      notOpened: port =>
        [
          'Google’s page opens in a tab of its own. At the end that tab shows that it cannot connect to 127.0.0.1: that is right. Copy its whole address and paste it here.',
          'Or run this before you open Google’s page, and it comes back by itself:',
          `ssh -L ${port}:127.0.0.1:${port} ${here}`,
        ].join('\n'),
      paste:
        'Waiting for Google\nIf the tab ends on a page that cannot be opened, paste its whole address here.',
      pasteHere: 'Waiting for Google\nThe address of the page that could not be opened (http://127.0.0.1:…):',
      pasteMore: 'The end of the address is missing. Paste all of it once more.',
      taken: () =>
        'The address of the sign-in had been used already: you may have loaded it twice. Nothing was changed. That sign-in is thrown away, and a new one begins.',
    },
    service: {
      ...service,
      here: 'Yes, in the window where `hikyaku setup` was started, until I close it',
      hereNow: 'hikyaku goes on in the window where `hikyaku setup` was started. Ctrl+C there stops it.',
    },
  }
}

export type PageSetupWords = Widened<typeof en>
