/**
 * A real GNU mailutils pop3d on a loopback port, for one user, mail in one mbox file. It writes X-UIDL, X-IMAPbase,
 * X-UID and Status lines into the mail in the first session, which is what it is here for. Each connection gets a
 * process of its own, as inetd would do it; the system's own configuration and users are neither read nor touched.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { loopback, privateFolder, removeFolder } from './local.ts'

const program = '/usr/sbin/pop3d'

export interface MailutilsServer {
  /** MAIL_* variables that reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Appends a message to the mbox file, line ends as LF, as its delivery agent does. */
  deliver(octets: Uint8Array): Promise<void>
  /** The mbox file as it stands. */
  mbox(): Promise<string>
  stop(): Promise<void>
}

/** Why no pop3d can be started here, or undefined when one can. */
export function mailutilsMissing(): string | undefined {
  if (!existsSync(program)) return 'mailutils-pop3d is not installed'
  return userInfo().uid === 0 ? undefined : 'pop3d changes to the account of the mailbox, which needs root'
}

/** 65534 is nobody. */
const owner = { uid: 65534, gid: 65534 }
const domain = 'example.net'

export async function startMailutils(): Promise<MailutilsServer> {
  const root = await privateFolder('mailutils')
  const home = join(root, 'home')
  const box = join(home, 'INBOX')
  await chmod(root, 0o755)
  await mkdir(home)
  await mkdir(join(root, 'domains'))
  await chown(home, owner.uid, owner.gid)
  const hashed = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: 'correct horse\n' })
  const entry = ['owner', hashed.toString().trim(), owner.uid, owner.gid, 'owner', home, '/bin/false'].join(
    ':',
  )
  await writeFile(join(root, 'domains', domain), `${entry}\n`)
  const configuration = join(root, 'pop3d.conf')
  await writeFile(
    configuration,
    `auth { authentication "generic"; authorization "virtdomain"; };\nvirtdomain { passwd-dir "${join(root, 'domains')}"; };\n`,
  )
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    const child = spawn(program, ['--no-site-config', '--config-file', configuration, '--inetd'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    sockets.add(socket)
    socket.on('error', () => child.stdin.end()).on('close', () => sockets.delete(socket))
    child.stdin.on('error', () => socket.destroy())
    socket.pipe(child.stdin)
    child.stdout.pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, loopback, resolve))
  let made = 0
  return {
    env: {
      MAIL_PROTOCOL: 'pop3',
      MAIL_HOST: loopback,
      MAIL_PORT: String((server.address() as AddressInfo).port),
      MAIL_SECURITY: 'none',
      MAIL_USER: `owner@${domain}`,
      MAIL_PASSWORD: 'correct horse',
    },
    async deliver(octets) {
      const text = Buffer.from(octets).toString('latin1').replaceAll('\r\n', '\n')
      const from = `From sender@${domain} Thu Nov 26 00:00:${String(made++ % 60).padStart(2, '0')} 2026\n`
      const before = existsSync(box) ? await readFile(box) : Buffer.alloc(0)
      await writeFile(box, Buffer.concat([before, Buffer.from(`${from}${text}\n`, 'latin1')]))
      await chown(box, owner.uid, owner.gid)
    },
    mbox: async () => (existsSync(box) ? readFile(box, 'latin1') : ''),
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
      await removeFolder(root)
    },
  }
}
