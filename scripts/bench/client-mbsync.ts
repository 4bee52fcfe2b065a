/** mbsync (Debian: isync) into an empty Maildir, without waiting for the disk. Its start and its login are in the time. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { revealPassword } from '../../src/config/mail-credential.ts'
import type { ClientResult, ClientWork } from './client-work.ts'
import { digestOf } from './measure.ts'

export async function retrieveMbsync({ config }: ClientWork): Promise<ClientResult> {
  const [mailbox] = config.mailboxes
  if (mailbox === undefined) throw new Error('no mailbox in the variables')
  const { server, user, credential } = mailbox
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bench-mbsync-'))
  try {
    const near = join(folder, 'near')
    await mkdir(near)
    const rc = `FSync no
IMAPStore far
Host ${server.host}
Port ${server.port}
User ${user}
Pass "${await revealPassword(credential)}"
SSLType None
AuthMechs LOGIN

MaildirStore near
Path ${near}/
Inbox ${near}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
`
    await writeFile(join(folder, 'rc'), rc, { mode: 0o600 })
    const startMs = performance.now()
    await promisify(execFile)('mbsync', ['-q', '-c', join(folder, 'rc'), 'all'], { timeout: 170_000 })
    const ms = performance.now() - startMs
    const names = await readdir(join(near, 'INBOX', 'new'))
    const digests: string[] = []
    for (const name of names) {
      const octets = await readFile(join(near, 'INBOX', 'new', name))
      // A Maildir's lines end with LF alone.
      digests.push(digestOf(Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')))
    }
    return { digests, ms, hung: 0 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
