/** What is asked of the journal by who looks through it, and what is answered. Times are ms since 1970. */
import type { ImportPlace, MessageRow, Stage } from './row.ts'

/**
 * Where messages are looked for: `imported` in Gmail by an import of their own, `merged` there by another one's, `waiting`
 * not there yet, `refused` set aside, `ignored` left by rule, `gone` from the source before they were imported.
 */
export const searchStages = ['imported', 'merged', 'waiting', 'refused', 'ignored', 'gone'] as const
export type SearchStage = (typeof searchStages)[number]

/** The stages of the rows among which one is found. */
export const storedAs: Readonly<Record<Exclude<SearchStage, 'imported' | 'merged'>, readonly Stage[]>> = {
  waiting: ['listed', 'importing', 'deferred'],
  refused: ['refused'],
  ignored: ['baseline', 'ignored'],
  gone: ['gone'],
}

/** Where a search among messages that are not in Gmail by their own import goes on: behind this one. */
export interface StagePlace {
  /** Place of the mailbox in the question. */
  readonly mailbox: number
  readonly generation: number
  readonly id: number
}

export interface SearchQuestion {
  readonly stage: SearchStage
  /** In these, one after the other; of `imported` undefined asks for all. */
  readonly mailboxes: readonly string[] | undefined
  /** In one of these; undefined: in any. */
  readonly folders: readonly string[] | undefined
  /** It, or one below it; lower case. Known of imported messages only. */
  readonly senderDomain: string | undefined
  /** When they reached Gmail; where they did not, when they were listed first. */
  readonly fromMs: number | undefined
  readonly beforeMs: number | undefined
  /** Where an earlier answer ended. */
  readonly place: ImportPlace | StagePlace | undefined
  readonly limit: number
}

export interface SearchAnswer {
  /** Newest first; of `imported` over all mailboxes, else mailbox by mailbox. */
  readonly rows: readonly MessageRow[]
  /** Where it goes on; undefined: there is nothing more. */
  readonly next: ImportPlace | StagePlace | undefined
  /** It ended for the time that it took and not for the limit: what lies behind `next` was not looked at. */
  readonly isCut: boolean
}

/** So many messages of one mailbox and sender domain that forwarding would have done the same to. */
export interface ForwardingCost {
  readonly mailbox: string
  /** '' where it is not known. */
  readonly senderDomain: string
  /** As the record has it; undefined where it is not known. */
  readonly cost: string | undefined
  /** The whole record of one message that was judged by rules of before. */
  readonly judgedBefore: string | undefined
  readonly messages: number
}
