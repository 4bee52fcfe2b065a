/** A copy of the repository in which changes are made, and tests run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Mutant } from './mutant.ts'

export type Verdict = 'passed' | 'failed' | 'ran nothing' | 'hung'

export interface Run {
  readonly verdict: Verdict
  /** Titles of the tests that failed. */
  readonly failed: readonly string[]
  readonly ms: number
}

/** Longer than any test's own deadline: who hangs longer is ended, and has noticed the change. */
const testMs = 120_000
const runMs = 300_000

export class Tree {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hikyaku-mutants-'))
  #child: ChildProcess | undefined

  constructor(root: string) {
    const notCopied = /^(node_modules|\.git|dist)(\/|$)/
    cpSync(root, this.#folder, {
      recursive: true,
      filter: source => !notCopied.test(relative(root, source)),
    })
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'))
    // Tests start other users' processes in it.
    chmodSync(this.#folder, 0o755)
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text)
  }

  /** Runs the mutant's tests, one file after the other up to the first that does not pass. */
  async run({ tests, title }: Pick<Mutant, 'tests' | 'title'>): Promise<Run> {
    const beganMs = performance.now()
    let last: Pick<Run, 'verdict' | 'failed'> = { verdict: 'ran nothing', failed: [] }
    for (const test of tests) {
      const run = await this.#runFile(test, title)
      // The title may be of one of the files only.
      if (run.verdict !== 'ran nothing') last = run
      if (last.verdict === 'failed' || last.verdict === 'hung') break
    }
    return { ...last, ms: performance.now() - beganMs }
  }

  async #runFile(test: string, title: string | undefined): Promise<Pick<Run, 'verdict' | 'failed'>> {
    // Servers under test read in it as another account, hence the mode of /tmp itself.
    const temporary = mkdtempSync(join(this.#folder, '.tmp-'))
    chmodSync(temporary, 0o1777)
    const pattern = title?.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...['--test', '--test-reporter=tap', `--test-timeout=${testMs}`],
        ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
        test,
      ],
      {
        cwd: this.#folder,
        env: {
          ...process.env,
          TMPDIR: temporary,
          HIKYAKU_FUZZ_RUNS: '100',
          NODE_COMPILE_CACHE: join(this.#folder, '.compiled'),
        },
        stdio: ['ignore', 'pipe', 'ignore'],
        // A group of its own, so that nothing which a test started outlives it.
        detached: true,
      },
    )
    this.#child = child
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#end()
    }, runMs)
    let tap = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      tap += text
    })
    await new Promise(resolve => child.once('close', resolve))
    clearTimeout(timer)
    this.#end()
    removeFolder(temporary)
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0)
    const told = [...tap.matchAll(/^ *(not )?ok \d+ - (.*?)(?: # .*)?$/gm)].map(([, not, name = '']) => ({
      isFailed: not !== undefined,
      name: name.replaceAll('\\', ''),
    }))
    const failed = told.filter(({ isFailed }) => isFailed).map(({ name }) => name)
    // Node counts a file as a test, too.
    const isRun = told.some(({ name }) => (title === undefined ? name !== test : name.includes(title)))
    if (count('fail') + count('cancelled') > 0) return { verdict: 'failed', failed }
    if (isLate) return { verdict: 'hung', failed }
    return { verdict: isRun && count('pass') > 0 ? 'passed' : 'ran nothing', failed }
  }

  #end(): void {
    const pid = this.#child?.pid
    this.#child = undefined
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // All of the group has ended.
    }
  }

  remove(): void {
    this.#end()
    removeFolder(this.#folder)
  }
}

/** Also what a test mounted there and was ended before it let go of it. */
function removeFolder(folder: string): void {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : []
  for (const line of mounts) {
    const [, at = ''] = line.split(' ')
    if (at.startsWith(`${folder}/`)) spawnSync('umount', ['--lazy', at])
  }
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  } catch (thrown) {
    console.error(`Left behind: ${folder} (${thrown})`)
  }
}
