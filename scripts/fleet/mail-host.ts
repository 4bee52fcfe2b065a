/**
 * A mail host with many users: a real Dovecot, filled by delivery into its Maildirs, with the book of its logins. What its
 * clients say goes through the book of the wire.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { type DovecotServer, startDovecot } from '../../test/servers/dovecot.ts'
import type { Protocol } from '../../test/servers/source-server.ts'
import { LoginBook, loginBookSettings } from './login-book.ts'
import { WireBook } from './wire-book.ts'

export interface Box {
  readonly user: string
  readonly password: string
  readonly protocol: Protocol
  /** Whether mail leaves the mailbox once Gmail has it. */
  readonly isEmptied: boolean
}

export interface MailHost {
  readonly dovecot: DovecotServer
  /** Where its clients find it. */
  readonly ports: DovecotServer['ports']
  readonly boxes: readonly Box[]
  readonly book: LoginBook
  deliver(box: Box, octets: Buffer): Promise<void>
  stop(): Promise<void>
}

/** One for each IMAP session that listens (inotify(7)), and some for others of this computer. */
const inotifyFile = '/proc/sys/fs/inotify/max_user_instances'

/** @returns what undoes it: the number is the whole computer's */
function raiseInotify(wanted: number): () => void {
  try {
    const before = readFileSync(inotifyFile, 'utf8')
    if (Number(before) >= wanted) return () => {}
    writeFileSync(inotifyFile, String(wanted))
    return () => writeFileSync(inotifyFile, before)
  } catch {
    // Dovecot then looks by itself, as often as mailbox_idle_check_interval says.
    return () => {}
  }
}

/** Limits that a host of so many mailboxes has; those of the tests are for a few. */
const limits = (count: number): string => `
mailbox_idle_check_interval = 2s
default_client_limit = ${4 * count + 1000}
service auth {
  client_limit = ${8 * count + 2000}
}
service anvil {
  client_limit = ${8 * count + 2000}
}
${['pop3', 'imap']
  .map(
    protocol => `service ${protocol}-login {
  client_limit = ${4 * count + 1000}
}
service ${protocol} {
  process_limit = ${3 * count + 100}
}
protocol ${protocol} {
  mail_max_userip_connections = 100
  mail_plugins = $mail_plugins notify mail_log
}`,
  )
  .join('\n')}
`

/** @param count users; every second one is pulled over POP3, every third is emptied */
export async function startMailHost(count: number): Promise<MailHost> {
  const width = String(count).length
  const boxes = Array.from(
    { length: count },
    (_, at): Box => ({
      user: `box${String(at + 1).padStart(width, '0')}`,
      password: `correct horse ${at + 1}`,
      protocol: at % 2 === 0 ? 'pop3' : 'imap',
      isEmptied: at % 3 === 0,
    }),
  )
  const restoreInotify = userInfo().uid === 0 ? raiseInotify(count + 128) : () => {}
  try {
    const dovecot = await startDovecot({
      users: Object.fromEntries(boxes.map(({ user, password }) => [user, password])),
      settings: loginBookSettings + limits(count),
    })
    const wire = new WireBook()
    const book = new LoginBook(dovecot.logFile, wire)
    const { pop3, pop3s, imap, imaps } = dovecot.ports
    return {
      dovecot,
      ports: {
        pop3: await wire.standBefore(pop3),
        pop3s: await wire.standBefore(pop3s),
        imap: await wire.standBefore(imap),
        imaps: await wire.standBefore(imaps),
      },
      boxes,
      book,
      deliver: async ({ user }, octets) => void (await dovecot.deliver('', octets, { user })),
      async stop() {
        await book.close()
        await wire.close()
        await dovecot.stop()
        restoreInotify()
      },
    }
  } catch (error) {
    restoreInotify()
    throw error
  }
}
