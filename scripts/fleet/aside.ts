/**
 * What the fleet has set aside as the message at which the process dies, by its own word (the list of troubles), held against
 * the servers' books: such a message is neither lost nor late without a word, and here all of them are innocent.
 */
import type { Journal } from '../../src/journal/journal.ts'
import { keyOf } from './enrol.ts'

export interface Aside {
  /** Open troubles of that kind. */
  readonly told: number
  /** Of these, the messages that stand in their mailboxes and are not in Gmail. */
  readonly atSource: number
  /** Messages that stand in their mailboxes, are not in Gmail, and are not told of in this way. */
  readonly waiting: number
}

/** @param left how many messages stand in each user's mailbox that Gmail does not have */
export async function countAside(
  { troubles }: Pick<Journal, 'troubles'>,
  left: ReadonlyMap<string, number>,
): Promise<Aside> {
  const told = new Map<string, number>()
  for (const { code, name, messages } of await troubles.list())
    if (code === 'message.poison') told.set(name, (told.get(name) ?? 0) + messages)
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)
  const atSource = sum([...left].map(([user, count]) => Math.min(count, told.get(keyOf(user)) ?? 0)))
  return { told: sum(told.values()), atSource, waiting: sum(left.values()) - atSource }
}
