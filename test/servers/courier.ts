/**
 * A real Courier (IMAP and POP3) on loopback ports, without its system services. Courier has the paths of its
 * configuration and of its authentication socket compiled in, so it runs in a mount namespace of its own in
 * which /etc/courier and /run are private folders; the system's own are neither read nor touched. It also runs
 * in a process namespace of its own: when the first process ends, the kernel ends all the others.
 *
 * TLS is on the ports for it. STARTTLS and STLS are switched off: in these namespaces Courier closes right after
 * the handshake, with openssl's and Python's clients too.
 *
 * Courier stores mail with bare LF and sends CRLF for each. `deliver` therefore does what every delivery agent
 * for it does: it stores CRLF as LF.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { makeCertificates, opensslMissing } from './certificates.ts'
import {
  freePorts,
  loopback,
  portsGreet,
  privateFolder,
  program,
  removeFolder,
  startDaemon,
} from './local.ts'
import { type DeliverOptions, deliverInto, makeMaildir, readMaildir, type Stored } from './maildir.ts'

export interface CourierServer {
  readonly host: string
  readonly ports: {
    readonly pop3: number
    readonly pop3s: number
    readonly imap: number
    readonly imaps: number
  }
  readonly caFile: string
  readonly user: string
  readonly password: string
  /**
   * Delivers to a folder ('' and 'INBOX' are the inbox, 'INBOX.Name' another), CRLF stored as LF.
   * @returns the Maildir file's name
   */
  deliver(folder: string, octets: Uint8Array, options?: DeliverOptions): Promise<string>
  maildrop(folder: string): Promise<Stored[]>
  /** What Courier printed so far; with DEBUG_LOGIN it says why a login failed. */
  log(): string
  stop(): Promise<void>
}

const authdaemond = '/usr/lib/courier/courier-authlib/authdaemond'

/**
 * Debian's courier-imap and courier-pop exclude Dovecot's packages, so .ci/run unpacks them beside the system:
 * the folder they were unpacked to, or '' where they are installed.
 */
function courierRoot(): string | undefined {
  const roots = [process.env.HIKYAKU_COURIER, '/opt/hikyaku-courier', '']
  const has = (root: string): boolean =>
    existsSync(`${root}/usr/lib/courier/courier/imaplogin`) &&
    existsSync(`${root}/usr/lib/courier/courier/courierpop3login`)
  return roots.find(root => root !== undefined && has(root))
}

/** Why no Courier can be started here, or undefined when one can. */
export function courierMissing(): string | undefined {
  if (courierRoot() === undefined) return 'courier-imap and courier-pop are neither unpacked nor installed'
  if (opensslMissing() !== undefined) return opensslMissing()
  if (!existsSync(authdaemond) || program('couriertcpd') === undefined) return 'courier-base is not installed'
  if (userInfo().uid !== 0) return 'Courier changes to the account of the mailbox, which needs root'
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'no mount namespace can be made here'
  }
}

export const courierAvailable = (): boolean => courierMissing() === undefined

/** 65534 is nobody: Courier serves no mail to root. */
const owner = { uid: 65534, gid: 65534 }

function userdb(user: string, password: string, home: string): string {
  const hashed = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n` })
  const fields = [`uid=${owner.uid}`, `gid=${owner.gid}`, `home=${home}`, `mail=${home}/Maildir`]
  return `${user}\t${[...fields, `systempw=${hashed.toString('utf8').trim()}`].join('|')}\n`
}

function startScript(root: string, courier: string, ports: CourierServer['ports'], pem: string): string {
  const lib = `${courier}/usr/lib/courier/courier`
  const listen = (port: number, ...rest: string[]): string =>
    `couriertcpd -address=${loopback} -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup ${port} ${rest.join(' ')} &`
  const imap = [`${lib}/imaplogin`, `${courier}/usr/bin/imapd`, 'Maildir']
  const pop3 = [`${lib}/courierpop3login`, `${lib}/courierpop3d`, 'Maildir']
  const tls = ['/usr/bin/couriertls', '-server', '-tcpd']
  return `set -eu
mount --bind ${root}/etc /etc/courier
mount --bind ${root}/run /run
set -a
. /etc/courier/authdaemonrc
. ${courier}/etc/courier/imapd
. ${courier}/etc/courier/pop3d
COURIERTLS=/usr/bin/couriertls
IMAP_STARTTLS=NO
POP3_STARTTLS=NO
TLS_CERTFILE=${pem}
TLS_VERIFYPEER=NONE
set +a
${authdaemond} &
# Who logs in before it listens is told of a temporary problem.
until [ -S /run/courier/authdaemon/socket ]; do sleep 0.01; done
${listen(ports.imap, ...imap)}
${listen(ports.pop3, ...pop3)}
export IMAP_TLS=1 POP3_TLS=1
${listen(ports.imaps, ...tls, ...imap)}
${listen(ports.pop3s, ...tls, ...pop3)}
wait
`
}

/** Every CRLF as LF; a bare CR stays. */
function storedForm(octets: Uint8Array): Buffer {
  return Buffer.from(octets.filter((octet, at) => !(octet === 13 && octets[at + 1] === 10)))
}

/** Starts Courier for one user; ready to answer when it resolves. Reject: it cannot be started here. */
export async function startCourier(
  options: { user?: string; password?: string } = {},
): Promise<CourierServer> {
  const missing = courierMissing()
  const courier = courierRoot()
  if (missing !== undefined || courier === undefined) throw new Error(missing ?? 'no Courier')
  const { user = 'owner', password = 'correct horse' } = options
  const root = await privateFolder('courier')
  const home = join(root, 'mail', user)
  await chmod(root, 0o755)
  for (const name of ['etc', 'run/courier/authdaemon', `mail/${user}`, 'tls']) {
    await mkdir(join(root, name), { recursive: true })
  }
  await chown(home, owner.uid, owner.gid)
  await makeMaildir(join(home, 'Maildir'), owner)
  const { ca, good } = await makeCertificates(join(root, 'tls'))
  const pem = join(root, 'etc', 'server.pem')
  await writeFile(pem, `${good.key}\n${good.cert}`, { mode: 0o600 })
  await chown(pem, owner.uid, owner.gid)
  const accounts = join(root, 'etc', 'userdb')
  await writeFile(accounts, userdb(user, password, home), { mode: 0o600 })
  execFileSync(program('makeuserdb') ?? 'makeuserdb', ['-f', accounts])
  const auth = ['authmodulelist="authuserdb"', 'authmodulelistorig="authuserdb"', 'daemons=2']
  const rest = [
    'authdaemonvar=/run/courier/authdaemon',
    'DEBUG_LOGIN=1',
    'DEFAULTOPTIONS=""',
    'LOGGEROPTS=""',
  ]
  await writeFile(join(root, 'etc', 'authdaemonrc'), `${[...auth, ...rest].join('\n')}\n`)
  const [pop3 = 0, pop3s = 0, imap = 0, imaps = 0] = await freePorts(4)
  const ports = { pop3, pop3s, imap, imaps }
  const script = join(root, 'start.sh')
  await writeFile(script, startScript(root, courier, ports, pem))

  // unshare lets SIGTERM pass by while it waits for its child; only SIGKILL ends both.
  const daemon = startDaemon(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', 'sh', script],
    'SIGKILL',
  )
  const stop = async (): Promise<void> => {
    await daemon.stop()
    await removeFolder(root)
  }
  try {
    await portsGreet(
      [
        { port: imap, expect: /^\* OK \[CAPABILITY / },
        { port: pop3, expect: /^\+OK / },
      ],
      daemon.alive,
    )
  } catch (cause) {
    await stop()
    throw new Error(`Courier did not start: ${daemon.printed()}`, { cause })
  }
  const pathOf = (folder: string): string =>
    join(home, 'Maildir', folder === '' || folder === 'INBOX' ? '.' : `.${folder.replace(/^INBOX\./, '')}`)
  return {
    host: loopback,
    ports,
    caFile: ca.certFile,
    user,
    password,
    deliver: async (folder, octets, how) => {
      await makeMaildir(pathOf(folder), owner)
      return deliverInto(pathOf(folder), storedForm(octets), how, owner)
    },
    maildrop: folder => readMaildir(pathOf(folder)),
    log: daemon.printed,
    stop,
  }
}
