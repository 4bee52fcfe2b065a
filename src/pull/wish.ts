/**
 * What the owner wishes for imported mail at the source, and what stands in its way: one trouble a folder, and waits
 * of its own, which grow. They concern the wish alone: no fault of it reaches the mailbox's waits, and mail goes on.
 */

import { Fault, type FaultCode } from '../base/fault.ts'
import type { AfterImport, MailboxConfig } from '../config/config.ts'
import type { NoteKey } from '../journal/journal.ts'
import { asRecord, type PullContext } from './context.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'clock' | 'session' | 'log'>

/** 'keep', 'delete' or 'move:FOLDER', as `settledAs` has it. */
export function nameOf(policy: AfterImport): string {
  return policy.do === 'move' ? `move:${policy.folder}` : policy.do
}

/** What the owner sent himself stays at the source, whatever becomes of the mail that came. */
export const isSettledIn = ({ folders }: Pick<MailboxConfig, 'folders'>, folder: string): boolean =>
  folders.find(({ name }) => name === folder)?.to !== 'sent'

/** These say by themselves what is wrong with the wish; anything else is a wish that was not carried out. */
const ofWish: readonly FaultCode[] = [
  'source.read-only',
  'source.cannot-settle',
  'source.identity-unsafe',
  'source.target-refused',
  'source.settle-failed',
  'source.left-there',
]

/** Whatever ended the settling of a folder, as a fault of the wish, with the server's words. */
export function asWishFault(fault: Fault): Fault {
  const isOwn =
    ofWish.includes(fault.code) && !(fault.code === 'source.cannot-settle' && fault.retry === 'later')
  if (isOwn) return fault
  const { notBeforeMs } = fault
  return new Fault('source.settle-failed', {
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    facts: fault.facts,
    cause: fault,
  })
}

const keyOf = ({ mailbox }: Needs, folder: string) =>
  ({ scope: 'wish', name: mailbox.name, subject: folder }) as const

/** @returns true where the wish was not in trouble before */
export async function openWish(context: Needs, folder: string, fault: Fault): Promise<boolean> {
  const { journal, mailbox, clock } = context
  const facts = { ...fault.facts, ...(folder === '' ? {} : { folder }), wish: nameOf(mailbox.afterImport) }
  return await journal.troubles.opened(keyOf(context, folder), { ...asRecord(fault, clock.nowMs()), facts })
}

/** What the owner no longer wishes is no trouble any more. */
export async function endOtherWishes(context: Needs, wish: string): Promise<void> {
  const { journal, clock, session } = context
  for (const subject of session.folders) {
    const key = keyOf(context, subject)
    const open = await journal.troubles.find(key)
    // One that an older journal recorded does not say what was wished for.
    if (open !== undefined && ((open.facts.wish ?? wish) !== wish || wish === 'keep'))
      await journal.troubles.closed(key, 'configuration', clock.nowMs())
  }
}

interface Left {
  /** Both readings were shorter than announced. */
  short: number
  /** Gmail has another message with the same Message-ID instead. */
  others: number
}

/** What settling will never take away by itself, and why: told as long as it stands there. */
export class LeftThere {
  readonly #folders = new Map<string, Left>()

  add(folder: string, why: keyof Left): void {
    const left = this.#folders.get(folder) ?? { short: 0, others: 0 }
    left[why] += 1
    this.#folders.set(folder, left)
  }

  async tell(context: Needs, faults: Fault[]): Promise<void> {
    const { journal, session, mailbox, clock, log } = context
    for (const folder of session.folders) {
      const open = await journal.troubles.find(keyOf(context, folder))
      if (open !== undefined && open.code !== 'source.left-there') continue
      const { short, others } = this.#folders.get(folder) ?? { short: 0, others: 0 }
      const messages = short + others
      if (messages > 0) {
        const fault = new Fault('source.left-there', { facts: { messages, short, others } })
        faults.push(fault)
        if (Number(open?.facts.messages) === messages) continue
        await openWish(context, folder, fault)
        log.fault(fault, { mailbox: mailbox.name })
      } else if (open !== undefined)
        await journal.troubles.closed(keyOf(context, folder), 'success', clock.nowMs())
    }
  }
}

const minute = 60_000
const hour = 60 * minute
/** First and longest wait, ms: of what passes by itself, and of what only the owner or the host can change. */
const passing = [5 * minute, 6 * hour] as const
const lasting = [hour, 24 * hour] as const

interface Wait {
  readonly wish: string
  readonly tries: number
  readonly fromMs: number
  readonly untilMs: number
}

const noteOf = ({ mailbox }: Needs, folder: string): NoteKey =>
  `wish-wait ${JSON.stringify([mailbox.name, folder])}`

async function waitOf(context: Needs, folder: string): Promise<Wait | undefined> {
  const text = (await context.journal.note(noteOf(context, folder))) ?? ''
  const wait = text === '' ? undefined : (JSON.parse(text) as Wait)
  return wait?.wish === nameOf(context.mailbox.afterImport) ? wait : undefined
}

/** Whether the folder's wish may be tried now. A wait that began in the future was written by a wrong clock. */
export async function mayTry(context: Needs, folder: string): Promise<boolean> {
  const nowMs = context.clock.nowMs()
  const wait = await waitOf(context, folder)
  return wait === undefined || wait.untilMs <= nowMs || wait.fromMs > nowMs
}

/** The folder's wish failed as a whole: it is left alone for longer each time. */
export async function putOff(context: Needs, folder: string, fault: Fault): Promise<void> {
  const fromMs = context.clock.nowMs()
  const tries = ((await waitOf(context, folder))?.tries ?? 0) + 1
  const [firstMs, mostMs] = fault.retry === 'owner' ? lasting : passing
  const waitMs = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 20))
  const untilMs = Math.max(fromMs + waitMs, Math.min(fault.notBeforeMs ?? 0, fromMs + 24 * hour))
  const wait: Wait = { wish: nameOf(context.mailbox.afterImport), tries, fromMs, untilMs }
  await context.journal.setNote(noteOf(context, folder), JSON.stringify(wait))
}

/** It was carried out: nothing is left of earlier waits. */
export async function endWait(context: Needs, folder: string): Promise<void> {
  if ((await waitOf(context, folder)) !== undefined)
    await context.journal.setNote(noteOf(context, folder), '')
}
