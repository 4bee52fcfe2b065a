/** A mailbox file (mbox, RFC 4155) as a delivery agent writes it. */
import { appendFile, chmod, chown } from 'node:fs/promises'
import { mailGroup } from './namespace.ts'

/**
 * One message as it stands in the file: CRLF as LF, a line that begins with "From " escaped, a line end at its end and
 * an empty line behind it. What is then sent for it is the server's affair; a client that is not ours says what it is.
 */
function asEntry(octets: Uint8Array): Buffer {
  const lines = Buffer.from(octets)
    .toString('latin1')
    .replaceAll('\r\n', '\n')
    .replace(/^From /gm, '>From ')
  // Without the empty line below the header section the one behind the message would be taken for it.
  const end = `${lines.endsWith('\n') ? '' : '\n'}${/^\n|\n\n/.test(lines) ? '' : '\n'}\n`
  const text = `From sender@example.jp Thu Nov 26 01:00:00 2026\n${lines}${end}`
  return Buffer.from(text, 'latin1')
}

/** Appends the message to the file, made where missing and owned by the account. */
export async function deliverIntoMbox(file: string, octets: Uint8Array, uid: number): Promise<void> {
  await appendFile(file, asEntry(octets))
  await chown(file, uid, mailGroup)
  await chmod(file, 0o660)
}
