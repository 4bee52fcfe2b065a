/** Names of secrets in the vault. */
export const vaultNames = {
  password: (mailbox: string): string => `mailbox/${mailbox}/password`,
  refreshToken: (account: string): string => `google/${account}/refresh-token`,
  clientSecret: (account: string): string => `google/${account}/client-secret`,
  /** Of a service account, in a fleet. */
  serviceAccountKey: (account: string): string => `google/${account}/service-account-key`,
  appPassword: (account: string): string => `google/${account}/app-password`,
  /** Whose permission the refresh token is. */
  identity: (account: string): string => `google/${account}/identity`,
  /** Of a mailbox that is logged in to with access tokens. */
  mailRefreshToken: (mailbox: string): string => `mailbox/${mailbox}/refresh-token`,
  mailClientSecret: (mailbox: string): string => `mailbox/${mailbox}/client-secret`,
  /** What takes the place of a refresh token that a variable or a file gave. */
  renewedToken: (mailbox: string): string => `mailbox/${mailbox}/renewed-token`,
} as const
