/** What a person types, as it was meant: an input method left on writes ９９３ and ｓｈｏｐ＠…, a copy brings blanks. */

/** Names that somebody gave elsewhere, and paths: ㈱ or a full-width bracket in them is theirs, so only blanks go. */
const spelledByOthers: ReadonlySet<string> = new Set([
  'client-file',
  'ca-file',
  'password-file',
  'oauth-client-secret-file',
  'service-account-file',
  'refresh-token-file',
  'app-password-file',
  'folders',
  'move-folder',
  'labels',
  'mailbox',
  'account',
])

/** Where a name of the Internet is asked for, the ideographic full stop is a dot (RFC 5895 section 2). */
const domainNames: ReadonlySet<string> = new Set(['address', 'gmail-account', 'host', 'user'])

/** @param id of the question @returns the answer in Unicode's NFKC and without blanks around it; no secret comes here */
export function normaliseAnswer(id: string, typed: string): string {
  const bare = typed.replace(/^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$/gu, '')
  if (spelledByOthers.has(id)) return bare
  const plain = bare.normalize('NFKC').trim()
  return domainNames.has(id) ? plain.replaceAll('。', '.') : plain
}

/** What is easily overlooked in a password that was refused: nobody sees it while it is typed. */
export type PasswordOddity = 'full-width' | 'blanks' | 'both'

export function findPasswordOddity(password: string): PasswordOddity | undefined {
  const blanks = password !== password.trim()
  // Full-width forms, kana and their punctuation: an input method was on.
  const fullWidth = /[\u3000-\u30ff\uff01-\uffee]/u.test(password.trim())
  if (blanks) return fullWidth ? 'both' : 'blanks'
  return fullWidth ? 'full-width' : undefined
}
