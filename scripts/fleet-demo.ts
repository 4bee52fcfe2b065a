/**
 * A fleet on this computer, in two minutes: PostgreSQL, Dovecot, the stand-in for Gmail and four `hikyaku worker` processes
 * carry the mail of 200 mailboxes; in the middle one worker is killed. The servers' own books then say what became of it.
 *
 *   npm run fleet:demo [-- --mailboxes 200] [--messages 2000] [--workers 4] [--logs FOLDER]
 *
 * Exit code 0 where every message is in Gmail once, octet for octet, and the mailboxes of the killed worker were taken
 * over within 15 s; else 1; 2 for a wrong option or where a server is not installed. Ctrl-C ends everything.
 */
import { parseArgs } from 'node:util'
import { isGood, playDemo, tell } from './fleet/demo.ts'
import { makeScreen } from './fleet/screen.ts'
import { findMissing } from './fleet/stage.ts'

const usage = 'usage: npm run fleet:demo [-- --mailboxes N] [--messages N] [--workers N] [--logs FOLDER]'

function fail(...lines: readonly string[]): never {
  for (const line of lines) console.error(line)
  process.exit(2)
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        mailboxes: { type: 'string', default: '200' },
        messages: { type: 'string', default: '2000' },
        workers: { type: 'string', default: '4' },
        logs: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return fail((error as Error).message, usage)
  }
}

const { help, logs, ...given } = readOptions()
if (help) {
  console.log(usage)
  process.exit(0)
}
const readCount = (name: keyof typeof given, least: number, most: number): number => {
  const count = Number(given[name])
  if (!Number.isInteger(count) || count < least || count > most)
    fail(`--${name} is a number from ${least} to ${most}`, usage)
  return count
}
const options = {
  mailboxes: readCount('mailboxes', 4, 1000),
  messages: readCount('messages', 4, 100_000),
  workers: readCount('workers', 2, 20),
  logs,
}
const missing = findMissing()
if (missing.length > 0)
  fail(
    ...missing.map(what => `The demonstration needs a server that is not here: ${what}.`),
    'On Debian and Ubuntu: apt install postgresql dovecot-imapd dovecot-pop3d openssl',
  )

const interrupt = new AbortController()
let exitCode = 70
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(name, () => {
    exitCode = code
    interrupt.abort(new Error('interrupted'))
  })

const screen = makeScreen(process.stdout)
try {
  const result = await playDemo(options, screen, interrupt.signal)
  console.log(['', ...tell(result, options.messages)].join('\n'))
  for (const trouble of [...result.verdict.together, ...result.troubles]) console.error(trouble)
  const good = isGood(result, options.messages)
  if (!good) console.log('\nNot as promised.')
  exitCode = good ? 0 : 1
} catch (error) {
  if (!interrupt.signal.aborted) throw error
  console.log('Ended; nothing is left running.')
}
process.exit(exitCode)
