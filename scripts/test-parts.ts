/**
 * Which part of the suite a test file belongs to: `npm test` runs the quick one, `npm run test:slow` the slow one. A
 * file is quick unless it is named here, so that each belongs to exactly one part and a new one is run by everybody.
 */

export type Part = 'quick' | 'slow'

/** Files, or whole folders (with the slash at the end), that take longer than an answer may take. */
export const slowTests: readonly string[] = [
  'test/faults/', // real processes, killed and started again
  'test/commands/pull-quiet.test.ts', // pulls that end by their time limit
  'test/commands/json.test.ts', // every command, in several states
  'test/commands/first-steps.test.ts', // every command, one after another
  'test/fleet/', // workers that are killed, and a database that is
  'test/files/', // another user's processes, and links at every name
  'test/gmail/append/dovecot.test.ts', // the corpus into a real server
  'test/pull/append-many.test.ts', // 500 messages, by both ways
  'test/pull/corpus.test.ts', // every message of the corpus over every protocol
  'test/pull/many.test.ts', // a maildrop of 100,000 messages
  'test/pull/memory.test.ts', // large messages
  'test/gmail/memory.test.ts',
  'test/google/open-browser.test.ts', // Chromium
  'test/proof/rebuild.test.ts', // journals rebuilt from whole mailboxes
  'test/journal/adoption.test.ts', // ten thousand messages into a database
  'test/journal/holds.test.ts', // workers that are killed, and a database that is
  'test/journal/side-by-side.test.ts', // many transactions at once, in rounds
  'test/oauth/mailbox.test.ts', // a Dovecot that is started again and again
  'test/package.test.ts', // npm pack, and an installation on several Nodes
  'test/rules/kill.test.ts', // real processes, killed and started again
  'test/rules/owners-wishes.test.ts', // ten mailboxes on a real server
  'test/sandbox.test.ts', // whole sandboxes
  'test/servers/cyrus.test.ts', // hikyaku on it, killed and started again
  'test/servers/mbox-servers.test.ts',
  'test/servers/postgres.test.ts', // two servers, started and ended
  'test/servers/real.test.ts', // every message of the corpus through real servers
  'test/service/real-systemd.test.ts', // booted, set up, killed, rebooted
  'test/setup/app-password.test.ts', // set-ups on a real server, by both ways
  'test/setup/back.test.ts', // set-ups on a real server
  'test/setup/hosts.test.ts', // a set-up at each host that is known
  'test/setup/person.test.ts', // whole set-ups on real servers
  'test/setup/script.test.ts',
  'test/setup/sign-in-mailbox.test.ts', // set-ups on a real server
  'test/setup/terminal.test.ts', // a person at a terminal, with a browser
  'test/setup/walk.test.ts', // the same on small screens, without one
  'test/soak.test.ts', // a short soak
  'test/web/', // a running daemon, and Chromium
  'test/suites/', // outside suites and other verifiers, some of them with programs that few machines have
]

/** @param file the path of a test file from the root of the repository, with slashes */
export function partOf(file: string): Part {
  const isSlow = slowTests.some(entry => (entry.endsWith('/') ? file.startsWith(entry) : file === entry))
  return isSlow ? 'slow' : 'quick'
}
