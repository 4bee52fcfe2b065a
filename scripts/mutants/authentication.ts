/** Verification: what the library would let pass, and what is not known. */
import type { Mutant } from './mutant.ts'

const dkim = ['test/suites/dkim.test.ts']
const arc = ['test/suites/arc.test.ts']
const verify = ['test/authentication/verify.test.ts']

export const authentication: readonly Mutant[] = [
  {
    from: 'export const strict = true',
    to: 'export const strict = false',
    loses: 'truth: signatures that other verifiers refuse are told as intact',
    tests: dkim,
  },
  {
    from: 'claimed !== undefined && octets !== undefined && claimed > octets',
    to: 'claimed !== undefined && octets !== undefined && claimed < 0',
    loses: 'truth: a signature that claims more than there is passes',
    tests: dkim,
  },
  {
    from: 'if (!signature || !claimsTooMuch(signature))',
    to: 'if (true)',
    loses: 'truth: an ARC chain whose signature claims more than there is passes',
    tests: arc,
  },
  {
    from: "if (isChain && [...failed].some(name => name.includes('._domainkey.')))",
    to: 'if (false)',
    loses: 'not known: a key that nobody could ask for is told as a broken chain',
    tests: arc,
  },
  {
    from: 'const isChain = Array.isArray((result as { chain?: unknown }).chain)',
    to: 'const isChain = true',
    loses: 'truth: sets that are no chain are not told',
    tests: arc,
  },
  {
    from: 'if (answer === undefined) { if (asked.size >= questions)',
    to: 'if (true) { if (asked.size >= questions)',
    loses: 'bounds: what was asked before is asked again',
    tests: verify,
  },
  {
    from: 'if (asked.size >= questions)',
    to: 'if (asked.size < 0)',
    loses: 'bounds: a message may keep us asking',
    tests: verify,
  },
]
