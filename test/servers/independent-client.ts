/** Runs independent-client.py: what a mailbox holds according to a reader that shares no code with ours. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { keepOutput, program } from './local.ts'

export interface MailboxAddress {
  readonly protocol: 'pop3' | 'imap'
  readonly port: number
  readonly user: string
  readonly password: string
  /** Given: TLS from the first octet, the certificate checked against this PEM file. */
  readonly caFile?: string
  /** IMAP only; default INBOX. */
  readonly folder?: string
  /** POP3 only: send UTF8 before the login (RFC 6856). */
  readonly utf8?: boolean
}

/** One message as the server sent it; POP3 after dot-unstuffing. */
export interface Read {
  /** UIDL, or IMAP UID. */
  readonly name: string
  readonly octets: number
  /** What the server said before: POP3's `+OK n octets`, IMAP's RFC822.SIZE. */
  readonly announced: number | null
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export const pythonMissing = (): string | undefined =>
  program('python3') === undefined ? 'python3 is not installed' : undefined

const client = fileURLToPath(new URL('independent-client.py', import.meta.url))

function isRead(value: unknown): value is Read {
  return typeof value === 'object' && value !== null && 'sha256' in value && typeof value.sha256 === 'string'
}

/** Every message in the server's order; rejects with the client's own words where it could not read them all. */
export async function readIndependently(mailbox: MailboxAddress): Promise<Read[]> {
  const { caFile, folder = 'INBOX', utf8 = false } = mailbox
  const child = spawn(program('python3') ?? 'python3', [client], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(
    JSON.stringify({ ...mailbox, folder, utf8, tls: caFile !== undefined, caFile: caFile ?? null }),
  )
  const { stdout, stderr } = keepOutput(child)
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`independent client: ${stderr().trim()}`)
  return stdout()
    .split('\n')
    .filter(line => line !== '')
    .map((line): Read => {
      const value: unknown = JSON.parse(line)
      if (!isRead(value)) throw new Error(`independent client printed ${line}`)
      return value
    })
}
