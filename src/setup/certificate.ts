/** A certificate that does not vouch for the server: shown as it is, pinned only by the owner's word. */
import type { PeerCertificate } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import type { SeenCertificate } from '../discovery/discover.ts'
import { readCertificate } from '../source/inspect.ts'
import type { SetupContext } from './context.ts'
import { type FoundServer, trialMailbox } from './mailbox.ts'

const codes = ['source.tls-name', 'source.tls-untrusted', 'source.tls-expired'] as const

/** Whether the fault shows a certificate that could be pinned. */
export const showsCertificate = (fault: Fault): boolean =>
  (codes as readonly string[]).includes(fault.code) && typeof fault.facts.seen === 'string'

/** Node hands the certificate over with ERR_TLS_CERT_ALTNAME_INVALID, somewhere along the causes. */
function certificateOf(thrown: unknown): PeerCertificate | undefined {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1)
    if ('cert' in at && typeof at.cert === 'object' && at.cert !== null) return at.cert as PeerCertificate
  return undefined
}

function namesIn(certificate: PeerCertificate | undefined): readonly string[] {
  const alternative = (certificate?.subjectaltname ?? '')
    .split(', ')
    .flatMap(entry => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
  const { CN: common } = certificate?.subject ?? {}
  const all = alternative.length > 0 ? alternative : [common ?? ''].flat()
  return [...new Set(all.map(name => printable(name, 100)).filter(Boolean))].slice(0, 20)
}

/** A digest as hosting panels and `openssl x509 -fingerprint` print it. */
const withColons = (digest: string): string => digest.toUpperCase().match(/../g)?.join(':') ?? digest

/** @returns the server to try next, or undefined where the owner wants another */
export async function askAboutCertificate(
  { asker, words }: SetupContext,
  server: FoundServer,
  fault: Fault,
): Promise<FoundServer | undefined> {
  const digest = String(fault.facts.seen)
  const certificate = certificateOf(fault)
  const names = namesIn(certificate)
  const { certificate: text } = words
  asker.tell(
    'warn',
    text.shown({
      host: server.host,
      why: fault.code === 'source.tls-name' ? 'name' : fault.code === 'source.tls-expired' ? 'time' : 'trust',
      names,
      issuer: printable([certificate?.issuer?.O ?? certificate?.issuer?.CN ?? ''].flat().join(' '), 100),
      until: printable(certificate?.valid_to ?? '', 60),
      digest: withColons(digest),
    }),
  )
  const others =
    fault.code === 'source.tls-name'
      ? names.filter(name => !name.startsWith('*') && name !== server.host)
      : []
  const chosen = await asker.choose({
    id: 'certificate',
    message: text.question,
    choices: [
      ...others.slice(0, 3).map(name => ({ value: `host ${name}`, label: text.useName(name) })),
      { value: 'other', label: text.otherServer },
      { value: 'pin', label: text.pin },
    ],
    initial: others[0] === undefined ? 'other' : `host ${others[0]}`,
  })
  if (chosen === 'pin') return { ...server, pinned: digest }
  return chosen === 'other' ? undefined : { ...server, host: chosen.slice('host '.length) }
}

/** Longest waits for a server that is only looked at, ms. */
const looks = { connectMs: 4_000, answerMs: 3_000 } as const

/** What the certificate on the IMAP port of a server says; nothing is sent there. @throws where there is none */
export async function lookAtCertificate(
  host: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<SeenCertificate> {
  const server = { host, port: 993, security: 'tls', caFile: undefined, pinned: undefined } as const
  const found = { ...server, userForm: undefined, preset: undefined, protocol: 'imap' } as const
  const mailbox = trialMailbox({ address: host, server: found, user: '', password: '' })
  const { names, fault } = await readCertificate(mailbox, { clock, signal, ...looks })
  return { names, holds: fault === undefined }
}
