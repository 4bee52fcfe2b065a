/** Everything with which hikyaku speaks TLS, and the dialect that is spoken there; `node`: Node left to itself. */
import type { TrapDialect } from '../servers/tls-trap.ts'

export const destinations = {
  pop3: 'pop3',
  'pop3-stls': 'pop3-stls',
  imap: 'imap',
  'imap-starttls': 'imap-starttls',
  token: 'https',
  api: 'https',
  consent: 'https',
  revoke: 'https',
  webhook: 'https',
  ping: 'https',
  discovery: 'https',
  node: 'https',
} as const satisfies Readonly<Record<string, TrapDialect>>

export type Destination = keyof typeof destinations
