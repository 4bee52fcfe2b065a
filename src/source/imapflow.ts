/**
 * imapflow, and of its inside what this project uses. It is required and not imported: its two builds are the same code,
 * and this one is in memory a third sooner and in 3 MiB less. Its libraries for proxies, for taking messages apart and for
 * old character sets are not used here, and would be 2 MiB.
 */
import { createRequire } from 'node:module'
import { withoutYet } from '../base/on-first-use.ts'

const require = createRequire(import.meta.url)

const unused = [
  'pino',
  'socks',
  'libmime',
  'libqp',
  'libbase64',
  'iconv-lite',
  'encoding-japanese',
  '@zone-eu/mailsplit',
  '@zone-eu/mailsplit/lib/flowed-decoder.js',
  'imapflow/lib/download.js',
]

export const { ImapFlow } = withoutYet(
  require.resolve('imapflow'),
  unused,
  () => require('imapflow') as typeof import('imapflow'),
)
export const { parser: parse } =
  require('imapflow/lib/handler/imap-handler.js') as typeof import('imapflow/lib/handler/imap-handler.js')
export const { decodePath, encodePath } =
  require('imapflow/lib/tools.js') as typeof import('imapflow/lib/tools.js')
