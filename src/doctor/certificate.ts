/** What is said of the certificate that a mail server shows: for how long it is good, and what is against it. */
import { asFault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import type { MailboxConfig } from '../config/config.ts'
import { readCertificate, type ServerCertificate } from '../source/inspect.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, noteCheck, passCheck } from './finding.ts'

const dayMs = 86_400_000
const endingDays = 14

/** @returns one line; the mailbox's server has to use TLS */
export async function checkCertificate(mailbox: MailboxConfig, context: DoctorContext): Promise<Finding> {
  const { words, language, clock, signal, lookup, deadlines } = context
  const { server, name: subject } = mailbox
  const place = { check: 'sourceTls', subject } as const
  let certificate: ServerCertificate
  try {
    const { connectMs, answerMs } = deadlines
    certificate = await readCertificate(mailbox, { clock, signal, lookup, connectMs, answerMs })
  } catch (thrown) {
    signal.throwIfAborted()
    return failByFault(place, asFault(thrown), language)
  }
  const { fault, fromMs, toMs, sha256 } = certificate
  const names = certificate.names.map(name => printable(name, 80))
  const daysLeft = Math.floor((toMs - clock.nowMs()) / dayMs)
  if (fault === undefined) {
    if (daysLeft < endingDays)
      return noteCheck(place, 'certificate.ending', words.certificateEnding(names, daysLeft))
    if (server.pinnedSha256 !== undefined) return passCheck(place, words.certificatePinned(daysLeft))
    return passCheck(place, words.certificate(names, printable(certificate.issuer ?? '?', 60), daysLeft))
  }
  const line = failByFault(place, fault, language)
  const seen = words.certificateSeen(names, fromMs, toMs, sha256)
  return { ...line, what: `${line.what} ${seen}` }
}
