/**
 * npm run package:test: scripts/package/*.test.ts, one after the other. They make packages and use them as their users do,
 * in roots of their own: minutes, root's rights, and programs that .ci/install-servers --packages installs. For the night.
 *
 *   npm run package:test                 all
 *   npm run package:test -- image deb    the files whose name contains one of the words
 *
 * A file whose programs are missing fails and names them (tools.ts); nothing is left out in silence. Each has a process
 * and a temporary folder of its own, and its time is told at the end.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { envWithoutNpm } from '../npm-env.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const words = process.argv.slice(2).filter(word => !word.startsWith('-'))
const options = process.argv.slice(2).filter(word => word.startsWith('-'))
const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.ts'))
  .filter(name => words.length === 0 || words.some(word => name.includes(word)))
  .sort()
if (files.length === 0) {
  console.error(`No file of scripts/package/*.test.ts has ${words.join(' or ')} in its name.`)
  process.exit(1)
}
const runner = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=spec']
const summary: string[] = []
let ending = false

for (const file of files) {
  if (ending) break
  console.log(`== ${file}`)
  const start = performance.now()
  // Other users' processes read in it, hence the mode of /tmp itself.
  const temporary = mkdtempSync(join(tmpdir(), 'hikyaku-package-'))
  chmodSync(temporary, 0o1777)
  const child = spawn(
    process.execPath,
    [...runner, '--test-timeout=1200000', ...options, join(folder, file)],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...envWithoutNpm(), TMPDIR: temporary } },
  )
  const end = (signal: NodeJS.Signals): void => {
    ending = true
    child.kill(signal)
  }
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, end)
  const [code] = await once(child, 'exit')
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, end)
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  const seconds = Math.round((performance.now() - start) / 1000)
  summary.push(`${file.padEnd(24)} ${String(seconds).padStart(5)} s  ${code === 0 ? 'passed' : 'FAILED'}`)
  if (code !== 0) process.exitCode = 1
}
console.log(summary.join('\n'))
