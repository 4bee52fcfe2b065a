/**
 * The key under which accepted logins are remembered (pull/login-memory.ts), the same for all workers: random, in the journal
 * only as the fleet key wraps it, so that the database alone is nothing that passwords could be tried on.
 */
import { randomBytes } from 'node:crypto'
import { Secret } from '../base/secret.ts'
import type { Journal } from '../journal/journal.ts'
import type { KeyWrapper } from './seal.ts'

const context = JSON.stringify(['hikyaku fleet login memory'])
const noteName = 'login-key'

/**
 * @returns base64 of 32 octets. `reveal` throws Fault fleet.no-key and the like, and journal.*; what was wrapped with a key
 *   that is gone is made anew, which forgets the logins
 */
export function fleetLoginKey(
  journal: Pick<Journal, 'note' | 'changeNote'>,
  openKey: () => Promise<KeyWrapper>,
): Secret {
  const read = async (wrapper: KeyWrapper, text: string | undefined): Promise<string | undefined> => {
    const [id = '', wrapped = ''] = (text ?? '').split(' ')
    if (wrapped === '') return undefined
    return await wrapper.unwrap(wrapped, context, id).then(
      octets => octets.toString('base64'),
      () => undefined,
    )
  }
  const find = async (): Promise<string> => {
    const wrapper = await openKey()
    const kept = await journal.note(noteName)
    const known = await read(wrapper, kept)
    if (known !== undefined) return known
    const fresh = randomBytes(32)
    const text = `${wrapper.id} ${await wrapper.wrap(fresh, context)}`
    // Of two workers that begin at once the first one's stays.
    const now = await journal.changeNote<string | undefined>(noteName, before =>
      before === kept ? [text, text] : [undefined, before],
    )
    return (await read(wrapper, now)) ?? ''
  }
  let key: string | undefined
  return new Secret(async () => {
    key ??= (await find()) || undefined
    return key ?? ''
  })
}
