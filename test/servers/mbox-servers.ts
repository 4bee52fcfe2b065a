/**
 * Real servers that keep mail in mailbox files: popa3d, solid-pop3d, and GNU mailutils' pop3d and imap4d. Each is a
 * program of inetd's: Courier's couriertcpd listens on loopback and starts one for each connection.
 */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { freePorts, loopback, program } from './local.ts'
import { deliverIntoMbox } from './mbox.ts'
import { makeHouse, namespaceMissing, unpacked, unpackedLibraries } from './namespace.ts'
import type { OtherServer } from './other-server.ts'
import type { Protocol } from './source-server.ts'

export type MboxServerName = 'popa3d' | 'solid-pop3d' | 'GNU mailutils'

const mailutilsOptions = ['-i', '--config-file=/etc/mailutils.conf']

/** The command for each protocol that the server speaks, and its greeting. */
const commands: Record<MboxServerName, Partial<Record<Protocol, readonly string[]>>> = {
  popa3d: { pop3: [unpacked('sbin/popa3d')] },
  'solid-pop3d': { pop3: [unpacked('sbin/solid-pop3d')] },
  'GNU mailutils': {
    pop3: ['/usr/sbin/pop3d', ...mailutilsOptions],
    imap: ['/usr/sbin/imap4d', ...mailutilsOptions],
  },
}

const greetings: Record<Protocol, RegExp> = { pop3: /^\+OK/, imap: /^\* OK/ }

export function protocolsOf(name: MboxServerName): Protocol[] {
  return (['pop3', 'imap'] as const).filter(protocol => commands[name][protocol] !== undefined)
}

/** Why the server cannot be started here, or undefined when it can. */
export function mboxServerMissing(name: MboxServerName): string | undefined {
  for (const command of Object.values(commands[name])) {
    if (!existsSync(command[0] ?? '')) return `${name}: no ${command[0]} (see .ci/install-servers)`
  }
  if (program('couriertcpd') === undefined) return 'courier-base, whose couriertcpd listens, is not installed'
  return namespaceMissing()
}

const pam = 'auth required pam_unix.so\naccount required pam_unix.so\n'
const solid = '<Global>\n  MailDropName "/var/mail/%s"\n  MailDropType mailbox\n</Global>\n'
const mailutils = `auth {
  authentication "generic:system";
  authorization "system";
};
mailbox {
  mail-spool "/var/mail";
  mailbox-type "mbox";
};
logging {
  syslog no;
};
`

/** Starts the server with an empty mailbox for each user; ready to answer when it resolves. */
export async function startMboxServer(
  name: MboxServerName,
  users: readonly string[],
  password: string,
): Promise<OtherServer> {
  const house = await makeHouse(name.toLowerCase().replace(' ', '-'), users, password, ['popa3d', 'spop3d'])
  const protocols = protocolsOf(name)
  const numbers = await freePorts(protocols.length)
  const ports = new Map(protocols.map((protocol, at) => [protocol, numbers[at] ?? 0]))
  const listen = 'couriertcpd -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup'
  const lines = [...ports].map(
    ([protocol, port]) =>
      `${listen} -address=${loopback} ${port} ${(commands[name][protocol] ?? []).join(' ')} &`,
  )
  const fileOf = (user: string): string => house.outside(`/var/mail/${user}`)
  try {
    // popa3d gives up its rights in a folder with nothing in it; solid-pop3d looks for news to all in its own.
    for (const path of ['/var/lib/popa3d', '/var/lib/solid-pop3d/bulletins']) {
      await mkdir(house.outside(path), { recursive: true })
    }
    for (const service of ['popa3d', 'solid-pop3d']) {
      await writeFile(house.outside(`/etc/pam.d/${service}`), pam)
    }
    await writeFile(house.outside('/etc/spop3d.conf'), solid)
    await writeFile(house.outside('/etc/mailutils.conf'), mailutils)
    const greets = [...ports].map(([protocol, port]) => ({ port, expect: greetings[protocol] }))
    await house.start([`export LD_LIBRARY_PATH=${unpackedLibraries()}`, ...lines, 'wait'].join('\n'), greets)
  } catch (error) {
    await house.stop()
    throw error
  }
  return {
    protocols,
    port: protocol => ports.get(protocol) ?? 0,
    deliver: (user, octets) => {
      const account = house.accounts.find(each => each.name === user)
      if (account === undefined) throw new Error(`no account ${user}`)
      return deliverIntoMbox(fileOf(user), octets, account.uid)
    },
    log: house.log,
    stop: house.stop,
  }
}
