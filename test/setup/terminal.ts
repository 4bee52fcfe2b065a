/** hikyaku on a real pseudo-terminal, used the way a person uses it: read, then type. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentOfChild } from '../servers/hikyaku.ts'
import { program } from '../servers/local.ts'
import { until } from '../servers/until.ts'

const driver = fileURLToPath(new URL('on-terminal.py', import.meta.url))
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const names = fileURLToPath(new URL('loopback-names.ts', import.meta.url))

/** The program, for which the names of a test lead to this computer. */
export const hikyaku = [process.execPath, '--import', names, cli] as const

/** Why there is no terminal here, or undefined. */
export const terminalMissing = (): string | undefined =>
  program('python3') === undefined ? 'python3 is not installed' : undefined

export const keys = { enter: '\r', down: '\u001b[B', clear: '\u0015', leave: '\u0003', space: ' ' } as const

export interface Terminal {
  /** Waits until this text has been shown since the last call that found one; spaces and frames do not count. */
  sees(text: string): Promise<void>
  type(...parts: readonly string[]): void
  /** Everything shown so far, without escape sequences. */
  shown(): string
  readonly exitCode: Promise<number | null>
  /** The recording, in asciicast format 2, into HIKYAKU_RECORD_DIR where that is set. */
  record(name: string): Promise<void>
  stop(): Promise<void>
}

/** Without escape sequences. */
const plain = (text: string): string =>
  text
    .replace(/\u001b\][^\u0007]*\u0007/g, '')
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/\r/g, '')

/** Lines are broken and framed at will. */
const bare = (text: string): string => plain(text).replace(/[\s│|]+/g, '')

const rows = 60
const columns = 160

export function startTerminal(
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>
    readonly cwd: string
    /** Whether the terminal says that it is 0 by 0 cells, as a serial console does. */
    readonly sizeless?: boolean
  },
): Terminal {
  const size = options.sizeless === true ? [0, 0] : [rows, columns]
  const child = spawn('python3', [driver, ...size.map(String), ...hikyaku, ...args], {
    cwd: options.cwd,
    env: { ...environmentOfChild(), TERM: 'xterm-256color', ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const began = performance.now()
  const events: [number, 'o', string][] = []
  let all = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    all += text
    events.push([(performance.now() - began) / 1000, 'o', text])
  })
  child.stdin.on('error', () => {})
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  let over = false
  void exitCode.then(() => {
    over = true
  })
  return {
    sees: async text => {
      const wanted = bare(text)
      const find = (): boolean => {
        const now = bare(all)
        const at = now.indexOf(wanted, seen)
        if (at >= 0) seen = at + wanted.length
        return at >= 0
      }
      try {
        await until(() => find() || over, text, 30_000)
        if (!over || find() || bare(all).includes(wanted)) return
        throw new Error('it ended')
      } catch (cause) {
        throw new Error(`not seen: ${text}\n--- shown:\n${plain(all).slice(-6_000)}`, { cause })
      }
    },
    type: (...parts) => {
      child.stdin.write(parts.join(''))
    },
    shown: () => plain(all),
    exitCode,
    record: async name => {
      const folder = process.env.HIKYAKU_RECORD_DIR
      if (folder === undefined) return
      const head = { version: 2, width: columns, height: rows, title: name }
      const lines = [head, ...events].map(line => JSON.stringify(line))
      await writeFile(join(folder, `${name}.cast`), `${lines.join('\n')}\n`)
    },
    stop: async () => {
      child.kill('SIGTERM')
      await exitCode
    },
  }
}
