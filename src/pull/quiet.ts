/**
 * Whether a pull needs to know where each message stands. A source can often say in one line that nothing changed
 * (standsUnchanged); that is enough where nothing in the journal waits for a listing. What is gone, deleted or moved is
 * said by a whole listing only.
 */
import type { PullContext } from './context.ts'
import { unsettledNow } from './settle.ts'

/** Nothing is to be carried, resolved, settled, or taken up after an unclean end. */
async function isQuiet(context: PullContext): Promise<boolean> {
  const { journal, mailbox, clock, underWay } = context
  if (underWay.suspectsOf(mailbox.name).length > 0) return false
  if ((await journal.due(mailbox.name, clock.nowMs())).length > 0) return false
  return mailbox.afterImport.do === 'keep' || (await unsettledNow(context)).length === 0
}

/** How many messages stand in the folder, where they are those of the last listing and none of them is needed. */
export async function countUnchanged(
  context: PullContext,
  folder: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { session } = context
  if (session.standsUnchanged === undefined || !(await isQuiet(context))) return undefined
  return await session.standsUnchanged(folder, signal)
}
