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
  const { stderr, words, json } = invocation
  let lastMs = stderr.isTTY === true ? 0 : performance.now()
  let drawn = false
  return {
    show({ done, due }) {
      if (json) return
      const now = performance.now()
      if (stderr.isTTY === true) {
        if (now - lastMs < everyMs && done < due) return
        stderr.write(`\r\u001b[K${mailbox}: ${words.pull.progress(done, due)}`)
        drawn = true
      } else {
        if (now - lastMs < lineEveryMs) return
        stderr.write(`${mailbox}: ${words.pull.progress(done, due)}\n`)
      }
      lastMs = now
    },
    end() {
      if (drawn) stderr.write('\r\u001b[K')
    },
  }
}
