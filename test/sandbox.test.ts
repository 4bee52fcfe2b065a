/** The sandbox as a newcomer calls it: by npm, with no account anywhere. Fewer messages than in a demonstration. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hasChromium, openChromium } from './servers/chromium.ts'
import { dovecotMissing } from './servers/dovecot.ts'
import { pythonMissing } from './servers/independent-client.ts'
import { keepOutput } from './servers/local.ts'
import { requireServer } from './servers/required.ts'
import { until } from './servers/until.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const noDovecot = requireServer('dovecot', dovecotMissing())
const noChromium = requireServer('chromium', hasChromium())
const noPython = requireServer('python3', pythonMissing())

/** Gives a command a terminal: what is written to its input is typed there. */
const onTerminal = 'import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

describe('the sandbox', { concurrency: 2 }, () => {
  let temporary: string

  before(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'hikyaku-sandbox-test-'))
    // Dovecot's processes work under several users.
    await chmod(temporary, 0o755)
  })
  after(async () => {
    // npm keeps a compile cache of its own there.
    const left = (await readdir(temporary)).filter(name => name !== 'node-compile-cache')
    await rm(temporary, { recursive: true, force: true })
    assert.deepEqual(left, [], 'every run takes its folders away')
  })

  const start = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env, TMPDIR: temporary } })
    const { stdout, stderr } = keepOutput(child)
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: stdout(),
      stderr: stderr(),
    }))
    return { child, ended, stdout }
  }
  const sandbox = (...args: readonly string[]) => start('npm', ['run', 'sandbox', '--', ...args]).ended

  const proves = async (args: readonly string[], count: number): Promise<void> => {
    const ended = await sandbox('--once', '--messages', String(count), '--json', ...args)
    assert.equal(ended.code, 0, ended.stderr)
    // npm itself says two lines first.
    const [line = '', ...more] = ended.stdout.split('\n').filter(one => one !== '' && !one.startsWith('>'))
    assert.deepEqual(more, [], 'one JSON object and nothing else')
    const { latencyMs, protocol, ...counts } = JSON.parse(line)
    assert.ok(args.includes(protocol))
    assert.deepEqual(counts, {
      listed: count,
      imported: count,
      settled: count,
      refused: 0,
      identical: count,
      duplicates: 0,
    })
    assert.ok(latencyMs.p50 >= 0 && latencyMs.p95 >= latencyMs.p50, JSON.stringify(latencyMs))
  }

  it('carries every message over POP3 once, octet for octet', () => proves(['--protocol', 'pop3'], 60))
  it('carries every message over IMAP once, octet for octet', () => proves(['--protocol', 'imap'], 60))
  for (const protocol of ['pop3', 'imap'])
    it(`does the same on a real Dovecot over ${protocol}`, { skip: noDovecot }, () =>
      proves(['--protocol', protocol, '--server', 'dovecot'], 20),
    )
  it('shows an emptied mailbox where the owner wants mail deleted', () =>
    proves(['--protocol', 'imap', '--after-import', 'delete'], 10))

  it('ends by itself after 20 messages where nobody watches, and shows each of them', async () => {
    const ended = await sandbox()
    assert.equal(ended.code, 0, ended.stderr)
    const shown = ended.stdout.match(/-> Gmail \w+ +\d+ octets {2}after \d+\.\d\d s {2}identical octets/g)
    assert.equal(shown?.length, 20, ended.stdout)
  })

  it('shows mail passing in a browser, until Ctrl-C', { skip: noChromium }, async t => {
    const args = ['scripts/sandbox.ts', '--dashboard']
    const { child, ended, stdout } = start(process.execPath, args, { HIKYAKU_LANG: 'en' })
    t.after(() => child.kill('SIGKILL'))
    let link = ''
    await until(() => {
      link = /http:\/\/127\.0\.0\.1:\d+\/enter\/[\w-]{43}/.exec(stdout())?.[0] ?? ''
      return link !== ''
    }, 'the link')
    const browser = await openChromium()
    t.after(() => browser.close())
    const page = await browser.newPage({ locale: 'en' })
    await page.goto(link)
    await page.locator('#verdict h1').waitFor()
    await page.locator('.trouble', { hasText: 'Gmail' }).waitFor()
    await page.click('nav a[href="messages"]')
    // What was there, and what came while we looked.
    const large = page.locator('tbody td.number', { hasText: '8.4 MB' })
    await large.waitFor()
    assert.ok((await page.locator('tbody tr').count()) > 40)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
    assert.match(stdout(), /A mail arrives that Gmail refuses/)
  })

  it('says in one line what is wrong with an option, and how it is used', async () => {
    const ended = await start(process.execPath, ['scripts/sandbox.ts', '--protocol', 'uucp']).ended
    assert.equal(ended.code, 2)
    assert.match(ended.stderr, /^--protocol is pop3 or imap\nusage: /)
    assert.doesNotMatch(ended.stderr, /\bat .*\.ts:\d+/)
  })

  it('goes on in a terminal until Ctrl-C, and then ends well and leaves nothing', {
    skip: noPython,
  }, async () => {
    const args = ['-c', onTerminal, process.execPath, 'scripts/sandbox.ts', '--protocol', 'imap']
    const { child, ended, stdout } = start('python3', args)
    await until(() => /identical octets/.test(stdout()), 'the first mail', 30_000)
    child.stdin.write('\x03')
    const { code } = await ended
    assert.equal(code, 0, stdout())
    assert.doesNotMatch(stdout(), /Error|\bat .*\.ts:\d+/)
  })
})
