/** Gmail's OAuth scopes (Gmail API, "Choose scopes"), and which of them allow what. */
const prefix = 'https://www.googleapis.com/auth/'

export const gmailScopes = {
  insert: `${prefix}gmail.insert`,
  labels: `${prefix}gmail.labels`,
  readonly: `${prefix}gmail.readonly`,
  modify: `${prefix}gmail.modify`,
  full: 'https://mail.google.com/',
} as const

/** What is asked for by default: it cannot read, list or delete mail. */
export const leastScopes: readonly string[] = [gmailScopes.insert, gmailScopes.labels]

/** Asked for beside them, to know whose permission it is (OpenID Connect Core section 3.1.2.1): no more of a profile. */
export const identityScopes: readonly string[] = ['openid', 'email']

/** The long name by which Google grants `email`. */
const longEmail = `${prefix}userinfo.email`

/** Whether an identity scope was granted, by its short or its long name. */
export const grantsIdentity = (scopes: readonly string[], scope: string): boolean =>
  scopes.includes(scope) || (scope === 'email' && scopes.includes(longEmail))

export type Ability = 'insert' | 'labels' | 'read'

const { insert, labels, readonly, modify, full } = gmailScopes
const enough: Readonly<Record<Ability, readonly string[]>> = {
  insert: [insert, modify, full],
  labels: [labels, modify, full],
  read: [readonly, modify, full],
}

/** Whether these scopes (as in the `scope` of a token answer) allow it; gmail.metadata cannot read a message. */
export const scopesAllow = (scopes: readonly string[], ability: Ability): boolean =>
  enough[ability].some(scope => scopes.includes(scope))
