/** The allowance of a Google Cloud project (Gmail API, "Usage limits"), which all its accounts share. */
import type { Clock } from '../base/clock.ts'
import { QuotaWindow } from '../base/quota-window.ts'
import type { SharedLimits } from '../base/shared-limit.ts'
import type { GoogleCredential } from '../google/settings.ts'
import { units } from './units.ts'

/** Units a minute and project. */
const unitsPerMinute = 1_200_000
/** Units a day and project that cost nothing. */
const unitsPerDay = 80_000_000

/** The window of the project to which a credential belongs. */
export type ProjectQuotas = (credential: GoogleCredential) => QuotaWindow

/** @param limits where other processes work for accounts of the same projects */
export function makeProjectQuotas(clock: Clock, limits?: SharedLimits): ProjectQuotas {
  const windows = new Map<string, QuotaWindow>()
  const open = (project: string): QuotaWindow => {
    const sharing = limits && { limits, limit: { key: `project ${project}`, mostOfDay: unitsPerDay } }
    return new QuotaWindow(unitsPerMinute, clock.monotonicMs(), units.import, sharing)
  }
  return credential => {
    const project = projectOf(credential)
    const window = windows.get(project) ?? open(project)
    windows.set(project, window)
    return window
  }
}

/** A client id begins with its project's number; a service account is known by its file, or by its address, which names it. */
function projectOf(credential: GoogleCredential): string {
  if (credential.kind === 'service-account') {
    const { keyFile, key } = credential
    return key === undefined ? keyFile : keyFile.slice(keyFile.indexOf('@') + 1)
  }
  return /^(\d+)-/.exec(credential.clientId)?.[1] ?? credential.clientId
}
