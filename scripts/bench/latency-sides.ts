/**
 * Who waits for mail: hikyaku as it is packed, and fetchmail and getmail6 as their manuals show them (IDLE, a
 * command for each message, which here is curl to Gmail's import). Each has a mailbox and an account of its own on
 * the same two servers, behind wires of its own.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DovecotServer } from '../../test/servers/dovecot.ts'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, startHikyaku } from '../../test/servers/hikyaku.ts'
import { program } from '../../test/servers/local.ts'
import { builtCli } from './build.ts'
import type { DelayProxy } from './delay-proxy.ts'
import { startPeer } from './peer.ts'

export type SideName = 'hikyaku' | 'fetchmail' | 'getmail6'

export const sideNames: readonly SideName[] = ['hikyaku', 'fetchmail', 'getmail6']

export const accountOf = (side: SideName): string =>
  side === 'hikyaku' ? 'owner@example.test' : `${side}@example.test`

export interface SideWires {
  readonly dovecot: DovecotServer
  readonly gmail: GmailServer
  readonly sourceWire: DelayProxy
  readonly gmailWire: DelayProxy
  /** Of this side alone; private. */
  readonly folder: string
}

export interface Side {
  /** What it said so far, for error messages. */
  readonly said: () => string
  stop(): Promise<void>
}

/** Why a side cannot be measured here, or undefined. */
export function sideMissing(side: SideName): string | undefined {
  if (side === 'hikyaku') return undefined
  const command = side === 'getmail6' ? 'getmail' : side
  return [command, 'curl'].map(name => (program(name) ? undefined : `${name} is not there`)).find(Boolean)
}

/** The URL as it is behind the wire. */
const over = (url: string, wire: DelayProxy): string => {
  const behind = new URL(url)
  behind.port = String(wire.port)
  return behind.href
}

export async function startSide(name: SideName, password: string, wires: SideWires): Promise<Side> {
  await mkdir(wires.folder, { recursive: true, mode: 0o700 })
  switch (name) {
    case 'hikyaku':
      return startOurs(password, wires)
    case 'fetchmail':
      return startFetchmail(password, wires)
    case 'getmail6':
      return startGetmail(password, wires)
  }
}

async function startOurs(
  password: string,
  { gmail, sourceWire, gmailWire, folder }: SideWires,
): Promise<Side> {
  const env = Object.fromEntries(
    Object.entries(gmailEnv(gmail)).map(([key, value]) => [
      key,
      value.startsWith('http://127.0.0.1') ? over(value, gmailWire) : value,
    ]),
  )
  const running = startHikyaku(['run'], {
    cli: builtCli,
    cwd: folder,
    env: {
      ...env,
      MAIL_PROTOCOL: 'imap',
      MAIL_HOST: '127.0.0.1',
      MAIL_PORT: String(sourceWire.port),
      MAIL_SECURITY: 'none',
      MAIL_USER: 'hikyaku',
      MAIL_PASSWORD: password,
      STATE_DIR: join(folder, 'state'),
      VERIFY: 'false',
    },
  })
  return {
    said: () => running.stderr() + running.stdout(),
    async stop() {
      running.kill('SIGKILL')
      await running.ended
    },
  }
}

/** A script that hands standard input to Gmail's import, as a person would write it. */
async function writeUpload({ gmail, gmailWire, folder }: SideWires, side: SideName): Promise<string> {
  const url = over(
    `${gmail.url}upload/gmail/v1/users/me/messages/import?uploadType=media&internalDateSource=dateHeader`,
    gmailWire,
  )
  const token = gmail.accessToken(accountOf(side))
  const file = join(folder, 'upload.sh')
  await writeFile(
    file,
    `#!/bin/sh\nexec curl -sf -o /dev/null -H 'Authorization: Bearer ${token}' ` +
      `-H 'Content-Type: message/rfc822' --data-binary @- '${url}'\n`,
    { mode: 0o700 },
  )
  return file
}

async function startFetchmail(password: string, wires: SideWires): Promise<Side> {
  const upload = await writeUpload(wires, 'fetchmail')
  const file = join(wires.folder, 'fetchmailrc')
  await writeFile(
    file,
    `poll 127.0.0.1 service ${wires.sourceWire.port} protocol imap auth password\n` +
      `  username "fetchmail" password "${password}" sslproto '' idle keep\n  mda "${upload}"\n`,
    { mode: 0o600 },
  )
  return startPeer(
    'fetchmail',
    ['--nodetach', '--pidfile', join(wires.folder, 'pid'), '-f', file],
    wires.folder,
  )
}

async function startGetmail(password: string, wires: SideWires): Promise<Side> {
  const upload = await writeUpload(wires, 'getmail6')
  const file = join(wires.folder, 'getmailrc')
  await writeFile(
    file,
    `[retriever]\ntype = SimpleIMAPRetriever\nserver = 127.0.0.1\nport = ${wires.sourceWire.port}\n` +
      `username = getmail6\npassword = ${password}\n\n` +
      `[destination]\ntype = MDA_external\npath = ${upload}\nallow_root_commands = true\n\n` +
      '[options]\nread_all = false\nverbose = 0\ndelivered_to = false\nreceived = false\n',
    { mode: 0o600 },
  )
  return startPeer(
    'getmail',
    ['--idle=INBOX', `--getmaildir=${wires.folder}`, `--rcfile=${file}`],
    wires.folder,
  )
}
