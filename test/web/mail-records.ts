/** Results of authentication in a running daemon's journal, as its verification writes them: the world has no DNS. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { until } from '../servers/until.ts'

export interface RecordOfMail {
  readonly senderDomain: string
  readonly cost: string
  /** What the server wrote of DMARC. */
  readonly stamped?: string
}

export const authenticationOf = ({ senderDomain, cost, stamped = 'pass' }: RecordOfMail): string => {
  const answer = (result: string, trust = 'trusted') => ({
    ...{ result, by: 'mx.example.jp', trust },
    header: 'authentication-results',
  })
  return JSON.stringify({
    version: 2,
    senderDomain,
    stamped: {
      ...{ host: 'mx.example.jp', fields: [], leftOut: 0 },
      ...{ spf: answer('pass'), dkim: answer('pass', 'unproven'), dmarc: answer(stamped) },
    },
    verified: {
      ...{ state: 'done', asOf: '2026-11-26T00:00:00Z' },
      spf: { verdict: 'softfail', domain: senderDomain, clientAddress: '', helo: '', envelopeSender: '' },
      dkim: [{ verdict: 'fail', domain: senderDomain, selector: 's', algorithm: 'rsa-sha256' }],
      dmarc: { verdict: 'fail', domain: senderDomain, spfAligned: false, dkimAligned: false },
      arc: { verdict: 'none', instances: 0 },
      forwardedSpf: { verdict: 'fail', address: '', from: 'stranger' },
    },
    forecast: { cost, told: 'sender' },
  })
}

/** Gives the first messages that are in Gmail these records, one each, once the daemon has written its own. */
export async function writeRecords(stateDir: string, records: readonly RecordOfMail[]): Promise<void> {
  const database = new DatabaseSync(join(stateDir, 'journal.sqlite'), { timeout: 5000 })
  const isWritten = database.prepare(
    'SELECT min(authentication IS NOT NULL) AS is_written FROM message WHERE imported_at_ms IS NOT NULL',
  )
  await until(() => isWritten.get()?.is_written === 1, 'its own records are written')
  const ids = database.prepare('SELECT id FROM message WHERE imported_at_ms IS NOT NULL ORDER BY id').all()
  const write = database.prepare('UPDATE message SET authentication = ? WHERE id = ?')
  for (const [at, record] of records.entries()) write.run(authenticationOf(record), Number(ids[at]?.id))
  database.close()
}
