/** Whose permission it is: tokens and ID tokens. */
import type { Mutant } from './mutant.ts'

const token = ['test/google/token.test.ts']

export const google: readonly Mutant[] = [
  {
    from: 'Math.min(endsAtMs - clock.nowMs(), endsAtMonotonicMs - clock.monotonicMs())',
    to: 'endsAtMonotonicMs - clock.monotonicMs()',
    loses: 'mail after a suspend: a token that ended meanwhile is used',
    tests: token,
    title: 'is renewed where the wall clock went on alone',
  },
  {
    from: 'const due = present === undefined || left <= present.marginMs',
    to: 'const due = present === undefined || left <= 0',
    loses: 'an upload whose token ends amid it',
    tests: token,
    title: 'is renewed five minutes before it ends',
  },
  {
    from: 'else await share()',
    to: 'else return',
    loses: 'the first mail after an hour: it waits for a token',
    tests: token,
    title: 'without anybody waiting for it',
  },
  {
    from: "if (!(thrown instanceof Fault) || thrown.retry !== 'later') return notAgainBeforeMs",
    to: 'notAgainBeforeMs',
    loses: 'a consent that ended is asked for twice a minute',
    tests: token,
    title: 'where the owner has to act',
  },
  {
    from: 'renewed.drop(({ value }) => value === token.value)',
    to: 'renewed.drop(() => true)',
    loses: 'a token request for each upload that met an old token',
    tests: token,
    title: 'that Gmail rejected is replaced',
  },
  {
    from: 'renewing ??= renew()',
    to: 'renewing = renew()',
    loses: 'many token requests at once',
    tests: token,
    title: 'is asked for once by many',
  },
  {
    from: 'if (held === undefined || leftMs(held) <= 0 || !passing) throw thrown',
    to: 'throw thrown',
    loses: 'mail, while the token server is away and the token is good',
    tests: token,
    title: 'is used on while it is good',
  },
  {
    from: 'if (need !== undefined && token.scopes !== undefined && !scopesAllow(token.scopes, need)) {',
    to: 'if (false) {',
    loses: 'the words: a missing scope is met as a refusal of each message',
    tests: token,
    title: 'without gmail.insert is gmail.scope-missing',
  },
  {
    from: 'kept.subject !== claimed.subject)',
    to: "kept.subject === '')",
    loses: "mail: it goes into another account, whose token took this one's place",
    tests: ['test/google/identity.test.ts', 'test/faults/account.test.ts'],
  },
  {
    from: 'if (isAddress(configured) && !fits) throw refuse(configured, address)',
    to: '',
    loses: 'mail: it goes into another account than the configured one',
    tests: ['test/google/identity.test.ts'],
  },
  {
    from: "if (!issuers.includes(iss)) return 'issuer'",
    to: '',
    loses: 'a proof of ownership that anybody can write',
    tests: ['test/google/claims.test.ts'],
  },
  {
    from: "if (!audiences.includes(clientId) || (audiences.length > 1 && azp !== clientId)) return 'audience'",
    to: '',
    loses: 'a proof of ownership that was made for another program',
    tests: ['test/google/claims.test.ts'],
  },
  {
    from: 'address: isVerified ? plainAddress(email) : undefined',
    to: 'address: plainAddress(email)',
    loses: 'an address that Google does not vouch for counts as proved',
    tests: ['test/google/claims.test.ts'],
  },
]
