/** What is measured is what is packed: `npm run build`, once a run, into dist/. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The packed program's file. */
export const builtCli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

let built = false

/** Builds dist/ where this run has not yet; what npm says goes to standard error. */
export function build(tell: (line: string) => void): string {
  if (!built) {
    tell('building dist/')
    execFileSync('npm', ['run', '--silent', 'build'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      timeout: 120_000,
    })
    if (!existsSync(builtCli)) throw new Error('npm run build left no dist/cli.js')
    built = true
  }
  return builtCli
}
