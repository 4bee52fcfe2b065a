/** What the set-up says about signing in to Google. */
import type { FaultCode } from '../base/fault.ts'

export const google = {
  account: 'Into which Gmail address should the mail go?',
  accountWrong: 'That is not an e-mail address. It looks like yourname@gmail.com.',
  accountSame: 'That is the mailbox that is pulled. Type your Gmail address.',
  which: 'Which Gmail account?',
  already: (address: string) => `hikyaku may put mail into ${address} already; no new sign-in is needed.`,
  stepsAhead: (address: string) =>
    `Google wants you to have a key of your own. It costs nothing and takes about five minutes, once. Open each link in a browser, on any computer, where you are signed in as ${address}.`,
  /** The Cloud Console, click by click; each link in a line of its own. */
  steps: (address: string) => [
    [
      'Step 1: make a project',
      'https://console.cloud.google.com/projectcreate',
      'Project name: hikyaku. Press “Create”, then “Select project” in the notice that appears.',
    ].join('\n'),
    [
      'Step 2: switch on Gmail',
      'https://console.cloud.google.com/apis/library/gmail.googleapis.com',
      'The project at the top must be hikyaku. Press “Enable”.',
    ].join('\n'),
    [
      'Step 3: name the app',
      'https://console.cloud.google.com/auth/overview',
      `Press “Get started”. App name: hikyaku. User support email: ${address}. “Next”.`,
      'Audience: “External” (with Google Workspace: “Internal”). “Next”.',
      `Contact email: ${address}. “Next”, tick “I agree”, “Continue”, “Create”.`,
    ].join('\n'),
    [
      'Step 4: publish it',
      'https://console.cloud.google.com/auth/audience',
      'Press “Publish app”, then “Confirm”. Do not skip this: otherwise the permission ends after seven days. (Not needed with “Internal”.)',
      'Google’s verification is not needed: only you use this app.',
    ].join('\n'),
    [
      'Step 5: make the key',
      'https://console.cloud.google.com/auth/clients/create',
      'Application type: “Desktop app”. Name: hikyaku. “Create”, then “Download JSON”: it is offered only now.',
    ].join('\n'),
  ],
  stepDone: (step: number, steps: number) => `Step ${step} of ${steps} done?`,
  stepNext: 'Done: the next step',
  stepsDone: 'Done: I have the file',
  stepsSkip: 'I did all of them before and have the file',
  clientFile:
    'Where is the downloaded file? (client_secret_….json; you may drag it into this window. Or paste the text of the file, or the client ID)',
  /** Told where the browser is on another computer. `target` is this one, as ssh names it. */
  clientFileElsewhere: (target: string) =>
    [
      'The file is on the computer with the browser? From there copy it to this one:',
      `scp client_secret_….json ${target}:client.json`,
      'and type ~/client.json here. Or open the file in an editor there and paste its text here.',
    ].join('\n'),
  clientMore: 'The end of the text is missing: paste the rest, or press Enter again if this is all.',
  clientSecret: 'The client secret (begins with GOCSPX-)',
  pastedText: 'The pasted text',
  keyAsFile: 'the key of a service account is taken as a file only: type its path.',
  clientFileWrong: (file: string, hint: string) => `${file}: ${hint}`,
  /** By ClientFileReason. */
  clientFileHints: {
    'not-found': 'there is no such file. It is usually in your Downloads folder.',
    unreadable: 'the file cannot be read.',
    folder: 'this is a folder. Name the file in it: client_secret_….json.',
    'not-json': 'this is not the downloaded JSON file.',
    'web-client':
      'this client is of the type “Web application”. Make another one in step 5 (https://console.cloud.google.com/auth/clients/create), of the type “Desktop app”.',
    'authorized-user': 'this is the sign-in of another program. Take the file from step 5.',
    'not-a-client': 'this is not the file of a “Desktop app” client. Take the file from step 5.',
    'no-secret':
      'the client secret is missing in this file; Google gives it only when the client is made. Make a new client in step 5 and download its file at once.',
  },
  serviceAccount: (address: string) => ({
    question: `This is the key of a service account. It works with Google Workspace only, where the administrator has allowed it to act for ${address}. Use it?`,
    yes: 'Yes, use it',
    no: 'No, another file',
  }),
  /** What Google's pages will show. `read`: permission to read mail is asked for, too. */
  consent: (read: boolean) =>
    [
      'Now allow it at Google. These pages will come:',
      '- “Google hasn’t verified this app”: that is your own app. Press “Advanced”, then “Go to hikyaku (unsafe)”.',
      '- “hikyaku wants access”: tick every box (add emails to Gmail; see and edit labels), then “Continue”.',
      read
        ? 'You asked for --read: with this permission hikyaku can look mail up in Gmail.'
        : 'With this permission hikyaku cannot read your mail.',
      'Google also tells hikyaku your address, so that mail goes into your account and no other.',
    ].join('\n'),
  consentReady: 'Ready?',
  consentGo: 'Yes, on to Google',
  opened: 'The page has been opened in your browser. If you do not see it, open the link above.',
  notOpened: (port: number) =>
    [
      'Open the link above in a browser, on any computer. At the end the browser shows that it cannot connect to 127.0.0.1: that is right. Copy the whole address from its address bar.',
      `(With SSH, before you open the link: ssh -L ${port}:127.0.0.1:${port} to this computer, and it comes back by itself.)`,
    ].join('\n'),
  paste: 'Waiting for Google. If the browser ends on a page that cannot be opened, paste its address here',
  pasteHere: 'Paste the address here that the browser ends on (http://127.0.0.1:…)',
  pasteWrong: (why: string) => `This address does not do: ${why}.`,
  pasteMore: 'The end of the address is missing: paste the rest, or press Enter again if this is all.',
  checking: 'Asking Gmail whether everything fits …',
  works: (address: string) => `hikyaku may now put mail into ${address}.`,
  /** In place of a fault’s own advice, which speaks of settings rather than of what is on the screen. */
  hints: {
    'gmail.consent-missing': () =>
      'Nothing was changed. Sign in again and press “Continue” on Google’s page.',
    'gmail.scope-missing': () => 'Sign in again and tick every box on Google’s page.',
    'gmail.account-mismatch': address => `Sign in again, and choose ${address} on Google’s first page.`,
    'gmail.client-invalid': () =>
      'The client may have been deleted, or the file is an old one. Make a new client in step 5 and take its file.',
    'gmail.api-disabled': () =>
      'Open https://console.cloud.google.com/apis/library/gmail.googleapis.com, choose the project hikyaku at the top, press “Enable”, wait a minute, and try again.',
  } satisfies Readonly<Partial<Record<FaultCode, (address: string) => string>>>,
  whatNow: 'What now?',
  again: 'Try again',
  otherClient: 'Take another downloaded file',
  /** Google names the account otherwise than the owner did. */
  useAccount: (address: string) => `${address} is the right account: put mail there`,
  /** No address was set; Google names this one. */
  isYours: (address: string) => ({
    question: `Google says that this permission is for ${address}. Is that your account?`,
    yes: 'Yes, put mail there',
    no: 'No, sign in again',
  }),
  /** No address was set, and Google names none. */
  unproved:
    'Google does not say whose permission this is. `hikyaku doctor` goes on saying so, until you sign in with `hikyaku setup google`.',
  /** The one-time address was used by somebody else, or twice. */
  taken: (opensAgain: boolean) =>
    [
      'The address that was opened in the browser had been used already: you may have loaded it twice, or another program on this computer was faster. Nothing was changed.',
      opensAgain
        ? 'That sign-in is thrown away, and a new one begins.'
        : 'No browser is opened any more: open the new link below yourself.',
    ].join('\n'),
  trap: (span: string, instant: string) =>
    [
      `This permission ends in ${span} (${instant}), because the app is still in “Testing”. Mail would then stop.`,
      'Open https://console.cloud.google.com/auth/audience, press “Publish app” and “Confirm”, and sign in once more: the new permission lasts.',
    ].join('\n'),
  trapQuestion: 'Have you published the app?',
  trapAgain: 'Yes, published: sign in again',
  trapAccept: 'No, I will sign in again every week',
  goesOn: 'The running hikyaku goes on with the new permission by itself.',
  takesUpLater: 'The new permission is used at the next start.',
  variableWins:
    'GOOGLE_REFRESH_TOKEN, GMAIL_APP_PASSWORD or a file in their place is set, and wins over what was stored now. Remove it.',
}

export type GoogleWords = typeof google
