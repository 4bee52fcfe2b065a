/** Set-ups in which the way to the source mailbox, or the mailbox itself, is broken. */
import { doctorDeadlines } from '../../src/doctor/context.ts'
import type { Certificates } from '../servers/certificates.ts'
import { usualCapabilities as imapCapabilities, startImapServer } from '../servers/imap-server.ts'
import { usualCapabilities as pop3Capabilities, startPop3Server } from '../servers/pop3-server.ts'
import type { World } from '../servers/world.ts'
import { blackHole } from './harness.ts'
import { onlyIpv4, type Row, type Setup } from './rows.ts'

const users = { owner: 'correct horse battery' }

const pop3Fault = (faults: object) => (world: World) => {
  Object.assign(world.source.pop3?.faults ?? {}, faults)
  return {}
}

async function tlsPop3(
  certificates: Certificates,
  name: 'good' | 'wrongName' | 'expired' | 'selfSigned',
): Promise<Setup> {
  const { cert, key } = certificates[name]
  const server = await startPop3Server({ users, tls: { cert, key } })
  const env = {
    MAIL_HOST: 'localhost',
    MAIL_PORT: String(server.port),
    MAIL_SECURITY: 'tls',
    MAIL_CA_FILE: name === 'selfSigned' ? undefined : certificates.ca.certFile,
  }
  return { env, undo: [() => server.close()] }
}

export const sourceRows: readonly Row[] = [
  {
    title: 'the host name does not exist',
    check: 'sourceNames',
    code: 'source.unknown-host',
    exitCode: 69,
    breaks: () => ({
      env: { MAIL_HOST: 'mial.example.test', MAIL_SECURITY: 'tls' },
      given: {
        async lookup(host) {
          if (host === '127.0.0.1') return [{ address: host, family: 4 }]
          throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
        },
      },
    }),
    says: /mial\.example\.test/,
  },
  {
    title: 'the port is closed',
    check: 'sourceReach',
    code: 'source.unreachable',
    exitCode: 69,
    async breaks() {
      const server = await startPop3Server()
      await server.close()
      return { env: { MAIL_PORT: String(server.port) } }
    },
  },
  {
    title: 'IPv6 is a black hole',
    ipv6: true,
    check: 'sourceReach',
    code: 'network.ipv6-dead',
    warning: true,
    exitCode: 0,
    async breaks(world) {
      const hole = await blackHole(Number(world.env.MAIL_PORT))
      return {
        env: { MAIL_HOST: 'localhost' },
        given: {
          deadlines: { ...doctorDeadlines, connectMs: 700 },
          lookup: async host => [
            ...(host === 'localhost' ? [{ address: '::1', family: 6 }] : []),
            { address: '127.0.0.1', family: 4 },
          ],
        },
        undo: [() => hole.stop()],
      }
    },
    says: /over IPv4 it answers/,
  },
  {
    title: 'the certificate is for another name',
    check: 'sourceTls',
    code: 'source.tls-name',
    exitCode: 69,
    breaks: async (_, certificates) => ({ ...(await tlsPop3(certificates, 'wrongName')), given: onlyIpv4 }),
    says: /mail\.example\.invalid.*MAIL_CERT_SHA256=[0-9a-f]{64}/,
  },
  {
    title: 'the certificate has expired',
    check: 'sourceTls',
    code: 'source.tls-expired',
    exitCode: 69,
    breaks: async (_, certificates) => ({ ...(await tlsPop3(certificates, 'expired')), given: onlyIpv4 }),
    says: /2020/,
  },
  {
    title: 'nobody vouches for the certificate',
    check: 'sourceTls',
    code: 'source.tls-untrusted',
    exitCode: 69,
    breaks: async (_, certificates) => ({ ...(await tlsPop3(certificates, 'selfSigned')), given: onlyIpv4 }),
  },
  {
    title: 'the port speaks no TLS',
    check: 'sourceTls',
    code: 'source.tls-clear-text',
    exitCode: 69,
    breaks: () => ({ env: { MAIL_HOST: 'localhost', MAIL_SECURITY: 'tls' }, given: onlyIpv4 }),
  },
  {
    title: 'STARTTLS is not offered (POP3)',
    check: 'sourceTls',
    code: 'source.tls-not-offered',
    exitCode: 69,
    breaks: () => ({ env: { MAIL_HOST: 'localhost', MAIL_SECURITY: 'starttls' }, given: onlyIpv4 }),
  },
  {
    title: 'STARTTLS is not offered (IMAP)',
    check: 'sourceTls',
    code: 'source.tls-not-offered',
    exitCode: 69,
    world: { protocol: 'imap' },
    async breaks() {
      const capabilities = imapCapabilities.filter(name => name !== 'STARTTLS')
      const server = await startImapServer({ users, capabilities })
      const env = { MAIL_HOST: 'localhost', MAIL_PORT: String(server.port), MAIL_SECURITY: 'starttls' }
      return { env, given: onlyIpv4, undo: [() => server.stop()] }
    },
  },
  {
    title: 'the server accepts and says nothing',
    check: 'sourceLogin',
    code: 'source.timeout',
    exitCode: 69,
    breaks(world) {
      pop3Fault({ line: () => 'silence' as const })(world)
      return { given: { deadlines: { ...doctorDeadlines, answerMs: 200 } } }
    },
  },
  {
    title: 'the password is wrong (POP3)',
    check: 'sourceLogin',
    code: 'source.login-refused',
    exitCode: 77,
    breaks: () => ({ env: { MAIL_PASSWORD: 'wrong' } }),
  },
  {
    title: 'the password is wrong (IMAP)',
    check: 'sourceLogin',
    code: 'source.login-refused',
    exitCode: 77,
    world: { protocol: 'imap' },
    breaks: () => ({ env: { MAIL_PASSWORD: 'wrong' } }),
  },
  {
    title: 'the host limits logins: [LOGIN-DELAY]',
    check: 'sourceLogin',
    code: 'source.login-delay',
    exitCode: 75,
    breaks: pop3Fault({ login: '-ERR [LOGIN-DELAY] minimum time between mail checks violation' }),
  },
  {
    title: 'the host limits logins, and calls it a wrong password',
    check: 'sourceLogin',
    code: 'source.login-doubtful',
    exitCode: 77,
    async breaks(world) {
      await world.run(['pull'])
      return pop3Fault({ login: '-ERR Login incorrect.' })(world)
    },
  },
  {
    title: 'another program has the mailbox open: [IN-USE]',
    check: 'sourceLogin',
    code: 'source.busy',
    exitCode: 75,
    breaks: pop3Fault({ login: '-ERR [IN-USE] Do you have another POP session running?' }),
  },
  {
    title: 'a folder is missing',
    check: 'sourceFolders',
    code: 'source.folder-missing',
    exitCode: 78,
    world: { protocol: 'imap' },
    breaks: () => ({ env: { MAIL_FOLDERS: 'INBOX,Junk:spam' } }),
    says: /Junk/,
  },
  {
    title: 'a folder may not be read',
    check: 'sourceFolders',
    code: 'source.server-permanent',
    exitCode: 69,
    world: { protocol: 'imap' },
    breaks(world) {
      const { imap } = world.source
      imap?.create('Board')
      Object.assign(imap?.faults ?? {}, {
        at: ({ verb, text }: { verb: string; text: string }) =>
          verb === 'SELECT' && /Board/.test(text)
            ? { do: 'answer', pieces: ['{tag} NO [NOPERM] Permission denied\r\n'] }
            : undefined,
      })
      return { env: { MAIL_FOLDERS: 'INBOX,Board' } }
    },
  },
  {
    title: 'the POP3 server has no UIDL',
    check: 'sourceFolders',
    code: 'source.no-uidl',
    warning: true,
    exitCode: 0,
    breaks: pop3Fault({ noUidl: true }),
  },
  {
    title: 'mail is to be deleted, and the IMAP server has no UIDPLUS',
    check: 'sourceAbilities',
    code: 'source.cannot-settle',
    warning: true,
    exitCode: 1,
    world: { protocol: 'imap' },
    async breaks() {
      const capabilities = imapCapabilities.filter(name => name !== 'UIDPLUS')
      const server = await startImapServer({ users, capabilities })
      const env = { MAIL_PORT: String(server.port), AFTER_IMPORT: 'delete' }
      return { env, undo: [() => server.stop()] }
    },
    says: /UIDPLUS/,
  },
  {
    title: 'the schedule asks more often than the host allows',
    check: 'sourceLimits',
    code: 'host.poll-limit',
    warning: true,
    exitCode: 0,
    async breaks() {
      const capabilities = [...pop3Capabilities, 'USER', 'LOGIN-DELAY 900']
      const server = await startPop3Server({ users, capabilities })
      return { env: { MAIL_PORT: String(server.port) }, undo: [() => server.close()] }
    },
    says: /every 1 min.*every 15 min/,
  },
]
