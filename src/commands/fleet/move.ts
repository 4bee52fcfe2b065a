/** `hikyaku fleet move`: mailboxes into another Gmail account, or to another tenant. */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { chooseKeys, isMeant, mostNamed } from './choose-keys.ts'
import { withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface MoveFlags {
  readonly tenant?: string
  readonly yes?: boolean
  readonly toAccount?: string
  readonly toTenant?: string
}

export async function fleetMoveCommand(
  invocation: Invocation,
  named: readonly string[],
  { tenant, yes = false, toAccount, toTenant }: MoveFlags,
): Promise<number> {
  const own = fleetWords[invocation.language].move
  return withFleet(invocation, 'move', async ({ directory, endWork }) => {
    if (toAccount === undefined && toTenant === undefined) throw refuseUse(own.needsTarget, 'fleet move')
    const keys = await chooseKeys(invocation, directory, { keys: named, tenant }, 'fleet move')
    if (!(await isMeant(invocation, 'move', keys.length, yes))) return exitCodes.ok
    const say = (text: string): void => writeParagraph(invocation, text)
    const moved: { readonly mailbox: string; readonly now: string }[] = []
    for (const mailbox of keys) {
      // Each by itself: what was moved before one that cannot be is told, and stays moved.
      const now = await directory.move(mailbox, { account: toAccount, tenant: toTenant })
      moved.push({ mailbox, now })
      if (invocation.json || keys.length > mostNamed) continue
      if (now !== mailbox) say(own.moved(printable(mailbox), printable(now)))
      if (toAccount !== undefined) say(own.one(printable(now), printable(toAccount)))
    }
    const unknown = toTenant === undefined ? 0 : await endWork(moved.map(({ now }) => now))
    if (invocation.json)
      writeJson(invocation, {
        ...{ ok: true, exitCode: exitCodes.ok, changed: moved.length, mailboxes: moved, unknown },
      })
    else {
      if (keys.length > mostNamed) say(own.all(moved.length))
      say(own.after)
      if (unknown > 0) say(fleetWords[invocation.language].act.unknown(unknown))
    }
    return exitCodes.ok
  })
}
