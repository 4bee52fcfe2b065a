/** Label ids for names: users.labels.list, and users.labels.create where one is missing. Cached until forgotten. */
import type { gmail_v1 } from '@googleapis/gmail'
import { orAbort } from '../base/deadline.ts'
import { Fault, type FaultCode } from '../base/fault.ts'
import type { Ability } from '../google/scopes.ts'
import { scrubWords } from '../google/scrub.ts'
import { type Call, callGmail } from './api.ts'
import type { Session } from './session.ts'
import { units } from './units.ts'

/** System labels that can be put on mail; their id is their name (Gmail API, "Manage labels"). */
const systemLabels = new Set([
  'INBOX',
  'SPAM',
  'TRASH',
  'UNREAD',
  'STARRED',
  'IMPORTANT',
  'CATEGORY_PERSONAL',
  'CATEGORY_SOCIAL',
  'CATEGORY_PROMOTIONS',
  'CATEGORY_UPDATES',
  'CATEGORY_FORUMS',
])
/** System labels that Gmail refuses on imported mail; no label of the owner's can have these names either. */
const notForImport = new Set(['DRAFT', 'SENT', 'CHAT', 'DRAFTS', 'CHATS'])

export interface Labels {
  /**
   * @throws Fault gmail.label-refused (mailbox, owner; facts.labels: the name) where the label cannot be had and nothing
   * shows that the account is the cause, and the account's own of a call
   */
  idsFor(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Gmail did not know an id: the next look-up reads the list again. */
  forget(): void
}

/** Answers to a question about labels that an import may show to concern labels alone. */
const perhapsOfLabels: readonly FaultCode[] = [
  'gmail.label',
  'gmail.unknown-answer',
  'gmail.account-refused',
  'gmail.storage-full',
]
/** Reasons that say "not allowed" and not what, or to whom. */
const bareReasons = ['forbidden', 'domainpolicy', 'permission_denied']

/** Whether what was met here may be said of labels only. What the sign-in met concerns everything. */
function mayConcernLabelsOnly({ code, facts }: Fault): boolean {
  if (code === 'gmail.scope-missing') return true
  if (facts.phase === 'token') return false
  if (code !== 'gmail.forbidden') return perhapsOfLabels.includes(code)
  const reasons = String(facts.reason ?? '').split(' ')
  return reasons.every(reason => bareReasons.includes(reason))
}

/** Gmail tells label names apart without regard to case. */
const labelKey = (name: string): string => name.normalize('NFC').toLowerCase()

/** users.labels.list. */
export const makeLabelsCall = (need: Ability | undefined): Call<gmail_v1.Schema$ListLabelsResponse> => ({
  frame: ({ users }, userId, options) => users.labels.list({ userId }, options),
  cost: units.labelsList,
  need,
})

export function makeLabels(session: Session): Labels {
  let known: Map<string, string> | undefined
  /** Look-ups run one after the other, so that two never create the same label. */
  let last: Promise<unknown> = Promise.resolve()

  const list = async (signal: AbortSignal): Promise<Map<string, string>> => {
    const json = await callGmail(session, { ...makeLabelsCall('labels'), answerLimit: 16 << 20 }, signal)
    const rows = Array.isArray(json?.labels) ? json.labels : []
    const read = new Map<string, string>()
    for (const row of rows) {
      if (typeof row?.id === 'string' && typeof row.name === 'string') read.set(labelKey(row.name), row.id)
    }
    return read
  }

  /** The new label's id, or the conflict: then the list may have it. */
  const create = async (name: string, signal: AbortSignal): Promise<string | Fault> => {
    const requestBody = { name, labelListVisibility: 'labelShow', messageListVisibility: 'show' }
    try {
      const label = await callGmail(
        session,
        {
          frame: ({ users }, userId, options) => users.labels.create({ userId, requestBody }, options),
          cost: units.labelsCreate,
          need: 'labels',
        },
        signal,
      )
      if (typeof label?.id === 'string') return label.id
      throw new Fault('gmail.unknown-answer', {
        scope: 'account',
        facts: { what: 'a label without id', labels: name },
      })
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown
      // 409: somebody made it a moment ago (or an answer to us was lost): the list has it.
      if (thrown.facts.status === 409) return thrown
      throw thrown
    }
  }

  const resolve = async (name: string, signal: AbortSignal): Promise<string> => {
    const upper = name.toUpperCase()
    if (systemLabels.has(upper)) return upper
    if (notForImport.has(upper)) {
      const words = 'a system label that imported mail cannot have'
      throw new Fault('gmail.label-refused', { facts: { labels: name, words } })
    }
    known ??= await list(signal)
    const cached = known.get(labelKey(name))
    if (cached !== undefined) return cached
    // Gmail shows `a/b` below `a` where `a` is a label too.
    const slash = name.lastIndexOf('/')
    if (slash > 0) {
      // It may stand without the other.
      await labelFor(name.slice(0, slash), signal).catch(thrown => {
        if (!(thrown instanceof Fault) || thrown.code !== 'gmail.label-refused') throw thrown
      })
    }
    const created = await create(name, signal)
    if (typeof created === 'string') {
      known.set(labelKey(name), created)
      return created
    }
    known = await list(signal)
    const listed = known.get(labelKey(name))
    if (listed === undefined) throw created
    return listed
  }

  const labelFor = async (name: string, signal: AbortSignal): Promise<string> => {
    try {
      return await resolve(name, signal)
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !mayConcernLabelsOnly(thrown)) throw thrown
      const { words = '', status } = thrown.facts
      const facts = {
        labels: name,
        words: scrubWords(String(words)),
        ...(status === undefined ? {} : { status }),
        ...(thrown.code === 'gmail.scope-missing' ? { scope: 'gmail.labels' } : {}),
      }
      throw new Fault('gmail.label-refused', { facts, cause: thrown })
    }
  }

  return {
    idsFor(names, signal) {
      const mine = last.then(async () => {
        signal.throwIfAborted()
        const ids = new Set<string>()
        for (const name of names) ids.add(await labelFor(name, signal))
        return [...ids]
      })
      last = mine.catch(() => {})
      return orAbort(mine, signal)
    },
    forget() {
      known = undefined
    },
  }
}
