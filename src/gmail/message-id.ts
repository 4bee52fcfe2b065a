/** Message-IDs in Gmail's query language. */

/** Without angle brackets, as Gmail's rfc822msgid: operator takes it. */
export const bareMessageId = (messageId: string): string => messageId.trim().replace(/^<|>$/g, '')

/** Whether `rfc822msgid:` with this behind it (without angle brackets) means nothing else in a query. */
export const isSearchable = (bare: string): boolean => /^[!#-'*-z|~]+$/.test(bare)

/** More copies than this are not looked at: something else is wrong then. */
export const mostCopies = 10
