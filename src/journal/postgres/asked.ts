/**
 * What the owner asks of mailboxes that this process holds (pull/owner-acted.ts): one question a second for all of them,
 * answered from an index in which a mailbox stands only while somebody has asked.
 */
import type { Statements } from '../sql.ts'

/** How often it looks, ms. */
const lookMs = 1000
const prefix = 'check-now '

export interface AskedMailboxes {
  /** Calls `look` when something is asked of the mailbox; what it throws is dropped. @returns ends it */
  watch(mailbox: string, look: () => Promise<void>): () => void
}

export function watchAsked(sql: Statements): AskedMailboxes {
  const looks = new Map<string, Set<() => Promise<void>>>()
  let timer: NodeJS.Timeout | undefined
  const lookAtAll = async (): Promise<void> => {
    const rows = await sql.all(`SELECT key FROM note WHERE key LIKE '${prefix}%' AND value = '1'`)
    const asked = rows.flatMap(({ key }) => [...(looks.get(String(key).slice(prefix.length)) ?? [])])
    await Promise.all(asked.map(look => look().catch(() => {})))
  }
  const lookAgain = (): void => {
    timer = setTimeout(() => {
      // The journal's trouble is told by the pulls.
      lookAtAll()
        .catch(() => {})
        .finally(() => {
          timer = undefined
          if (looks.size > 0) lookAgain()
        })
    }, lookMs)
  }
  return {
    watch(mailbox, look) {
      const ofMailbox = looks.get(mailbox) ?? new Set()
      looks.set(mailbox, ofMailbox.add(look))
      if (timer === undefined) lookAgain()
      return () => {
        ofMailbox.delete(look)
        if (ofMailbox.size === 0 && looks.get(mailbox) === ofMailbox) looks.delete(mailbox)
        if (looks.size > 0) return
        clearTimeout(timer)
        timer = undefined
      }
    },
  }
}
