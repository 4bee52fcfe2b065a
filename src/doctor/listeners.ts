/** Where hikyaku listens itself: who can read what there, and how long the page's certificate holds. */
import { X509Certificate } from 'node:crypto'
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import { isLoopback } from '../base/loopback.ts'
import type { Config } from '../config/config.ts'
import { writeListenAddress } from '../config/writers.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, noteCheck } from './finding.ts'

const place = { check: 'configuration' } as const
const dayMs = 24 * 3600_000
/** Whoever renews certificates by a program does so weeks before. */
const endingDays = 14
const certificateLimits = { mostOctets: 4 << 20 } as const

/** Says nothing where all is well: most have neither listener. */
export async function checkListeners(
  { metrics, dashboard, dashboardCertificateFile: file }: Config,
  { words, clock }: DoctorContext,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  if (metrics !== undefined && !isLoopback(metrics.host))
    findings.push(noteCheck(place, 'metrics.open', words.metricsOpen(writeListenAddress(metrics))))
  if (dashboard === undefined || file === undefined) return findings
  const daysLeft = await readDaysLeft(file, clock.nowMs())
  if (daysLeft !== undefined && daysLeft < endingDays)
    findings.push(noteCheck(place, 'dashboard.certificate-ending', words.pageCertificate(file, daysLeft)))
  return findings
}

/** Undefined where it cannot be read, which the settings' own check has told. */
async function readDaysLeft(file: string, nowMs: number): Promise<number | undefined> {
  try {
    const { validTo } = new X509Certificate(await readBounded(file, certificateLimits))
    return Math.floor((Date.parse(validTo) - nowMs) / dayMs)
  } catch (thrown) {
    if (thrown instanceof FileRefused) return undefined
    throw thrown
  }
}
