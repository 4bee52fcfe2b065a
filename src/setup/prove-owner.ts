/** Whether a permission is the account's that is meant. Whatever does not prove it is a fault, and never success. */

import { Fault, type FaultCode } from '../base/fault.ts'
import { addressKey } from '../base/gmail-address.ts'
import type { ApiAccount } from '../config/config.ts'
import { type Inspected, inspectAccount } from '../gmail/inspect.ts'
import type { SetupContext } from './context.ts'

/** What Gmail's answer to a path with a stranger's address may look like: it is documented nowhere. */
const ofStrangers: readonly FaultCode[] = [
  'gmail.account-mismatch',
  'gmail.forbidden',
  'gmail.account-refused',
  'gmail.unknown-answer',
]

/**
 * Asks for a token, for what it may do, and for the account's labels under the account's own address. The proof is an
 * ID token of that account, or, for a permission without one, that Gmail shows the labels of the address.
 * @throws Fault gmail.account-mismatch, gmail.scope-missing, and whatever else stands in the way
 */
export async function proveOwner(context: SetupContext, account: ApiAccount): Promise<Inspected> {
  const { place, clock, signal } = context
  const inspect = (of: ApiAccount): Promise<Inspected> =>
    inspectAccount({ account: of, endpoints: place.endpoints, clock }, signal)
  let inspected: Inspected
  try {
    inspected = await inspect(account)
  } catch (thrown) {
    if (!(thrown instanceof Fault) || !ofStrangers.includes(thrown.code)) throw thrown
    if (thrown.facts.status === undefined || !account.address.includes('@')) throw thrown
    // Gmail knows the permission, but not under this address: it is another account's, whatever Gmail's words are.
    const own = await inspect(nameless(account)).catch(() => undefined)
    if (own === undefined || addressKey(own.address ?? '') === addressKey(account.address)) throw thrown
    const facts = { user: account.address, ...(own.address === undefined ? {} : { words: own.address }) }
    throw new Fault('gmail.account-mismatch', { facts, cause: thrown })
  }
  const { canInsert, canLabel, labels, scopes, address } = inspected
  const named = account.address.includes('@')
  if (named && address !== undefined && addressKey(address) !== addressKey(account.address))
    throw new Fault('gmail.account-mismatch', { facts: { user: account.address, words: address } })
  if (!canInsert || !canLabel) {
    const what = canInsert ? 'gmail.labels' : 'gmail.insert'
    throw new Fault('gmail.scope-missing', { facts: { what, granted: scopes?.join(' ') || 'none' } })
  }
  if (labels === undefined)
    throw new Fault('gmail.unknown-answer', { scope: 'account', facts: { what: 'a list without labels' } })
  return inspected
}

/** The same permission, asked for its own account. */
function nameless(account: ApiAccount): ApiAccount {
  const { credential } = account
  return credential.kind === 'user'
    ? { ...account, address: 'me', credential: { ...credential, identity: undefined } }
    : account
}
