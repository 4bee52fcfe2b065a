import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { parse } from 'plist'
import { makeAgent } from '../../src/service/launchd.ts'
import { plist } from '../../src/service/plist.ts'
import type { ServiceOptions } from '../../src/service/service.ts'
import { requireServer } from '../servers/required.ts'
import { installed } from '../vault/session-bus.ts'

const options: ServiceOptions = {
  mode: 'daemon',
  scope: 'user',
  nodeFile: '/opt/homebrew/bin/node',
  cliFile: '/Users/me/Äpfel & <Birnen> "飛脚"/cli.js',
  stateDir: '/Users/me/Library/Application Support/hikyaku',
  logFile: '/Users/me/Library/Logs/hikyaku.log',
}

const skip = requireServer('plistutil', await installed('plistutil'))

describe('launchd agents', () => {
  it('keep the daemon running, not too often, and say where everything is', () => {
    const { name, text } = makeAgent(options)
    assert.equal(name, 'hikyaku.plist')
    assert.deepEqual(parse(text), {
      Label: 'hikyaku',
      ProgramArguments: [options.nodeFile, options.cliFile, 'run'],
      EnvironmentVariables: { STATE_DIR: options.stateDir },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: 60,
      ExitTimeOut: 60,
      ProcessType: 'Background',
      Umask: 63,
      SoftResourceLimits: { Core: 0 },
      HardResourceLimits: { Core: 0 },
      StandardOutPath: options.logFile,
      StandardErrorPath: options.logFile,
    })
  })

  it('start a pull every so often', () => {
    const { name, text } = makeAgent({ ...options, mode: 'timer', everySeconds: 90 })
    assert.equal(name, 'hikyaku.pull.plist')
    const agent = parse(text) as Record<string, unknown>
    assert.equal(agent.StartInterval, 90)
    assert.equal(agent.KeepAlive, undefined)
    assert.deepEqual(agent.ProgramArguments, [options.nodeFile, options.cliFile, 'pull'])
    assert.throws(() => makeAgent({ ...options, everySeconds: 1 }), RangeError)
  })

  it('refuse what XML cannot carry', () => {
    for (const text of ['\u0000', '\u001b[31m', '\uD800', '\uFFFE'])
      assert.throws(() => plist(text), RangeError)
    assert.throws(() => plist(0.5), RangeError)
  })

  it('are read by libplist too', { skip }, async () => {
    for (const mode of ['daemon', 'timer'] as const) {
      const child = spawn('plistutil', ['-f', 'bin', '-i', '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
      const chunks: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
      child.stdin.end(makeAgent({ ...options, mode }).text)
      const [code] = (await once(child, 'close')) as [number]
      assert.equal(code, 0)
      assert.equal(Buffer.concat(chunks).subarray(0, 8).toString(), 'bplist00')
    }
  })
})
