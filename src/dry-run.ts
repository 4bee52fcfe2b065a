/** What a pull would bring, without a single write: neither at the source nor in Gmail nor in the journal. */
import type { PullPorts } from './pull-context.ts'

export interface DryRunResult {
  /** Messages at the source now. */
  readonly listed: number
  /** Of these, unknown to the journal. */
  readonly fresh: number
  /** Announced size of the unknown ones, octets; undefined where the source announces none. */
  readonly octets: number | undefined
}

/** Throws the faults of SourceSession.open and list. */
export async function dryRun(ports: PullPorts, signal: AbortSignal): Promise<DryRunResult> {
  const { source, journal, mailbox } = ports
  const session = await source.open(signal)
  try {
    let listed = 0
    let fresh = 0
    let octets: number | undefined = 0
    for (const folder of session.folders) {
      const known = (uid: string): boolean => journal.byUid(mailbox.name, folder, uid) !== undefined
      const { entries } = await session.list(folder, known, signal)
      listed += entries.length
      for (const entry of entries) {
        if (entry.uid !== undefined && known(entry.uid)) continue
        fresh += 1
        octets = octets === undefined || entry.octets === undefined ? undefined : octets + entry.octets
      }
    }
    await session.close()
    return { listed, fresh, octets }
  } finally {
    session.abandon()
  }
}
