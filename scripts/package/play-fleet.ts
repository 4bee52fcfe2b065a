/**
 * What every package is asked beside pulling a mailbox of one machine: a fleet of one worker on a real PostgreSQL, and the
 * page of the daemon with all that it loads.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { endpointsEnv } from '../../test/servers/hikyaku.ts'
import { startImapServer } from '../../test/servers/imap-server.ts'
import { freePorts, loopback } from '../../test/servers/local.ts'
import { postgresMissing, startPostgres } from '../../test/servers/postgres.ts'
import { until } from '../../test/servers/until.ts'
import { ask, homeIn } from '../../test/web/page.ts'
import { sampleMail } from '../sandbox/mail.ts'

type Env = Readonly<Record<string, string>>

export interface EndedProgram {
  readonly code: number | null
  /** What it printed; the answer to `--json` is a line of it. */
  readonly output: string
}

export interface StartedProgram {
  output(): string
  /** As the system ends it. */
  stop(): Promise<EndedProgram>
}

/** The program as it is after its installation. */
export interface Installed {
  run(words: readonly string[], env: Env): Promise<EndedProgram>
  start(words: readonly string[], env: Env): Promise<StartedProgram>
  /** Gives it a file that it alone may read. @returns where it finds the file */
  put(name: string, text: string): Promise<string>
}

const owner = 'owner@example.test'
const password = 'correct horse battery'

/**
 * Makes a fleet, adds a mailbox, starts a worker, and waits for the mail; then what the worker answers to monitoring
 * programs, what `fleet status` says, and how the worker ends.
 * @param look at the worker while it runs, by the port where it answers monitoring programs
 */
export async function playFleet(
  installed: Installed,
  look: (port: number) => Promise<void> = async () => {},
): Promise<void> {
  const missing = postgresMissing()
  if (missing !== undefined) throw new Error(missing)
  const gmail = await startGmailServer()
  const source = await startImapServer({ users: { owner: password } })
  const postgres = await startPostgres({ fsync: 'off' })
  let worker: StartedProgram | undefined
  try {
    const [port = 0] = await freePorts(1)
    const env = {
      ...endpointsEnv(gmail),
      HIKYAKU_LANG: 'en',
      FLEET_DATABASE: await postgres.newDatabase(),
      FLEET_KEY_FILE: await installed.put('fleet.key', `${randomBytes(32).toString('base64')}\n`),
    }
    const must = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
      const { code, output } = await installed.run(['fleet', ...words, '--json'], env)
      assert.equal(code, 0, `fleet ${words[0]}: ${output}${worker?.output() ?? ''}`)
      return answerIn(output)
    }
    await must('init')
    const { installed: client } = gmail.clientJson()
    await must(
      ...['add', '--tenant', 'acme', '--name', 'shop', '--gmail-account', owner],
      ...['--server', source.host, '--port', String(source.port), '--security', 'none', '--user', 'owner'],
      ...['--password-file', await installed.put('fleet-password', `${password}\n`)],
      ...['--client-file', await installed.put('fleet-client.json', JSON.stringify({ installed: client }))],
      ...['--refresh-token-file', await installed.put('fleet-token', `${gmail.grant(owner)}\n`)],
    )
    source.deliver('INBOX', sampleMail(1))
    worker = await installed.start(['worker'], { ...env, METRICS: `${loopback}:${port}` })
    await until(() => gmail.accepted.length === 1, 'the message, by the worker', 60_000).catch(late =>
      assert.fail(`${late}\n${worker?.output()}`),
    )
    const livez = await ask(`${loopback}:${port}`, '/livez')
    assert.equal(livez.status, 200, livez.text)
    await look(port)
    const { workers, mailboxes, exitCode } = await must('status')
    assert.deepEqual([(workers as unknown[]).length, mailboxes, exitCode], [1, 1, 0])
    const { code, output } = await worker.stop()
    assert.equal(code, 0, output)
    assert.deepEqual([...gmail.stored().values()], [1])
    assert.deepEqual(gmail.bugs, [])
  } finally {
    await worker?.stop()
    await source.stop()
    await postgres.stop()
    await gmail.close()
  }
}

const answerIn = (output: string): Record<string, unknown> =>
  JSON.parse(output.split('\n').find(line => line.startsWith('{')) ?? '')

/** Opens the page by a link that `hikyaku dashboard --json` printed, and asks for all that it names of itself. */
export async function lookAtPage(link: string): Promise<void> {
  const { host, pathname } = new URL(link)
  const entered = await ask(host, pathname, { headers: { host } })
  assert.equal(entered.status, 200, entered.text)
  const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? ''
  const page = await ask(host, homeIn(entered.text), { headers: { host, cookie } })
  assert.equal(page.status, 200, page.text)
  assert.match(page.text, /<h1/)
  const names = [...page.text.matchAll(/<(?:link|script)\b[^>]*\b(?:href|src)="([^"]+)"/g)].map(
    ([, name = '']) => name,
  )
  const kinds: string[] = []
  for (const name of names) {
    const { status, headers, text } = await ask(host, name, { headers: { host, cookie } })
    assert.equal(status, 200, name)
    assert.ok(text.length > 500, name)
    kinds.push(String(headers['content-type']).replace(/;.*/, ''))
  }
  for (const kind of ['text/css', 'text/javascript'])
    assert.ok(kinds.includes(kind), `${kind}: ${names} ${kinds}`)
}

/** Starts the daemon with its page, which its own command opens; `env` is what it is otherwise told. */
export async function playPage(installed: Installed, env: Env): Promise<void> {
  const [port] = await freePorts(1)
  const withPage = { ...env, DASHBOARD: `${loopback}:${port}` }
  const daemon = await installed.start(['run'], withPage)
  try {
    await lookAtPage(await openPage(() => installed.run(['dashboard', '--json'], withPage)))
  } catch (thrown) {
    assert.fail(`${thrown}\n${daemon.output()}`)
  } finally {
    await daemon.stop()
  }
}

/** @param run `hikyaku dashboard --json`, tried until the daemon has opened the page @returns the link */
export async function openPage(run: () => Promise<EndedProgram>): Promise<string> {
  let url = ''
  let last = ''
  await until(
    async () => {
      const { code, output } = await run()
      last = output
      if (code === 0) url = String(answerIn(output).url)
      return code === 0
    },
    'the page',
    60_000,
  ).catch(late => assert.fail(`${late}: ${last}`))
  return url
}
