/** Reading mail back, where the owner allowed gmail.readonly: users.messages.list, users.messages.get, getProfile. */
import type { gmail_v1 } from '@googleapis/gmail'
import { Fault } from '../base/fault.ts'
import { addressKey } from '../base/gmail-address.ts'
import type { Ability } from '../google/scopes.ts'
import { type Call, callGmail } from './api.ts'
import type { FoundMessage } from './gmail.ts'
import { longestMessageOctets } from './import.ts'
import { bareMessageId, isSearchable, mostCopies } from './message-id.ts'
import type { Session } from './session.ts'
import { units } from './units.ts'

/** base64url is 4/3 of the octets; Gmail adds a few lines on top. */
const rawAnswerLimit = Math.ceil((longestMessageOctets * 4) / 3) + (2 << 20)

/**
 * Copies of a message by Message-ID, trash and spam included.
 * @throws Fault gmail.ask-owner where the Message-ID cannot be searched for without meaning something else in
 * Gmail's query language: that is "not known", and must not be taken for "not there"
 */
export async function findByMessageId(
  session: Session,
  messageId: string,
  signal: AbortSignal,
): Promise<readonly FoundMessage[]> {
  const bare = bareMessageId(messageId)
  if (!isSearchable(bare)) {
    throw new Fault('gmail.ask-owner', { facts: { what: 'a Message-ID that Gmail cannot search for' } })
  }
  const q = `rfc822msgid:${bare}`
  const json = await callGmail(
    session,
    {
      frame: ({ users }, userId, options) =>
        users.messages.list({ userId, q, includeSpamTrash: true, maxResults: mostCopies }, options),
      cost: units.list,
      need: 'read',
    },
    signal,
  )
  const messages: FoundMessage[] = []
  for (const row of Array.isArray(json?.messages) ? json.messages.slice(0, mostCopies) : []) {
    if (typeof row?.id !== 'string') continue
    const message = await readMessage(session, row.id, signal)
    if (message !== undefined) messages.push(message)
  }
  return messages
}

/** One message with its raw octets, or undefined where Gmail no longer has it. */
export async function readMessage(
  session: Session,
  id: string,
  signal: AbortSignal,
): Promise<FoundMessage | undefined> {
  const json = await callGmail(
    session,
    {
      frame: ({ users }, userId, options) => users.messages.get({ userId, id, format: 'raw' }, options),
      cost: units.get,
      need: 'read',
      answerLimit: rawAnswerLimit,
      mayBeMissing: true,
    },
    signal,
  )
  if (json === undefined) return undefined
  if (typeof json.raw !== 'string') {
    throw new Fault('gmail.unknown-answer', { scope: 'account', facts: { what: 'a message without raw' } })
  }
  const labelIds = Array.isArray(json.labelIds)
    ? json.labelIds.filter(label => typeof label === 'string')
    : []
  return { id, labelIds, raw: Buffer.from(json.raw, 'base64url') }
}

/** users.getProfile. */
export const makeProfileCall = (need: Ability | undefined): Call<gmail_v1.Schema$Profile> => ({
  frame: ({ users }, userId, options) => users.getProfile({ userId }, options),
  cost: units.profile,
  need,
})

/**
 * Holds the token's account against the configured address.
 * @throws Fault gmail.account-mismatch; gmail.unknown-answer for a profile without an address, which proves nothing
 */
export async function checkAccount(session: Session, address: string, signal: AbortSignal): Promise<void> {
  const json = await callGmail(session, makeProfileCall('read'), signal)
  const signedIn = json?.emailAddress
  if (typeof signedIn !== 'string')
    throw new Fault('gmail.unknown-answer', {
      scope: 'account',
      facts: { what: 'a profile without address' },
    })
  if (addressKey(signedIn) === addressKey(address)) return
  throw new Fault('gmail.account-mismatch', { facts: { user: address, words: signedIn } })
}
