/** `hikyaku fleet audit`: who changed what in a fleet's directory, the newest first; never a secret. */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { AuditRow } from '../../fleet/directory.ts'
import { makeFormat } from '../../locale/format.ts'
import { type Invocation, writeJson, writeLine, writeParagraph, writeTable } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { readMost } from './read-most.ts'
import { withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface AuditFlags {
  readonly tenant?: string
  readonly most?: string
  readonly before?: string
}

export async function fleetAuditCommand(
  invocation: Invocation,
  { tenant, ...flags }: AuditFlags,
): Promise<number> {
  const own = fleetWords[invocation.language].audit
  const most = readMost(invocation, flags.most, 'fleet audit')
  const before = flags.before === undefined ? undefined : Number(flags.before)
  if (before !== undefined && !Number.isSafeInteger(before)) throw refuseUse(own.number, 'fleet audit')
  return withFleet(invocation, 'audit', async ({ directory }) => {
    const found = await directory.audit({ tenant }, { before, most: most + 1 })
    const rows = found.slice(0, most)
    const next = found.length > most ? rows.at(-1)?.id : undefined
    if (invocation.json)
      writeJson(invocation, {
        ...{ ok: true, exitCode: exitCodes.ok, next: next ?? null },
        changes: rows.map(({ atMs, by, ...row }) => ({
          ...row,
          at: new Date(atMs).toISOString(),
          by: by ?? null,
        })),
      })
    else say(invocation, rows, next)
    return exitCodes.ok
  })
}

function say(invocation: Invocation, rows: readonly AuditRow[], next: number | undefined): void {
  const { language } = invocation
  const own = fleetWords[language].audit
  const { instant } = makeFormat(language)
  if (rows.length === 0) {
    writeLine(invocation, own.none)
    return
  }
  const lines = rows.map(({ atMs, role, by, tenant, kind, name, act, keys }) => [
    instant(atMs),
    printable(by === undefined ? role : `${by} (${role})`, 100),
    `${own.kinds[kind]} ${printable(kind === 'tenant' || kind === 'key' ? tenant : `${tenant}/${name}`, 200)}`,
    [own.acts[act], ...(keys.length === 0 ? [] : [printable(keys.join(' '), 300)])].join(': '),
  ])
  writeTable(invocation, [own.headings, ...lines])
  if (next !== undefined) writeParagraph(invocation, own.more(rows.length, String(next)))
}
