import type { Invocation } from './invocation.ts'

export interface Progress {
  show(progress: { readonly done: number; readonly due: number }): void
  end(): void
}

const everyMs = 100
/** Without a terminal there is no line to redraw: a line now and then says that it goes on. */
const lineEveryMs = 10_000

/** One line that is redrawn on a terminal; a line every ten seconds elsewhere; nothing with `--json`. */
export function makeProgress(invocation: Invocation, mailbox: string): Progress {
  const { pull } = invocation.words
  return makeProgressLine(invocation, (done, due) => `${mailbox}: ${pull.progress(done, due)}`)
}

/**
 * @param say what the line says of so much that is done and so much that there is
 * @param afterMs nothing is said of what takes no longer
 */
export function makeProgressLine(
  { stderr, json }: Invocation,
  say: (done: number, due: number) => string,
  afterMs = 0,
): Progress {
  const begunMs = performance.now()
  let lastMs = stderr.isTTY === true ? 0 : begunMs
  let drawn = false
  return {
    show({ done, due }) {
      if (json) return
      const now = performance.now()
      if (now - begunMs < afterMs) return
      if (stderr.isTTY === true) {
        if (now - lastMs < everyMs && done < due) return
        stderr.write(`\r\u001b[K${say(done, due)}`)
        drawn = true
      } else {
        if (now - lastMs < lineEveryMs) return
        stderr.write(`${say(done, due)}\n`)
      }
      lastMs = now
    },
    end() {
      if (drawn) stderr.write('\r\u001b[K')
    },
  }
}
