/**
 * A real Dovecot, started by hand with a private configuration on loopback ports: the witness that our readers
 * are held to. Nothing of the system's own Dovecot is read or touched. Works as root (mail belongs to uid
 * 65534, because Dovecot serves no mail to root) and as a normal user (without its chroots).
 */
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Certificates, makeCertificates, opensslMissing } from './certificates.ts'
import {
  type Daemon,
  freePorts,
  loopback,
  portsGreet,
  privateFolder,
  program,
  removeFolder,
  startDaemon,
} from './local.ts'
import {
  type DeliverOptions,
  deliverInto,
  makeMaildir,
  type Owner,
  readMaildir,
  type Stored,
} from './maildir.ts'

export interface DovecotOptions {
  /** Passwords by user name. */
  readonly users?: Readonly<Record<string, string>>
  /** Takes access tokens, too, by XOAUTH2 and OAUTHBEARER: who says whether one is good (introspection.ts). */
  readonly introspectionUrl?: string
  /** More lines of dovecot.conf; they come last and so win. */
  readonly settings?: string
}

export interface DovecotServer {
  readonly host: string
  readonly ports: {
    readonly pop3: number
    readonly pop3s: number
    readonly imap: number
    readonly imaps: number
  }
  /** PEM file of the authority that signed the certificate (for 127.0.0.1 and localhost). */
  readonly caFile: string
  /** The first user, for tests that need one only. */
  readonly user: string
  readonly password: string
  /**
   * Delivers exactly these octets to a folder ('' and 'INBOX' are the inbox; made where missing).
   * @returns the Maildir file's name
   */
  deliver(
    folder: string,
    octets: Uint8Array | AsyncIterable<Uint8Array>,
    options?: DeliverOptions & { readonly user?: string },
  ): Promise<string>
  /** What is stored in a folder now, read from the disk. */
  maildrop(folder: string, user?: string): Promise<Stored[]>
  /** Makes the server forget a folder's UIDs, as a restore from backup does: a new UIDVALIDITY at the next look. */
  forgetUids(folder: string, user?: string): Promise<void>
  /** The password of a user from now on. */
  changePassword(user: string, password: string): Promise<void>
  /** Dovecot's log so far. */
  log(): Promise<string>
  /** Where it is written, for who reads on in a long one. */
  readonly logFile: string
  /** Ends every connection and comes back on the same ports with the same mail. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const nobody: Owner = { uid: 65534, gid: 65534 }

/** Why no Dovecot can be started here, or undefined when one can. */
export function dovecotMissing(): string | undefined {
  const dovecot = program('dovecot')
  if (dovecot === undefined) return 'dovecot is not installed (dovecot-imapd and dovecot-pop3d)'
  if (opensslMissing() !== undefined) return opensslMissing()
  try {
    const settings = execFileSync(dovecot, ['-a', '-c', '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const text = settings.toString('utf8')
    const lacking = ['imap', 'pop3'].filter(name => !text.includes(`service ${name}-login {`))
    return lacking.length === 0 ? undefined : `dovecot has no ${lacking.join(' and no ')}`
  } catch {
    return 'dovecot does not start'
  }
}

export const dovecotAvailable = (): boolean => dovecotMissing() === undefined

const tlsModes = { imap: 'imaps', pop3: 'pop3s' } as const

function configuration(
  root: string,
  ports: DovecotServer['ports'],
  certificate: Certificates['good'],
  owner: Owner,
  settings: string,
): string {
  const me = userInfo()
  const rootless = me.uid !== 0
  const group = rootless ? execFileSync('id', ['-gn']).toString('utf8').trim() : 'dovecot'
  const chroot = rootless ? 'chroot =' : ''
  const login = (protocol: 'imap' | 'pop3'): string => `
service ${protocol}-login {
  ${chroot}
  service_count = 0
  process_min_avail = 1
  client_limit = 1000
  inet_listener ${protocol} {
    address = ${loopback}
    port = ${ports[protocol]}
  }
  inet_listener ${tlsModes[protocol]} {
    address = ${loopback}
    port = ${ports[tlsModes[protocol]]}
    ssl = yes
  }
}
service ${protocol} {
  process_limit = 200
}
protocol ${protocol} {
  mail_max_userip_connections = 100
}`
  return `
protocols = imap pop3
base_dir = ${root}/run
state_dir = ${root}/state
instance_name = ${root}
log_path = ${root}/dovecot.log
listen = ${loopback}
${rootless ? `default_internal_user = ${me.username}\ndefault_login_user = ${me.username}` : ''}
default_internal_group = ${group}
service anvil {
  ${chroot}
  # Without this the second wrong password of a test would wait for seconds.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${login('imap')}
${login('pop3')}
ssl = yes
ssl_cert = <${certificate.certFile}
ssl_key = <${certificate.keyFile}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN ${root}/passwd
}
userdb {
  driver = static
  args = uid=${owner.uid} gid=${owner.gid} home=${root}/mail/%u
}
first_valid_uid = 1
first_valid_gid = 1
# Folder names on the disk as they are, so that deliver() need not know modified UTF-7.
mail_location = maildir:~/Maildir:UTF-8
mail_fsync = never
namespace inbox {
  inbox = yes
}
${settings}
`
}

/** The oauth2 passdb (doc.dovecot.org/2.3/configuration_manual/authentication/oauth2): each token is asked for. */
async function writeTokenSettings(root: string, url: string): Promise<string> {
  const file = join(root, 'oauth2.conf')
  const lines = [
    `introspection_url = ${url}`,
    'introspection_mode = post',
    'force_introspection = yes',
    'active_attribute = active',
    'active_value = true',
    'username_attribute = username',
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o644 })
  return `
auth_mechanisms = plain login oauthbearer xoauth2
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = ${file}
}
`
}

/** Starts Dovecot; ready to answer when it resolves. Reject: it is not installed or does not start. */
export async function startDovecot(options: DovecotOptions = {}): Promise<DovecotServer> {
  const dovecot = program('dovecot')
  if (dovecot === undefined) throw new Error('dovecot is not installed')
  const users = options.users ?? { owner: 'correct horse' }
  const [user = 'owner', password = ''] = Object.entries(users)[0] ?? []
  const owner = userInfo().uid === 0 ? nobody : { uid: userInfo().uid, gid: userInfo().gid }
  const root = await privateFolder('dovecot')
  const isRoot = userInfo().uid === 0
  await chmod(root, 0o755)
  for (const name of ['run', 'state', 'mail', 'tls']) await mkdir(join(root, name))
  const certificates = await makeCertificates(join(root, 'tls'))
  const words = new Map(Object.entries(users))
  const writePasswords = async (): Promise<void> => {
    // Base64, because passwd-file has no way to write a colon.
    const lines = [...words].map(
      ([name, word]) => `${name}:{PLAIN.b64}${Buffer.from(word, 'utf8').toString('base64')}`,
    )
    // Another file under the same name: Dovecot reads it again.
    await writeFile(join(root, 'passwd.new'), `${lines.join('\n')}\n`, { mode: 0o644 })
    await rename(join(root, 'passwd.new'), join(root, 'passwd'))
  }
  await writePasswords()
  for (const name of Object.keys(users)) {
    await mkdir(join(root, 'mail', name))
    await makeMaildir(join(root, 'mail', name, 'Maildir'), isRoot ? owner : undefined)
    if (isRoot) await chown(join(root, 'mail', name), owner.uid, owner.gid)
  }
  const [pop3 = 0, pop3s = 0, imap = 0, imaps = 0] = await freePorts(4)
  const ports = { pop3, pop3s, imap, imaps }
  const file = join(root, 'dovecot.conf')
  const { introspectionUrl, settings = '' } = options
  const tokens = introspectionUrl === undefined ? '' : await writeTokenSettings(root, introspectionUrl)
  await writeFile(file, configuration(root, ports, certificates.good, owner, tokens + settings))

  const logFile = join(root, 'dovecot.log')
  const log = (): Promise<string> => readFile(logFile, 'utf8').catch(() => '')
  let daemon: Daemon
  const start = async (): Promise<void> => {
    daemon = startDaemon(dovecot, ['-F', '-c', file])
    try {
      await portsGreet(
        [
          { port: pop3, expect: /^\+OK / },
          { port: imap, expect: /^\* OK \[CAPABILITY / },
        ],
        daemon.alive,
      )
    } catch (cause) {
      await daemon.stop()
      throw new Error(`Dovecot did not start: ${daemon.printed()}${await log()}`, { cause })
    }
  }
  const pathOf = (folder: string, name = user): string =>
    join(root, 'mail', name, 'Maildir', folder === '' || folder === 'INBOX' ? '.' : `.${folder}`)

  try {
    await start()
  } catch (error) {
    await removeFolder(root)
    throw error
  }
  return {
    host: loopback,
    ports,
    caFile: certificates.ca.certFile,
    user,
    password,
    deliver: async (folder, octets, how = {}) => {
      const path = pathOf(folder, how.user)
      await makeMaildir(path, isRoot ? owner : undefined)
      return deliverInto(path, octets, how, isRoot ? owner : undefined)
    },
    maildrop: (folder, name) => readMaildir(pathOf(folder, name)),
    forgetUids: async (folder, name) => {
      const path = pathOf(folder, name)
      // A new UIDVALIDITY is the time in whole seconds: within the same second it would be the old one.
      const list = await readFile(join(path, 'dovecot-uidlist'), 'utf8').catch(() => '')
      const before = Number(/^\d+ V(\d+)/.exec(list)?.[1] ?? 0)
      while (Math.floor(Date.now() / 1000) <= before) await pause(50)
      const own = ['dovecot-uidlist', 'dovecot.index', 'dovecot.index.log', 'dovecot.index.cache']
      for (const each of own) await rm(join(path, each), { force: true })
    },
    changePassword: async (name, word) => {
      words.set(name, word)
      await writePasswords()
      // Dovecot looks at the file once in a second: who logs in within this one would meet the old passwords.
      const written = Math.floor(Date.now() / 1000)
      while (Math.floor(Date.now() / 1000) <= written) await pause(50)
    },
    log,
    logFile,
    restart: async () => {
      await daemon.stop()
      await start()
    },
    stop: async () => {
      await daemon.stop()
      await removeFolder(root)
    },
  }
}
