/**
 * npm run package:test: scripts/package/*.test.ts, one after the other. They make packages and use them as their users do,
 * in roots of their own: minutes, root's rights, and programs that .ci/install-servers installs. For the night.
 *
 *   npm run package:test                 all
 *   npm run package:test -- image deb    the files whose name contains one of the words
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const words = process.argv.slice(2).filter(word => !word.startsWith('-'))
const options = process.argv.slice(2).filter(word => word.startsWith('-'))
const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.ts'))
  .filter(name => words.length === 0 || words.some(word => name.includes(word)))
  .sort()
  .map(name => join(folder, name))
if (files.length === 0) {
  console.error(`No file of scripts/package/*.test.ts has ${words.join(' or ')} in its name.`)
  process.exit(1)
}
const all = [
  '--disable-warning=ExperimentalWarning',
  '--test',
  '--test-reporter=spec',
  '--test-concurrency=1',
]
const runner = spawn(process.execPath, [...all, '--test-timeout=1200000', ...options, ...files], {
  stdio: ['ignore', 'inherit', 'inherit'],
})
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => runner.kill(signal))
const [code] = await once(runner, 'exit')
process.exitCode = code ?? 1
