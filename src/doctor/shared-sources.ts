/** Mailboxes that are one at the source: one line each; nothing where all are their own. */
import { printable } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import { findSharedSources } from '../config/shared-sources.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, noteCheck } from './finding.ts'

const place = { check: 'configuration' } as const

export function checkSharedSources({ mailboxes }: Config, { words }: DoctorContext): readonly Finding[] {
  return findSharedSources(mailboxes).map(shared => {
    const login = `${printable(shared.user)} @ ${shared.host}`
    const names = shared.names.map(name => printable(name))
    const takers = shared.takers.map(name => printable(name))
    return takers.length === 0
      ? noteCheck(place, 'mailbox.shared', words.sharedMailbox(names, login))
      : noteCheck(place, 'mailbox.shared-taken', words.takenMailbox(names, login, takers))
  })
}
