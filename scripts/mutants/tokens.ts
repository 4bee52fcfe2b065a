/** Logins by access token, and Google as a source. */
import type { Mutant } from './mutant.ts'

const tests = ['test/source/token-login.test.ts']

export const tokens: readonly Mutant[] = [
  {
    from: "thrown.code === 'source.token-refused' if (!isSpent ||",
    to: "thrown.code === 'source.token-refused'; if (true ||",
    loses: 'a token that was withdrawn before its time stops the mailbox until the owner comes',
    tests,
    title: 'is made anew once, and the login counted twice',
  },
  {
    from: 'if (fresh === token) throw thrown',
    to: '',
    loses: 'the host counts one login more for the very token that it refused',
    tests,
    title: 'of which the keeper has no other is not tried again',
  },
  {
    from: "|| thrown.facts.status === 'insufficient_scope') throw thrown",
    to: ') throw thrown',
    loses: 'the host counts one login more for a consent that cannot do',
    tests,
    title: 'that may do too little is not made anew',
  },
  {
    from: 'if (mechanism === undefined) throw tokenFault(noMethod(options, capabilities), {})',
    to: '',
    loses: 'the token is shown to a server that takes none',
    tests,
    title: 'is shown to no server that takes none',
  },
  {
    from: 'const isShort = whole.length + 2 <= longestCommand',
    to: 'const isShort = true',
    loses: 'Exchange hangs up on every login: its lines have 255 octets',
    tests,
    title: 'waits for the server: RFC 2449',
  },
  {
    from: "? 'source.server-temporary' : 'source.token-refused'",
    to: "? 'source.token-refused' : 'source.token-refused'",
    loses: 'the owner is asked to sign in again for a trouble of the server that passes',
    tests,
    title: 'source.server-temporary',
  },
  {
    from: "return comesBack(from) ? [{ at, kind: 'mail-loop', account: addresses.join(', ') }] : []",
    to: 'return []',
    loses: 'mail goes round between two accounts of Gmail for ever',
    tests: ['test/config/mail-loops.test.ts'],
    title: 'it is the same mailbox',
  },
  {
    from: "if (addresses.some(address => !address.includes('@'))) return [{ at, kind: 'mail-loop-unknown' }]",
    to: '',
    loses: 'an account that is not named may be the mailbox itself',
    tests: ['test/config/mail-loops.test.ts'],
    title: 'may be the same one',
  },
]
