/** `hikyaku fleet pause | resume | remove | check-now`: what an operator has done with mailboxes, one or all of a tenant. */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { chooseKeys, isMeant, mostNamed, splitKeys } from './choose-keys.ts'
import { type Fleet, withFleet } from './with-fleet.ts'
import { type Act, fleetWords } from './words.ts'

type PlainAct = Exclude<Act, 'move'>

export async function fleetActCommand(
  invocation: Invocation,
  act: PlainAct,
  named: readonly string[],
  { tenant, yes = false }: { readonly tenant?: string; readonly yes?: boolean },
): Promise<number> {
  return withFleet(invocation, act, async fleet => {
    const keys = await chooseKeys(invocation, fleet.directory, { keys: named, tenant }, `fleet ${act}`)
    if (!(await isMeant(invocation, act, keys.length, yes))) return exitCodes.ok
    const changed = new Set<string>()
    for (const part of splitKeys(keys)) for (const key of await perform(fleet, act, part)) changed.add(key)
    const unknown = isEnding(act) ? await fleet.endWork(keys) : undefined
    if (invocation.json) {
      const mailboxes = keys.map(mailbox => ({ mailbox, changed: changed.has(mailbox) }))
      writeJson(invocation, {
        ...{ ok: true, exitCode: exitCodes.ok, changed: changed.size, mailboxes },
        ...(unknown !== undefined && { unknown }),
      })
      return exitCodes.ok
    }
    const own = fleetWords[invocation.language].act[act]
    const say = (text: string): void => writeParagraph(invocation, text)
    if (keys.length <= mostNamed)
      for (const key of keys) say(changed.has(key) ? own.one(printable(key)) : own.same(printable(key)))
    else say(own.all(changed.size, keys.length - changed.size))
    if (changed.size > 0) say(own.after)
    if (unknown !== undefined && unknown > 0) say(fleetWords[invocation.language].act.unknown(unknown))
    return exitCodes.ok
  })
}

/** Workers end what they have begun, and nobody goes on with it. */
const isEnding = (act: PlainAct): boolean => act === 'pause' || act === 'remove'

/** @returns those that are not what they were */
async function perform(
  { directory, askForPulls }: Fleet,
  act: PlainAct,
  keys: readonly string[],
): Promise<readonly string[]> {
  switch (act) {
    case 'pause':
      return directory.pause(keys)
    case 'resume':
      return directory.resume(keys)
    case 'remove':
      await directory.remove(keys)
      return keys
    case 'check-now':
      return askForPulls(keys)
  }
}
