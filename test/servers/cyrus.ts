/**
 * A real Cyrus (IMAP and POP3, TLS from the first octet) on loopback ports, in a namespace of its own (namespace.ts).
 * Its passwords are in a database of SASL's of its own. Cyrus keeps mail in its own form, so delivery is an APPEND;
 * it refuses what holds NUL, a bare LF or a header section that is none.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { makeCertificates } from './certificates.ts'
import { freePorts, loopback } from './local.ts'
import { makeHouse, namespaceMissing, unpacked, unpackedLibraries } from './namespace.ts'
import type { OtherServer } from './other-server.ts'

const bin = (name: string): string => unpacked(`lib/cyrus/bin/${name}`)

/** Why no Cyrus can be started here, or undefined when one can. */
export function cyrusMissing(): string | undefined {
  const files = [...['master', 'imapd', 'pop3d', 'idled'].map(bin), unpacked('sbin/saslpasswd2')]
  const missing = files.find(file => !existsSync(file))
  if (missing !== undefined) return `Cyrus: no ${missing} (see .ci/install-servers)`
  return namespaceMissing()
}

const imapdConf = `servername: localhost
configdirectory: /var/lib/cyrus
partition-default: /var/spool/cyrus
defaultpartition: default
cyrus_user: cyrus
cyrus_group: mail
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: /etc/sasldb2
sasl_mech_list: PLAIN LOGIN
tls_server_cert: /etc/server.pem
tls_server_key: /etc/server.pem
popminpoll: 0
autocreate_quota: 0
autocreate_post: yes
`

interface Ports {
  readonly pop3: number
  readonly pop3s: number
  readonly imap: number
  readonly imaps: number
}

/** The ports without TLS come last, so that all are open once these greet. */
const cyrusConf = (ports: Ports): string => `START {
  recover cmd="${bin('ctl_cyrusdb')} -r"
  idled cmd="${bin('idled')}"
}
SERVICES {
  imaps cmd="${bin('imapd')} -s -U 30" listen="${loopback}:${ports.imaps}" maxchild=100
  pop3s cmd="${bin('pop3d')} -s -U 30" listen="${loopback}:${ports.pop3s}" maxchild=100
  imap cmd="${bin('imapd')} -U 30" listen="${loopback}:${ports.imap}" maxchild=100
  pop3 cmd="${bin('pop3d')} -U 30" listen="${loopback}:${ports.pop3}" maxchild=100
}
EVENTS {
}
`

/** One line of the server's, without its end. */
function makeLineReader(socket: Socket): () => Promise<string> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest = ''
  return async () => {
    while (!rest.includes('\r\n')) {
      const { value, done } = await chunks.next()
      if (done === true) throw new Error('Cyrus closed the connection')
      rest += value.toString('latin1')
    }
    const end = rest.indexOf('\r\n')
    const line = rest.slice(0, end)
    rest = rest.slice(end + 2)
    return line
  }
}

/** Puts exactly these octets into INBOX (RFC 9051 section 6.3.12). Reject: the server's words of refusal. */
async function append(port: number, user: string, password: string, octets: Buffer): Promise<void> {
  const socket = connect(port, loopback)
  try {
    const readLine = makeLineReader(socket)
    const answered = async (tag: string): Promise<string> => {
      for (;;) {
        const line = await readLine()
        if (line.startsWith(`${tag} `) || (tag === '+' && / (NO|BAD) /.test(line))) return line
      }
    }
    const expect = (line: string, start: string): void => {
      if (!line.startsWith(start)) throw new Error(line)
    }
    expect(await readLine(), '* OK')
    socket.write(`a LOGIN "${user}" "${password}"\r\n`)
    expect(await answered('a'), 'a OK')
    socket.write(`b APPEND INBOX {${octets.length}}\r\n`)
    expect(await answered('+'), '+')
    socket.write(Buffer.concat([octets, Buffer.from('\r\n')]))
    expect(await answered('b'), 'b OK')
  } finally {
    socket.destroy()
  }
}

/** Starts Cyrus with an empty mailbox for each user; ready to answer when it resolves. */
export async function startCyrus(users: readonly string[], password: string): Promise<OtherServer> {
  const house = await makeHouse('cyrus', users, password, ['cyrus'])
  const [pop3 = 0, pop3s = 0, imap = 0, imaps = 0] = await freePorts(4)
  const ports = { pop3, pop3s, imap, imaps }
  const { ca, good } = await makeCertificates(join(house.folder, 'tls'))
  try {
    for (const path of ['/var/lib/cyrus/socket', '/var/spool/cyrus', '/run/cyrus']) {
      await mkdir(house.outside(path), { recursive: true })
    }
    await writeFile(house.outside('/etc/server.pem'), `${good.key}\n${good.cert}`)
    await writeFile(house.outside('/etc/imapd.conf'), imapdConf)
    await writeFile(house.outside('/etc/cyrus.conf'), cyrusConf(ports))
    const secret = house.outside('/etc/password')
    await writeFile(secret, password)
    await chmod(secret, 0o600)
    const commands = [
      `export LD_LIBRARY_PATH=${unpackedLibraries()}`,
      ...users.map(
        user => `${unpacked('sbin/saslpasswd2')} -p -c -f /etc/sasldb2 -u localhost ${user} </etc/password`,
      ),
      'chown -R cyrus:mail /etc/sasldb2 /var/lib/cyrus /var/spool/cyrus /run/cyrus /etc/server.pem',
      'chmod 600 /etc/server.pem',
      // Not exec: the shell stays the first process. Whoever gives up root is not ended with its parent (prctl(2)).
      `${bin('master')} -D -C /etc/imapd.conf -M /etc/cyrus.conf -p /run/cyrus.pid & wait`,
    ]
    await house.start(commands.join('\n'), [
      { port: imap, expect: /^\* OK / },
      { port: pop3, expect: /^\+OK / },
    ])
  } catch (error) {
    await house.stop()
    throw error
  }
  return {
    protocols: ['pop3', 'imap'],
    port: protocol => (protocol === 'imap' ? imaps : pop3s),
    caFile: ca.certFile,
    deliver: (user, octets) => append(imap, user, password, octets),
    log: house.log,
    stop: house.stop,
  }
}
