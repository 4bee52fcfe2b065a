/** A fleet: whose mailbox it is while a worker works, what of a limit is its own, and which secret opens where. */
import type { Mutant } from './mutant.ts'

const seal = ['test/fleet/seal.test.ts']
const holds = ['test/fleet/keep-holds.test.ts']
const limits = ['test/fleet/limits.test.ts']

export const fleet: readonly Mutant[] = [
  {
    from: "['hikyaku fleet secret', tenant, kind, owner, key, destination]",
    to: "['hikyaku fleet secret', tenant, kind, owner, key]",
    loses: 'a password, to the server that somebody wrote beside it',
    tests: seal,
    title: 'a sealed secret opens at its own place only',
  },
  {
    from: "['hikyaku fleet secret', tenant, kind, owner, key, destination]",
    to: "['hikyaku fleet secret', kind, owner, key, destination]",
    loses: 'a password, to the tenant whose row it was copied to',
    tests: seal,
    title: 'a sealed secret opens at its own place only',
  },
  {
    from: 'if (await exists(file)) return false const refuse =',
    to: 'const refuse =',
    loses: 'a fleet whose key is mounted read-only is never begun',
    tests: seal,
    title: 'a key that is there needs nothing writable beside it',
  },
  {
    from: 'drop(mine.filter(({ hold }) => fences.get(hold.mailbox) !== hold.fence))',
    to: '',
    loses: 'a mailbox is pulled by two workers: by the one that has it no more, too',
    tests: holds,
    title: 'let go of what the database says is another’s',
  },
  {
    from: 'expiry = setTimeout(() => drop([...held.values()]), Math.max(0, leftMs))',
    to: 'void leftMs',
    loses: 'a mailbox is pulled by two workers: by the one that does not reach the database, too',
    tests: holds,
    title: 'let go of everything where the database is away',
  },
  {
    from: 'giveBack(kept.slice(renewed.share).slice(-mostAtOnce))',
    to: '',
    loses: 'a worker that comes later has nothing to do',
    tests: holds,
    title: 'give back what is more than their share',
  },
  {
    from: 'isSure: nowMs => nowMs < sureUntilMs,',
    to: 'isSure: () => true,',
    loses: 'a limit of Gmail is exceeded by one that does not reach the database',
    tests: limits,
    title: 'is used by nobody who may be taken for dead',
  },
]
