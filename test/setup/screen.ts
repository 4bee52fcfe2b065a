/** hikyaku on a terminal of a certain size, as its reader sees it: tmux keeps the screen. */
import { execFile, execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { program } from '../servers/local.ts'
import { hikyaku } from './terminal.ts'

const run = promisify(execFile)

/** Why there is no such terminal here, or undefined. */
export const screenMissing = (): string | undefined =>
  program('tmux') === undefined ? 'tmux is not installed' : undefined

export interface Screen {
  /**
   * Waits for a question with this text, whose frame is closed and whole on the screen, together with all that was told
   * since the last answer. @returns the screen
   */
  asks(question: string, ...told: readonly string[]): Promise<string>
  /** Types; `Enter`, `Down`, `C-u` and the like are names of tmux's, other text is typed as it is. */
  type(...keys: readonly string[]): Promise<void>
  /** All lines since the beginning. */
  all(): Promise<string>
  /** Waits for a text anywhere on the screen. */
  sees(text: string): Promise<void>
  stop(): Promise<void>
}

/** Names of keys; anything else is text. */
const keyNames = new Set(['Enter', 'Down', 'Up', 'Space', 'C-u', 'C-c'])

/** Lines are broken and framed at will. */
const bare = (text: string): string => text.replace(/[\s│└]+/g, '')

/** The mark of a question that waits, and of one that was answered: @clack/prompts. */
const waits = /^[◆▲]/
const answered = /^◇/

const pauseMs = 25
const waitMs = 20_000

/**
 * @param file where every screen at a question is appended to, for people: HIKYAKU_SCREENS names a folder
 */
export async function startScreen(
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>
    readonly cwd: string
    readonly columns: number
    readonly rows: number
    readonly name: string
  },
): Promise<Screen> {
  const { env, cwd, columns, rows, name } = options
  const folder = await mkdtemp(join(tmpdir(), 'screen-'))
  const tmux = ['-S', join(folder, 'socket'), '-f', join(folder, 'conf')]
  await writeFile(
    join(folder, 'conf'),
    'set -g status off\nset -g history-limit 5000\nset -s escape-time 0\nset -g remain-on-exit on\n',
  )
  const { PATH = '' } = process.env
  const given = { PATH, TERM: 'xterm-256color', LC_CTYPE: 'C.UTF-8', ...env }
  const words = Object.entries(given).map(([key, value]) => `${key}=${value}`)
  const command = ['env', '-i', ...words, ...hikyaku, ...args]
  const size = ['-x', String(columns), '-y', String(rows)]
  execFileSync('tmux', [...tmux, '-u', 'new-session', '-d', ...size, ...command], {
    cwd,
    env: { PATH, LC_CTYPE: 'C.UTF-8', TMUX_TMPDIR: folder },
  })
  const ask = async (...words: string[]): Promise<string> => (await run('tmux', [...tmux, ...words])).stdout
  const capture = (): Promise<string> => ask('capture-pane', '-p', '-t', '0')
  const all = (): Promise<string> => ask('capture-pane', '-p', '-S', '-', '-t', '0')
  const dump = process.env.HIKYAKU_SCREENS

  async function waitFor(find: (text: string) => boolean, what: string): Promise<string> {
    const end = performance.now() + waitMs
    for (;;) {
      const text = await capture()
      if (find(text)) return text
      if (performance.now() > end) throw new Error(`not on the screen: ${what}\n${await all()}`)
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }

  return {
    asks: async (question, ...told) => {
      const wanted = bare(question)
      const isAsked = (text: string): boolean => {
        const lines = text.trimEnd().split('\n')
        const start = lines.findLastIndex(line => waits.test(line))
        const frame = lines.slice(Math.max(0, start))
        const isWhole = start >= 0 && frame.some(line => line.startsWith('└'))
        return (
          isWhole &&
          bare(frame.join('\n')).includes(wanted) &&
          told.every(words => bare(text).includes(bare(words)))
        )
      }
      const text = await waitFor(isAsked, [question, ...told].join('\n'))
      if (dump !== undefined) await appendFile(join(dump, `${name}.txt`), `${text}${'='.repeat(columns)}\n`)
      const lines = text.split('\n')
      const before = lines.findLastIndex(line => answered.test(line))
      const count = (await all()).split('\n').filter(line => answered.test(line)).length
      // What was answered last is still to be seen: all that came after it fits.
      if (before < 0 && count > 0)
        throw new Error(`what was told at “${question}” has left the screen:\n${text}`)
      return text
    },
    type: async (...keys) => {
      for (const key of keys)
        await ask('send-keys', '-t', '0', ...(keyNames.has(key) ? [key] : ['-l', '--', key]))
    },
    all,
    sees: async text => {
      await waitFor(shown => bare(shown).includes(bare(text)), text)
    },
    stop: async () => {
      await ask('kill-server').catch(() => {})
      await rm(folder, { recursive: true, force: true })
    },
  }
}
