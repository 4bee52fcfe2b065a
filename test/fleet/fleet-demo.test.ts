/** The demonstration of a fleet as somebody sees it who tries it at a terminal. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findMissing } from '../../scripts/fleet/stage.ts'
import { pythonMissing } from '../servers/independent-client.ts'
import { keepOutput } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const script = join(root, 'scripts/fleet-demo.ts')
const skip =
  requireServer('postgresql and dovecot', findMissing()[0]) || requireServer('python3', pythonMissing())

/** Gives a command a terminal of 80 columns: what is written to its input is typed there. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
resize = lambda fd: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
def read(fd):
    resize(fd)
    return os.read(fd, 1024)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read)))`

describe('the demonstration of a fleet', () => {
  const start = async (t: TestContext, command: string, args: readonly string[]) => {
    const temporary = await mkdtemp(join(tmpdir(), 'hikyaku-demo-test-'))
    t.after(() => rm(temporary, { recursive: true, force: true }))
    // The servers' processes work under several users.
    await chmod(temporary, 0o755)
    const child = spawn(command, args, { cwd: root, env: { ...process.env, TMPDIR: temporary } })
    t.after(() => child.kill('SIGKILL'))
    const { stdout, stderr } = keepOutput(child)
    const ended = once(child, 'close').then(([code]) => ({ code, stdout: stdout(), stderr: stderr() }))
    return { child, ended, stdout, temporary }
  }

  it('says in one line what is wrong with an option, and how it is used', async t => {
    for (const [args, line] of [
      [['--workers', '1'], '--workers is a number from 2 to 20'],
      [['--worker', '4'], "Unknown option '--worker'"],
    ] as const) {
      const { ended } = await start(t, process.execPath, [script, ...args])
      const { code, stderr } = await ended
      assert.equal(code, 2)
      assert.ok(stderr.startsWith(line), stderr)
      assert.match(stderr, /\nusage: npm run fleet:demo /)
      assert.doesNotMatch(stderr, /\bat .*\.ts:\d+/)
    }
  })

  it('ends at Ctrl-C in the middle, and leaves neither a process nor a file', { skip }, async t => {
    const args = ['-c', onTerminal, process.execPath, script, '--mailboxes', '24']
    const { child, ended, stdout, temporary } = await start(t, 'python3', args)
    await until(() => /w1 [1-9]/.test(stdout()), 'a worker with mailboxes in its hands', 60_000)
    child.stdin.write('\x03')
    const { code } = await ended
    assert.equal(code, 130, stdout())
    assert.match(stdout(), /Ended; nothing is left running\./)
    assert.doesNotMatch(stdout(), /Error|\bat .*\.ts:\d+/)
    for (const line of stdout().split(/\r?\n|\r\x1b\[2K/)) assert.ok(line.length < 80, line)
    assert.deepEqual(
      (await readdir(temporary)).filter(name => name.startsWith('hikyaku-')),
      [],
    )
    const processes = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    assert.ok(!processes.includes(temporary), processes)
  })
})
