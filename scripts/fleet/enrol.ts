/** How a host's mailboxes get into a fleet: as an operator does it, by `hikyaku fleet init` and a CSV file. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { least } from '../../test/servers/gmail/oauth.ts'
import { endpointsEnv, hikyaku } from '../../test/servers/hikyaku.ts'
import { accountOf } from './judge.ts'
import type { Box, MailHost } from './mail-host.ts'

export interface Enrolled {
  /** What a worker of this fleet runs with. */
  readonly env: Readonly<Record<string, string>>
  /** What nobody may read in what is printed. */
  readonly secrets: readonly string[]
}

/** As the journal and the holds know a mailbox: the operator's commands put it under the tenant `main`. */
export const keyOf = (user: string): string => `main/${user}`

/** POP3 mailboxes are looked at so often, s, and each at a second of its own; IMAP tells of its mail. */
const quickS = 10
/** Each look is a login. Where there are more mailboxes than this the computer would do little else. */
const mostQuick = 200
const seldomS = 60

function scheduleOf(at: number, mailboxes: number): string {
  const everyS = mailboxes > mostQuick ? seldomS : quickS
  return `${at % everyS}-59/${everyS} * * * * *`
}

export async function enrol(world: {
  readonly url: string
  readonly host: MailHost
  readonly gmail: GmailServer
  readonly folder: string
}): Promise<Enrolled> {
  const { url, host, gmail, folder } = world
  const serviceAccount = gmail.oauth.createServiceAccount(least)
  const keyFile = join(folder, 'service-account.json')
  await writeFile(keyFile, JSON.stringify(serviceAccount.key), { mode: 0o600 })
  const env = {
    FLEET_DATABASE: url,
    FLEET_KEY_FILE: join(folder, 'fleet.key'),
    STATE_DIR: join(folder, 'state'),
    ...endpointsEnv(gmail),
    LOG_LEVEL: 'info',
    // It is our own host.
    FLEET_LOGINS_AT_ONCE: '50',
    FLEET_LOGINS_PER_MINUTE: '6000',
  }
  const csv = join(folder, 'mailboxes.csv')
  await writeFile(csv, writeCsv(host), { mode: 0o600 })
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await hikyaku(['fleet', ...args], {
      env,
      cwd: folder,
      timeoutMs: 120_000,
    })
    if (code !== 0) throw new Error(`hikyaku fleet ${args.join(' ')}: ${code}\n${stdout}\n${stderr}`)
  }
  await run('init')
  await run('import', csv, '--service-account-file', keyFile)
  return {
    env,
    // Of the key the lines between its first and its last.
    secrets: [
      ...host.boxes.map(({ password }) => password),
      ...(serviceAccount.key.private_key ?? '').split('\n').slice(1, -2),
    ],
  }
}

function writeCsv({ boxes, dovecot, ports }: MailHost): string {
  const toRow = ({ user, password, protocol, isEmptied }: Box, at: number) => ({
    name: user,
    user,
    password,
    gmail: accountOf(user),
    protocol,
    host: dovecot.host,
    port: String(protocol === 'pop3' ? ports.pop3s : ports.imaps),
    caFile: dovecot.caFile,
    afterImport: isEmptied ? 'delete' : 'keep',
    schedule: protocol === 'pop3' ? scheduleOf(at, boxes.length) : '',
    verify: 'no',
  })
  const rows = boxes.map(toRow)
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map(fields => Object.values(fields))]
  return `${lines.map(fields => fields.map(field => `"${field.replaceAll('"', '""')}"`).join(',')).join('\r\n')}\r\n`
}
