/** What `hikyaku revoke` says, and the sign-in where it asks for an account. */
export const revoke = {
  question: (address: string) =>
    `Take back the permission for ${address}? Mail then stays at the host until you sign in again.`,
  nothing: (address: string) => `hikyaku holds no permission for ${address}.`,
  revoked: (address: string) => `The permission for ${address} was taken back at Google and deleted here.`,
  alreadyEnded: (address: string) =>
    `The permission for ${address} had ended at Google already; it was deleted here.`,
  serviceAccount: (address: string) =>
    `${address} is reached by a service account: its permission is taken back by the administrator of Google Workspace.`,
  appPassword: (address: string) =>
    `The app password of ${address} was deleted here. Delete it at Google, too: https://myaccount.google.com/apppasswords`,
  appPasswordInVariable: 'It still stands in GMAIL_APP_PASSWORD or its file: remove it there.',
  inVariable:
    'It still stands in GOOGLE_REFRESH_TOKEN or its file: remove it there. At Google it is worth nothing now.',
  unknown: (given: string, known: string) => `account ${given}; there are: ${known}`,
  mailboxQuestion: (mailbox: string) =>
    `Forget the sign-in of the mailbox ${mailbox}? Its mail then stays there until you sign in again.`,
  signedOut: (mailbox: string) =>
    `The sign-in of ${mailbox} was deleted here. At Microsoft take it back yourself: on the account’s page of apps with access, or by signing out everywhere.`,
  needsYes: 'without a terminal, --yes is needed',
}

export type RevokeWords = typeof revoke
