/**
 * The npm package as strangers meet it: published to a registry on loopback, run by npx and installed by an ordinary user
 * with the Node and npm that people have, against a real Dovecot and the stand-in for Gmail.
 */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dovecotMissing } from '../../test/servers/dovecot.ts'
import { until } from '../../test/servers/until.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from '../../test/setup/world.ts'
import { readJson } from '../runtime-lock.ts'
import { copyCheckout } from './checkout.ts'
import { packFormer } from './former.ts'
import { type Ended, makeOrdinaryUser, type OrdinaryUser, runProcess } from './ordinary-user.ts'
import { type EndedProgram, type Installed, playFleet, playPage } from './play-fleet.ts'
import { type Registry, startRegistry } from './registry.ts'
import { requireTools } from './tools.ts'

requireTools(['npm', 'git', 'tar'])
const lacking = dovecotMissing()
if (lacking !== undefined) throw new Error(lacking)

const { version } = (await readJson('package.json')) as { version: string }
const formerVersion = '0.0.9'
const arch = `node-linux-${process.arch}`
/** Each Node with an npm that comes with it; Debian 12's is 18 with npm 9.2.0. */
const pairs = [
  { node: '18', npm: '9.2.0' },
  { node: '18', npm: '10.8.2' },
  { node: '20', npm: '10.8.2' },
  { node: '22.13', npm: '10.9.2' },
  { node: '24', npm: '11' },
  { node: '24', npm: '12' },
] as const
type Pair = (typeof pairs)[number]

const folder = await mkdtemp(join(tmpdir(), 'hikyaku-npm-'))
// Ordinary users run the Nodes in it.
await chmod(folder, 0o755)
const tools = join(folder, 'tools/node_modules')
const checkout = join(folder, 'checkout')
const tarball = `./hikyaku-${version}.tgz`
let registry: Registry
let world: SetupWorld
const users: OrdinaryUser[] = []

const npm = (cwd: string, args: readonly string[]): Promise<Ended> =>
  runProcess('npm', [...args, '--loglevel=error'], { cwd, env: process.env })

async function npmMust(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await npm(cwd, args)
  assert.equal(code, 0, `npm ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

const publish = (cwd: string, ...more: readonly string[]): Promise<Ended> =>
  npm(cwd, ['publish', '--userconfig', registry.npmrc, ...more])

async function ordinaryUser({ node, npm: npmVersion }: Pair): Promise<OrdinaryUser> {
  const user = await makeOrdinaryUser({
    node: join(tools, `node${node}`, 'bin/node'),
    npm: join(tools, `npm${npmVersion}`),
    registry: registry.url,
  })
  users.push(user)
  return user
}

/** The command that it installed. */
function installedBy(user: OrdinaryUser): Installed {
  const wholeOf = ({ code, stdout, stderr }: Ended): EndedProgram => ({ code, output: stdout + stderr })
  return {
    run: async (words, env) => wholeOf(await user.run('hikyaku', words, env)),
    async start(words, env) {
      const started = user.start('hikyaku', words, env)
      return {
        output: started.output,
        stop: async () => {
          started.kill('SIGTERM')
          return wholeOf(await started.ended)
        },
      }
    },
    async put(name, text) {
      await user.put(name, text)
      return join(user.home, name)
    },
  }
}

/** What the set-up is told in a script, with the files that it reads put into the home. */
async function prepareSetup(user: OrdinaryUser): Promise<{ args: string[]; env: Record<string, string> }> {
  await user.put('password', `${password}\n`)
  await user.put('token', world.gmail.grant(owner))
  await user.put('client.json', await readFile(join(world.home, 'client.json'), 'utf8'))
  await user.put('ca.pem', await readFile(world.dovecot.caFile, 'utf8'))
  const mailbox = ['--address', address, '--host', '127.0.0.1', '--port', String(world.dovecot.ports.imaps)]
  const login = ['--user', address, '--password-file', 'password', '--gmail-account', owner]
  const google = ['--client-file', 'client.json', '--refresh-token-file', 'token', '--start-from', 'all']
  const { HOME: _home, NODE_EXTRA_CA_CERTS: _ca, ...env } = world.env
  return {
    args: ['setup', '--yes', '--json', ...mailbox, ...login, ...google],
    env: { ...env, NODE_EXTRA_CA_CERTS: join(user.home, 'ca.pem') },
  }
}

const lastJson = (ended: Ended): Record<string, unknown> => {
  assert.equal(ended.code, 0, `${ended.stdout}\n${ended.stderr}`)
  return JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '')
}
const importedBy = (ended: Ended): unknown => {
  const answer = lastJson(ended) as { pull?: { imported: number }; imported?: number }
  const count = answer.pull?.imported ?? answer.imported
  assert.ok(count !== undefined, ended.stdout)
  return count
}
const inGmail = (): number => world.gmail.messages(owner).length

before(async () => {
  const nodes = [...new Set(pairs.map(pair => pair.node))].map(node => `node${node}@npm:${arch}@${node}`)
  const npms = [...new Set(pairs.map(pair => pair.npm))].map(one => `npm${one}@npm:npm@${one}`)
  const options = ['--ignore-scripts', '--force', '--no-audit', '--no-fund', '--prefer-offline']
  await npmMust(folder, ['install', '--prefix', dirname(tools), ...options, ...nodes, ...npms])
  registry = await startRegistry(join(folder, 'registry'))
  world = await startSetupWorld()
  await copyCheckout(checkout)
})
after(async () => {
  for (const user of users) await user.remove()
  await registry?.stop()
  await world?.stop()
})

describe('publishing', () => {
  test('of a checkout is refused, and says what to publish and which address is missing', async () => {
    await npmMust(checkout, ['pkg', 'delete', 'repository'])
    const without = await publish(checkout)
    assert.equal(without.code, 65)
    assert.match(without.stderr, /Nothing was published.*npm publish \.\/hikyaku-.*no `repository` yet/s)
    const address = 'git+https://github.com/owner/hikyaku.git'
    await npmMust(checkout, ['pkg', 'set', 'repository.type=git', `repository.url=${address}`])
    const ended = await publish(checkout)
    assert.equal(ended.code, 65)
    assert.doesNotMatch(ended.stderr, /repository/)
  })

  test('wants provenance, which only a build service can give', async () => {
    await npmMust(checkout, ['pack', '--silent'])
    const ended = await publish(checkout, tarball)
    assert.notEqual(ended.code, 0)
    assert.match(ended.stderr, /provenance/i)
  })

  test('gives the registry all that its page shows', async () => {
    const former = await packFormer(join(folder, 'former'), formerVersion)
    for (const file of [former, tarball]) {
      const ended = await publish(checkout, '--provenance=false', file)
      assert.equal(ended.code, 0, ended.stderr)
    }
    const answer = await fetch(`${registry.url}hikyaku`)
    const { versions, 'dist-tags': tags } = (await answer.json()) as {
      versions: Record<string, Record<string, unknown> & { dist: { tarball: string } }>
      'dist-tags': object
    }
    assert.deepEqual(tags, { latest: version })
    const shown = versions[version]
    assert.ok(shown)
    const page = 'https://github.com/owner/hikyaku'
    assert.deepEqual(
      { repository: shown.repository, homepage: shown.homepage, bugs: shown.bugs },
      {
        repository: { type: 'git', url: `git+${page}.git` },
        homepage: `${page}#readme`,
        bugs: { url: `${page}/issues` },
      },
    )
    for (const field of ['description', 'keywords', 'license', 'author', 'engines', 'bin'])
      assert.ok(shown[field] !== undefined, field)
    const octets = (await (await fetch(shown.dist.tarball)).arrayBuffer()).byteLength
    console.log(`hikyaku-${version}.tgz: ${octets} octets`)
  })
})

describe('an ordinary user', () => {
  for (const pair of pairs.filter(({ node }) => Number.parseInt(node, 10) < 22))
    test(`with Node ${pair.node} and npm ${pair.npm} is refused at installing, in a line of the own language`, async () => {
      const user = await ordinaryUser(pair)
      const japanese = await user.run('npm', ['install', '--global', 'hikyaku'], { LANG: 'ja_JP.UTF-8' })
      assert.notEqual(japanese.code, 0)
      assert.match(
        japanese.stderr,
        /hikyaku には Node\.js 22\.13 以上が必要です.*何もインストールしていません/,
      )
      const english = await user.run('npx', ['--yes', 'hikyaku', 'setup'])
      assert.notEqual(english.code, 0)
      assert.match(english.stderr, /hikyaku needs Node\.js 22\.13 or newer.*No mail was touched/)
      assert.deepEqual(await readdir(join(user.home, '.local/bin')), [])
      assert.doesNotMatch(japanese.stderr + english.stderr, /SyntaxError|\n\s+at /)
      if (pair === pairs[0]) console.log(japanese.stderr)
    })

  for (const pair of pairs.filter(({ node }) => Number.parseInt(node, 10) >= 22))
    test(`with Node ${pair.node} and npm ${pair.npm} sets up by npx, then installs, and mail arrives; the page and a worker, too`, async () => {
      const user = await ordinaryUser(pair)
      const { args, env } = await prepareSetup(user)
      const earlier = inGmail()
      await world.deliver('', `by npx on ${pair.node} with npm ${pair.npm}`)
      const bySetup = importedBy(await user.run('npx', ['--yes', 'hikyaku', ...args], env))
      assert.ok(Number(bySetup) >= 1, `${bySetup}`)
      assert.ok(inGmail() > earlier)
      const installed = await user.run('npm', ['install', '--global', 'hikyaku'], env)
      assert.equal(installed.code, 0, installed.stderr)
      assert.equal((await user.run('hikyaku', ['--version'], env)).stdout, `${version}\n`)
      await world.deliver('', `by the installed on ${pair.node} with npm ${pair.npm}`)
      assert.equal(importedBy(await user.run('hikyaku', ['pull', '--json'], env)), 1)
      await playPage(installedBy(user), env)
      await playFleet(installedBy(user))
      console.log(`npm ${pair.npm} says at installing:\n${installed.stdout}${installed.stderr}`)
    })
})

describe('a version after another', () => {
  test('goes on with the journal of the former one, in use while it is installed; going back is refused in words', async () => {
    const user = await ordinaryUser(pairs[4])
    const { args, env } = await prepareSetup(user)
    const run = (...words: readonly string[]) => user.run('hikyaku', words, env)
    const install = async (wanted: string): Promise<void> => {
      const ended = await user.run('npm', ['install', '--global', `hikyaku@${wanted}`], env)
      assert.equal(ended.code, 0, ended.stderr)
      assert.equal((await run('--version')).stdout, `${wanted}\n`)
    }
    await install(formerVersion)
    await world.deliver('', 'before the upgrade')
    const waiting = Number(importedBy(await run(...args)))
    assert.ok(waiting >= 1)

    const before = inGmail()
    await world.deliver('', 'while the former one runs')
    const daemon = user.start('hikyaku', ['run'], env)
    await until(() => inGmail() === before + 1, 'the mail of the former version in Gmail')
    await install(version)
    assert.equal(daemon.hasEnded(), false, 'the old one goes on until it is started anew')
    await world.deliver('', 'installed, not yet started anew')
    await until(() => inGmail() === before + 2, 'the mail of the former version, still running, in Gmail')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)

    await world.deliver('', 'after the upgrade')
    assert.equal(importedBy(await run('pull', '--json')), 1)
    assert.equal(inGmail(), before + 3, 'nothing twice')
    const check = await run('journal', 'check')
    assert.equal(check.code, 0, check.stdout + check.stderr)

    await install(formerVersion)
    await world.deliver('', 'gone back')
    const back = await run('pull')
    assert.notEqual(back.code, 0)
    assert.match(back.stderr, /newer version/)
    assert.equal(inGmail(), before + 3, 'nothing was imported')
    await install(version)
    assert.equal(importedBy(await run('pull', '--json')), 1)
    assert.equal(inGmail(), before + 4)
  })
})
