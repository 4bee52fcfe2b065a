/** What the texts of the faults have in common. */
import type { Facts, FaultText } from '../facts.ts'
import { makeFormat } from '../format.ts'
import { describePhase, describeReason } from '../reasons.ts'
import type { NamedSettings } from '../setting-place.ts'

export const text = (what: string, mail: string, next: string): FaultText => ({ what, mail, next })

export const waits = 'No mail is lost: it waits in the source mailbox until this works again.'
export const stays = 'The message stays in the source mailbox. All other mail goes on as usual.'
export const stopped = 'No mail is lost: new mail waits in the source mailbox, and nothing there is deleted.'
export const byItself = 'Nothing for now: hikyaku tries again by itself.'
/** In place of it where one pull has ended, after which nobody may come back. */
export const runAgain = 'Nothing for now. If no service or timer pulls here, run `hikyaku pull` again later.'

export const server = (f: Facts): string =>
  f.server === undefined ? 'the mail server' : `the mail server ${f.server}`
export const Server = (f: Facts): string =>
  f.server === undefined ? 'The mail server' : `The mail server ${f.server}`
/** What the other side said ends its own sentence, or we do. */
export const quote = (words: string): string => `“${words}”${/[.!?]$/.test(words) ? '' : '.'}`
export const said = (f: Facts): string => f.with('words', words => ` It said: ${quote(words)}`)
export const google = (f: Facts): string => f.with('words', words => ` Google said: ${quote(words)}`)
/** HTTP's number, or IMAP's NO or BAD. */
export const answer = (f: Facts): string =>
  f.with('status', status => (/^\d/.test(status) ? ` (HTTP ${status})` : ` (${status})`))
export const because = (f: Facts): string => f.with('reason', reason => ` (${describeReason(reason, 'en')})`)
export const during = (f: Facts): string => f.with('phase', phase => ` (while ${describePhase(phase, 'en')})`)
/** Whether it happened after a good login: then protocol, port and password are right. */
export const isLoggedIn = (f: Facts): boolean =>
  /^(folders|select|list|peek|retrieve|settle|quit|logout|watch|idle|command)$/.test(f.or('phase', ''))
/** Where a secret is: its file, or the thing that keeps it. */
export const place = (f: Facts): string => {
  const where = f.get('file') ?? f.get('what')
  return where === undefined ? '' : `: ${describeReason(where, 'en')}`
}
export const account = (f: Facts): string => f.or('account', 'the Gmail account')

const format = makeFormat('en')
/** When the next login is tried. */
export const nextTry = (f: Facts): string =>
  f.with(
    'nextTryAtMs',
    atMs =>
      ` The next try comes ${f.with('waitMs', ms => `${format.span(Number(ms))} after this one, `)}at ${format.instant(Number(atMs))}.`,
  )
/** What the server's challenge says of a token that it does not take (RFC 7628 section 3.2.2). */
export const refusedWith = (f: Facts): string => {
  const words = (['status', 'scope'] as const).flatMap(name => f.with(name, word => `${name} ${word}`) || [])
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}

/** What the server's words point to. */
export const advice = (f: Facts): string => {
  const words = f.or('words', '')
  if (/app(lication)?[- ]?(specific )?pass/i.test(words))
    return 'The server wants an app password: make one in the security settings of the mail account. '
  if (/browser|web ?log|web ?sign/i.test(words))
    return 'The server wants you to log in once with a web browser: do that, and confirm that it was you. '
  return ''
}

/** Before `run hikyaku setup password`: the other way, where the owner's own file or variable holds the password. */
export const changePassword = (f: Facts, now = ''): string => {
  const { isKept, isFile } = f.placeOf('MAIL_PASSWORD')
  if (isKept) return ''
  const name = f.setting('MAIL_PASSWORD')
  return `change ${isFile ? `what stands in the file that ${name} names` : name}${now} or `
}

/** Where the settings stand that a remedy names. */
export const whereSet = (files: NamedSettings['files']): string =>
  files
    .map(({ file, line }) => ` The settings are in ${file}${line === undefined ? '' : `, line ${line}`}.`)
    .join('')
