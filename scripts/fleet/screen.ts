/**
 * What a person sees while a fleet is at work: lines that stay, each with the seconds since the start, and below them at a
 * terminal one line that is written anew. Where nobody watches that line comes every few seconds.
 */
import type { WriteStream } from 'node:tty'

export interface Screen {
  /** A line that stays. */
  say(line: string): void
  /** How it stands now. */
  show(line: string): void
  /** The line that is written anew is taken away. */
  clear(): void
}

const everyMs = 5000
const widest = 79

export function makeScreen(out: NodeJS.WriteStream & Partial<WriteStream>): Screen {
  const beganMs = performance.now()
  const isTerminal = out.isTTY === true
  let shownMs = Number.NEGATIVE_INFINITY
  let isShown = false
  const withTime = (line: string): string => {
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1)
    return `${seconds.padStart(5)} s  ${line}`.slice(0, Math.min(widest, (out.columns ?? 80) - 1))
  }
  const clear = (): void => {
    if (isShown) out.write('\r\x1b[2K')
    isShown = false
  }
  return {
    clear,
    say(line) {
      clear()
      out.write(`${withTime(line)}\n`)
    },
    show(line) {
      if (isTerminal) {
        out.write(`\r\x1b[2K${withTime(line)}`)
        isShown = true
      } else if (performance.now() - shownMs >= everyMs) {
        shownMs = performance.now()
        out.write(`${withTime(line)}\n`)
      }
    },
  }
}
