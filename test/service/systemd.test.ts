import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ServiceOptions } from '../../src/service/service.ts'
import { makeUnits } from '../../src/service/systemd.ts'
import { unitCommand, unitPath, unitWord } from '../../src/service/systemd-escape.ts'
import { requireServer } from '../servers/required.ts'
import { installed } from '../vault/session-bus.ts'

const plain: ServiceOptions = {
  mode: 'daemon',
  scope: 'system',
  nodeFile: process.execPath,
  cliFile: '/opt/hikyaku/dist/cli.js',
}

interface Ran {
  readonly code: number
  readonly output: string
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise(resolve => {
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

describe('text for unit files', () => {
  it('quotes spaces and quotes, doubles %, and doubles $ in arguments only', () => {
    assert.equal(unitWord('/plain/path'), '/plain/path')
    assert.equal(unitWord('/a b/100%/"q"\\'), '"/a b/100%%/\\"q\\"\\\\"')
    assert.equal(unitPath('/a b/100%'), '/a b/100%%')
    assert.equal(unitCommand(['/a $b/node', '/c $d', 'run']), '"/a $b/node" "/c $$d" run')
  })

  it('refuses a line ending, which would begin a setting of its own', () => {
    assert.throws(() => makeUnits({ ...plain, stateDir: '/x\nExecStartPre=/bin/evil' }), RangeError)
    assert.throws(() => makeUnits({ ...plain, user: 'x\ny' }), RangeError)
    assert.throws(() => makeUnits({ ...plain, nodeFile: '/opt/"node"' }), RangeError)
  })

  it('hides home folders unless something that is needed lies there', () => {
    const textOf = (options: ServiceOptions): string => makeUnits(options)[0]?.text ?? ''
    assert.match(textOf({ ...plain, nodeFile: '/usr/bin/node' }), /^ProtectHome=yes$/m)
    assert.match(textOf({ ...plain, nodeFile: '/home/me/.nvm/node' }), /^ProtectHome=read-only$/m)
  })

  it('does not start again after exit codes that only the owner can mend', () => {
    assert.match(makeUnits(plain)[0]?.text ?? '', /^RestartPreventExitStatus=2 77 78$/m)
  })

  it('leaves no core file and gives no signal that makes one', () => {
    for (const scope of ['system', 'user'] as const)
      for (const mode of ['daemon', 'timer'] as const) {
        const [{ text } = { text: '' }] = makeUnits({ ...plain, scope, mode })
        assert.match(text, /^LimitCORE=0$/m)
        assert.match(text, /^CoredumpFilter=0x0$/m)
        assert.match(text, /^MemoryMax=1G$/m)
        if (mode === 'daemon') assert.match(text, /^WatchdogSignal=SIGKILL$/m)
      }
  })

  it('keeps a system service from where clouds hand out credentials, but never from its name server', () => {
    const textOf = (options: Partial<ServiceOptions>): string =>
      makeUnits({ ...plain, ...options })[0]?.text ?? ''
    assert.match(textOf({}), /^IPAddressDeny=169\.254\.0\.0\/16 fd00:ec2::254 /m)
    assert.doesNotMatch(textOf({ nameServers: ['127.0.0.53', '192.0.2.1', 'fe80::1'] }), /^IPAddressAllow=/m)
    assert.match(
      textOf({ nameServers: ['169.254.169.254', 'fd00:ec2::254', '8.8.8.8', 'evil\nExecStart=x'] }),
      /^IPAddressAllow=169\.254\.169\.254 fd00:ec2::254$/m,
    )
    assert.doesNotMatch(textOf({ scope: 'user' }), /^IPAddress/m)
  })

  it('refuses a timer that would hammer the server', () => {
    for (const everySeconds of [0, 9, 1.5, Number.NaN])
      assert.throws(() => makeUnits({ ...plain, mode: 'timer', everySeconds }), RangeError)
  })
})

const skip = requireServer('systemd-analyze', await installed('systemd-analyze'))

describe('units under systemd-analyze', { skip }, () => {
  let folder: string
  let odd: string
  let oddNode: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-units-'))
    odd = join(folder, 'odd 100% "q" \\ $HOME')
    oddNode = join(folder, 'odd 100% $HOME node')
    await mkdir(odd)
    await writeFile(oddNode, '#!/bin/sh\n')
    await chmod(oddNode, 0o755)
    await mkdir(join(folder, 'runtime'), { mode: 0o700 })
  })
  after(() => rm(folder, { recursive: true }))

  async function writeUnits(options: ServiceOptions): Promise<string[]> {
    const files = makeUnits(options).map(({ name, text }) => ({ path: join(folder, name), text }))
    for (const { path, text } of files) await writeFile(path, text)
    return files.map(({ path }) => path)
  }
  const oddOptions = (): Partial<ServiceOptions> => ({
    nodeFile: oddNode,
    cliFile: join(odd, 'cli.js'),
    stateDir: join(odd, 'state'),
    configFile: join(odd, 'config.yaml'),
    envFile: join(odd, 'env'),
    keyFile: join(odd, 'key'),
  })

  for (const scope of ['system', 'user'] as const) {
    for (const mode of ['daemon', 'timer'] as const) {
      for (const paths of ['plain', 'odd'] as const) {
        it(`finds nothing to say about ${scope} ${mode} with ${paths} paths`, async () => {
          const more = paths === 'odd' ? oddOptions() : { keyFile: '/etc/hikyaku/hikyaku.key' }
          const files = await writeUnits({ ...plain, scope, mode, userNamespaces: true, ...more })
          const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, 'runtime') }
          const ran = await run(
            'systemd-analyze',
            [...(scope === 'user' ? ['--user'] : []), 'verify', ...files],
            env,
          )
          assert.deepEqual(ran, { code: 0, output: '' })
        })
      }
    }
  }

  it("finds nothing to say about a user's daemon without namespaces", async () => {
    const files = await writeUnits({ ...plain, scope: 'user', userNamespaces: false })
    assert.doesNotMatch(makeUnits({ ...plain, scope: 'user' })[0]?.text ?? '', /^ProtectSystem=/m)
    const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, 'runtime') }
    assert.deepEqual(await run('systemd-analyze', ['--user', 'verify', ...files], env), {
      code: 0,
      output: '',
    })
  })

  it('does find something to say about a unit with a mistake (the check can fail)', async () => {
    const [file = ''] = await writeUnits(plain)
    await writeFile(file, `${makeUnits(plain)[0]?.text.replace('[Service]', '[Service]\nPrivateTemp=yes')}`)
    assert.match((await run('systemd-analyze', ['verify', file])).output, /PrivateTemp/)
  })

  const variants: readonly (readonly [string, number, Partial<ServiceOptions>])[] = [
    ['the system daemon', 1.4, { keyFile: '/etc/hikyaku/hikyaku.key' }],
    [
      'the system daemon of a named user with Node in a home',
      1.8,
      { user: 'nobody', nodeFile: '/home/me/node' },
    ],
    ['the pull of the system timer', 1.2, { mode: 'timer' }],
  ]
  for (const [title, most, options] of variants) {
    it(`exposes ${title} by ${most} of 10 at most`, async t => {
      const [file = ''] = await writeUnits({ ...plain, ...options })
      const { output } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', file])
      const level = Number(/exposure level for \S+: ([\d.]+)/.exec(output)?.[1])
      t.diagnostic(`exposure level ${level}`)
      assert.ok(level <= most, output)
    })
  }
})
