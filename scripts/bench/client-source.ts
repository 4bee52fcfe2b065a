/** The clients that retrieve: ours, node-pop3 as people use it, and imapflow without our adapter around it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ImapFlow } from 'imapflow'
import Pop3Command from 'node-pop3'
import { systemClock } from '../../src/base/clock.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { revealPassword } from '../../src/config/mail-credential.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import type { ClientResult, ClientWork } from './client-work.ts'
import { digestOf } from './measure.ts'
import { inParallel } from './parallel.ts'

const never = new AbortController().signal

const only = ({ config }: ClientWork): MailboxConfig => {
  const [mailbox] = config.mailboxes
  if (mailbox === undefined) throw new Error('no mailbox in the variables')
  return mailbox
}

/** As src/pull/pull.ts does: list, then several retrievals under way at once, in order. */
export async function retrieveOurs(work: ClientWork): Promise<ClientResult> {
  const mailbox = only(work)
  const make = mailbox.protocol === 'pop3' ? makePop3Source : makeImapSource
  const session = await make({ mailbox, clock: systemClock }).open(never)
  const start = performance.now()
  const [folder = ''] = session.folders
  const { entries } = await session.list(folder, () => false, never)
  session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
  const digests: string[] = []
  await inParallel(6, entries, async entry => {
    const hash = createHash('sha256')
    await session.retrieve(entry, { write: chunk => void hash.update(chunk) }, never)
    digests.push(hash.digest('hex'))
  })
  const ms = performance.now() - start
  await session.close()
  return { digests, ms, hung: 0 }
}

/** One RETR after the other, of as many as it is given; a retrieval that has not ended after two seconds is given up with its connection. */
export async function retrieveNodePop3(work: ClientWork): Promise<ClientResult> {
  const { server, user, credential } = only(work)
  const secret = await revealPassword(credential)
  const connect = (): Pop3Command => {
    const { host, port, security, caFile } = server
    const tlsOptions = caFile === undefined ? {} : { ca: readFileSync(caFile) }
    const client = new Pop3Command({
      user,
      password: secret ?? '',
      host,
      port,
      tls: security === 'tls',
      timeout: 2_000,
      tlsOptions,
    })
    // Without a listener an error event ends the process.
    client.on('error', () => {})
    return client
  }
  let client = connect()
  await client._connect()
  const start = performance.now()
  const listed = await client.LIST()
  const digests: string[] = []
  let hung = 0
  for (let number = 1; number <= Math.min(work.messages, listed.length); number += 1) {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(() => resolve('late'), 2_000)
    })
    const got: unknown = await Promise.race([client.RETR(number), late]).catch(() => 'late')
    clearTimeout(timer)
    if (got === 'late' || typeof got !== 'string') {
      hung += 1
      client._socket?.destroy()
      client = connect()
      await client._connect()
    } else digests.push(digestOf(Buffer.from(got, 'utf8')))
  }
  const ms = performance.now() - start
  client._socket?.destroy()
  return { digests, ms, hung }
}

/** The fastest way that imapflow has: one FETCH for all, whole messages in memory. */
export async function retrieveImapflow(work: ClientWork): Promise<ClientResult> {
  const { server, user, credential } = only(work)
  const { host, port, security, caFile } = server
  const client = new ImapFlow({
    host,
    port,
    secure: security === 'tls',
    auth: { user, pass: await revealPassword(credential) },
    logger: false,
    ...(security === 'none' ? { doSTARTTLS: false } : {}),
    ...(caFile === undefined ? {} : { tls: { ca: readFileSync(caFile) } }),
  })
  client.on('error', () => {})
  await client.connect()
  const lock = await client.getMailboxLock('INBOX', { readOnly: true })
  const start = performance.now()
  const digests: string[] = []
  for await (const { source } of client.fetch('1:*', { source: true })) {
    if (source !== undefined) digests.push(digestOf(source))
  }
  const ms = performance.now() - start
  lock.release()
  await client.logout()
  return { digests, ms, hung: 0 }
}
