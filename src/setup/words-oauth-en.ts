/** Signing in to a mailbox that takes no password, in English. */

export const oauth = {
  /** Where both are possible. */
  which: 'How does hikyaku log in?',
  bySignIn: (name: string) => `By signing in at ${name}`,
  byPassword: 'With a password',
  /** Before the client ID is asked for. */
  register: {
    microsoft: [
      'Microsoft takes no password here: you sign in once, through an app registration of your own (free). docs/microsoft.md shows every step:',
      '1. https://entra.microsoft.com, App registrations, New registration. Name: hikyaku. Account types: those of your mailbox (personal, or your organisation). Redirect URI: “Mobile and desktop applications”, http://localhost',
      '2. Authentication: “Allow public client flows” – Yes.',
      '3. API permissions: Microsoft Graph, Delegated: IMAP.AccessAsUser.All (or POP.AccessAsUser.All) and offline_access.',
      '4. IMAP (or POP) must be switched on for the mailbox: in the settings of outlook.com; in an organisation by its administrator.',
      'Then copy the “Application (client) ID” from the Overview page.',
    ].join('\n'),
    google: [
      'You sign in once, through a client of your own in a Google Cloud project (the one that puts mail into Gmail will do): type “Desktop app”, and in “Data access” the scope https://mail.google.com/.',
      'Then copy its client ID and its client secret.',
    ].join('\n'),
  },
  clientId: 'Client ID of your app',
  clientIdWrong: 'That is no client ID: it has no blanks in it.',
  clientSecret: 'Client secret of your app (not shown)',
  tenant: 'Tenant: its ID or domain; or consumers (personal accounts), organizations, common',
  tenantWrong: 'That is the ID or the domain of a tenant, or one of consumers, organizations, common.',
  how: 'How do you sign in?',
  ways: {
    browser: 'In a browser of this computer (or any, with its address pasted here)',
    code: 'By a code that is entered in any browser, on a phone too',
    app: 'Not at all: an administrator lets the app read the mailbox (needs a client secret)',
  },
  /** `span`: how long it can be entered. */
  code: (url: string, span: string) =>
    `Open this address in any browser, enter the code, and sign in as the owner of the mailbox. The code is good for ${span}:\n${url}`,
  waiting: (name: string) => `Waiting for ${name} … (Ctrl-C leaves)`,
  opened: 'The page has been opened in your browser. If you do not see it, open the link above.',
  notOpened: (port: number) =>
    [
      'Open the link above in a browser, on any computer. At the end the browser shows that it cannot connect to localhost: that is right. Copy the whole address from its address bar.',
      `(With SSH, before you open the link: ssh -L ${port}:127.0.0.1:${port} to this computer, and it comes back by itself.)`,
    ].join('\n'),
  paste: 'Waiting for the browser. If it ends on a page that cannot be opened, paste its address here',
  pasteHere: 'Paste the address here that the browser ends on (http://localhost:…)',
  signedIn: (name: string) => `Signed in at ${name}.`,
  noLastingToken: (name: string) =>
    `${name} gave no refresh token, so the sign-in would end in an hour. Check that offline_access is among the permissions of the app.`,
  keep: 'Keep the sign-in that is there?',
  keepYes: 'Yes',
  keepNo: 'No, sign in again',
  /** Of a login that was refused behind a good sign-in. */
  refusedHint: (user: string) =>
    `The sign-in itself was good, and the mail server does not let it into ${user}. Either another account signed in, or IMAP (POP) is switched off for the mailbox, or a permission is missing in the app registration.`,
  whatNow: 'What now?',
  again: 'Sign in again',
  otherApp: 'Other client ID or tenant',
  saved: (mailbox: string, kind: string) => `The sign-in for ${mailbox} is kept (${kind}).`,
}

export type OAuthWords = typeof oauth
