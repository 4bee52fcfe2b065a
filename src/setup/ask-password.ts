/** Asks for a password of a mailbox, and about what nobody sees in it: a refused login counts at the host. */
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'
import { findPasswordOddity } from './typed-answer.ts'

/** @param message the question @returns as it was typed, which may be odd by the owner's word */
export async function askPassword({ asker, words }: SetupContext, message: string): Promise<string> {
  for (;;) {
    const password = await asker.secret({ id: 'password-file', message })
    const oddity = asker.interactive ? findPasswordOddity(password) : undefined
    if (oddity === undefined) return password
    const { oddPassword, correct, passwordAsTyped } = words.login
    const again = await confirm(asker, {
      id: 'odd-password',
      message: oddPassword[oddity],
      initial: true,
      yes: correct.password,
      no: passwordAsTyped,
    })
    if (!again) return password
  }
}
