/** What every process says of itself, be it `run` or a worker of a fleet. */
import { readVersion } from '../base/version.ts'
import { counter, type Family, gauge, histogram, type Sample, single } from './exposition.ts'
import type { Happenings } from './happenings.ts'

export const buildFamily = (): Family =>
  gauge('hikyaku_build_info', 'The version that runs.', [{ labels: { version: readVersion() }, value: 1 }])

export const deliveryFamily = (samples: readonly Sample[]): Family =>
  histogram(
    'hikyaku_delivery_seconds',
    'From the arrival at the source to the answer of Gmail, since the start of the process.',
    samples,
  )

export const faultsFamily = ({ faults }: Happenings): Family =>
  counter(
    'hikyaku_faults',
    'Faults by their code, each time that one was met, since the start of the process.',
    [...faults].map(([code, value]) => ({ labels: { code }, value })),
  )

export const processFamilies = (): readonly Family[] => [
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', single(process.memoryUsage.rss())),
  gauge(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    single(Math.round(performance.timeOrigin) / 1000),
  ),
]
