/** What a process has in memory that only waits: nothing that waiting does not need. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sampleMail } from '../scripts/sandbox/mail.ts'
import { until } from './servers/hikyaku.ts'
import { startWorld } from './servers/world.ts'

const src = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url))

/** @returns what Node has loaded of itself once these files are imported */
function builtinsBehind(...files: readonly string[]): readonly string[] {
  const script = `for (const file of ${JSON.stringify(files.map(src))}) await import(file)
    console.log(JSON.stringify(process.moduleLoadList))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

/** Says at its end what Node has loaded of itself. */
const tellBuiltins = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process._rawDebug('builtins ' + JSON.stringify(process.moduleLoadList)))",
)}`

describe('what is loaded before it is needed', () => {
  for (const protocol of ['imap', 'pop3'] as const)
    test(`nor does one that has carried mail over ${protocol} to Gmail, with a token of its own`, async t => {
      const world = await startWorld({ protocol })
      t.after(() => world.stop())
      await world.source.deliver(sampleMail(1))
      const daemon = world.start(['run'], { nodeArgs: ['--import', tellBuiltins] })
      await until(() => world.gmail.accepted.length === 1, 'the mail')
      daemon.kill('SIGTERM')
      const { code, stderr } = await daemon.ended
      assert.equal(code, 0)
      const loaded: readonly string[] = JSON.parse(/^builtins (.*)$/m.exec(stderr)?.[1] ?? '[]')
      assert.ok(loaded.some(name => name.endsWith(' _http_client')))
      assert.deepEqual(
        loaded.filter(name => name.includes('undici')),
        [],
      )
    })

  test("a daemon that waits for mail loads no fetch of Node's", () => {
    const loaded = builtinsBehind(
      'commands/program.ts',
      'commands/run.ts',
      'bridge.ts',
      'journal/sqlite.ts',
      'source/imap.ts',
      'source/pop3.ts',
      'gmail/google.ts',
      'authentication/look.ts',
    )
    // The list is what it is taken for.
    assert.ok(loaded.some(name => name.endsWith(' tls')) && loaded.some(name => name.endsWith(' sqlite')))
    assert.deepEqual(
      loaded.filter(name => name.includes('undici')),
      [],
    )
  })
})
