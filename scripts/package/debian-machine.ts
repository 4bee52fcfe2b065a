/** A machine with Debian on which the package is used as its users use it: Dovecot and the stand-in for Gmail run outside. */
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type MachineRan,
  type SystemdMachine,
  startSystemdMachine,
} from '../../test/servers/systemd-machine.ts'
import { until } from '../../test/servers/until.ts'
import { address, owner, type SetupWorld, startSetupWorld } from '../../test/setup/world.ts'
import type { EndedProgram, Installed } from './play-fleet.ts'

export type Debian = Awaited<ReturnType<typeof startDebian>>

/**
 * A fresh Debian that runs, with a mailbox and Gmail that it reaches.
 * @param root of it, which is not written to
 * @param packages folder of the packages' files, seen at /packages
 * @param files names of the files in it, by version
 */
export async function startDebian(root: string, packages: string, files: Readonly<Record<string, string>>) {
  const world: SetupWorld = await startSetupWorld('good')
  world.gmail.oauth.rules.testing = false
  let delivered = 0
  /** What the owner brings along: password, Google's client and permission, the authority of this mail server. */
  const putFiles = async (upper: string): Promise<void> => {
    const brought = join(upper, 'brought')
    await mkdir(brought)
    for (const name of ['client.json', 'password'])
      await copyFile(join(world.home, name), join(brought, name))
    await writeFile(join(brought, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    await copyFile(world.dovecot.caFile, join(brought, 'ca.pem'))
    await chmod(join(brought, 'ca.pem'), 0o644)
    await writeFile(
      join(brought, 'endpoints.env'),
      endpoints()
        .map(pair => `${pair.join('=')}\n`)
        .join(''),
    )
  }
  const endpoints = (): [string, string][] =>
    Object.entries(world.env).filter(([name]) => /^(GMAIL|GOOGLE)_/.test(name))

  const machine = await startSystemdMachine({ '/packages': packages }, putFiles, root).catch(async thrown => {
    await world.stop()
    throw thrown
  })
  type RunOptions = Parameters<SystemdMachine['run']>[1]
  const must = async (command: readonly string[], options?: RunOptions): Promise<string> => {
    const { code, stdout, stderr } = await machine.run(command, options)
    assert.equal(code, 0, `${command.join(' ')}\n${stderr}${stdout}${await log()}`)
    return stdout
  }
  const sh = (script: string): Promise<string> => must(['sh', '-c', script])
  /** As the documents say; nobody is asked anything. */
  const apt = (...args: string[]): Promise<MachineRan> =>
    machine.run(['apt-get', '-y', ...args], {
      timeoutMs: 180_000,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    })
  const install = (which: string): Promise<MachineRan> =>
    apt('install', '--allow-downgrades', '--reinstall', `/packages/${files[which]}`)
  const mustInstall = async (which: string): Promise<MachineRan> => {
    const ran = await install(which)
    assert.equal(ran.code, 0, ran.stderr + ran.stdout)
    assert.equal((await must(['hikyaku', '--version'])).trim(), which)
    return ran
  }
  const log = async (): Promise<string> =>
    (await machine.run(['journalctl', '-o', 'cat', '--no-pager', '-n', '40'])).stdout
  const unit = async (property: string, name = 'hikyaku.service'): Promise<string> =>
    (await machine.run(['systemctl', 'show', name, '--property', property, '--value'])).stdout.trim()
  const setUp = async (program = 'hikyaku'): Promise<MachineRan> => {
    // Where Gmail is stays the tests' business: it reaches the service as an owner's own variables would.
    await sh('cat /brought/endpoints.env >>/etc/hikyaku/hikyaku.env')
    const server = ['--host', '127.0.0.1', '--port', String(world.dovecot.ports.imaps), '--user', address]
    const secrets = ['--password-file', '/brought/password', '--ca-file', '/brought/ca.pem']
    const google = ['--gmail-account', owner, '--client-file', '/brought/client.json']
    const all = [...server, ...secrets, ...google, '--refresh-token-file', '/brought/token']
    const command = [program, 'setup', '--yes', '--address', address, ...all, '--service', 'install']
    const ran = await machine.run(command, { env: Object.fromEntries(endpoints()) })
    assert.equal(ran.code, 0, ran.stderr + ran.stdout + (await log()))
    return ran
  }
  /** A mail comes to the mailbox, and then to Gmail. */
  const deliver = async (subject: string): Promise<void> => {
    await world.deliver('', subject)
    delivered += 1
  }
  const allAreInGmail = async (what: string, timeoutMs = 60_000): Promise<void> => {
    const arrived = (): boolean => world.gmail.messages(owner).length >= delivered
    await until(arrived, `${what}: in Gmail`, timeoutMs).catch(async late => {
      throw new Error(`${late}\n${await log()}`)
    })
    assert.equal(world.gmail.messages(owner).length, delivered, 'nothing twice')
  }
  /** The command as a user has it who is neither root nor the service's, with a home of its own. */
  const installedFor = async (user: string): Promise<Installed> => {
    const home = `/srv/${user}`
    await must(['install', '--directory', '--owner', user, '--mode', '700', home])
    const wholeOf = ({ code, stdout, stderr }: MachineRan): EndedProgram => ({
      code,
      output: stdout + stderr,
    })
    const envOf = (env: Readonly<Record<string, string>>) => ({ HOME: home, ...env })
    return {
      run: async (words, env) => wholeOf(await machine.run(['hikyaku', ...words], { user, env: envOf(env) })),
      async start(words, env) {
        const unitName = `hikyaku-${words[0]}-of-${user}`
        const given = Object.entries(envOf(env)).map(([name, value]) => `--setenv=${name}=${value}`)
        const command = ['systemd-run', '--wait', '--pipe', '--quiet', `--unit=${unitName}`, `--uid=${user}`]
        const ended = machine
          .run([...command, ...given, 'hikyaku', ...words], { timeoutMs: 180_000 })
          .then(wholeOf)
        return {
          output: () => '',
          async stop() {
            await machine.run(['systemctl', 'stop', unitName])
            return ended
          },
        }
      },
      async put(name, text) {
        const place = `${home}/${name}`
        const write = 'umask 077; cat >"$1"; chown "$2" "$1"'
        const ran = await machine.run(['sh', '-c', write, 'sh', place, user], { input: text })
        assert.equal(ran.code, 0, ran.stderr)
        return place
      },
    }
  }
  const stop = async (): Promise<void> => {
    await machine.stop()
    assert.deepEqual(world.gmail.bugs, [])
    await world.stop()
  }
  return {
    world,
    machine,
    must,
    sh,
    apt,
    install,
    mustInstall,
    log,
    unit,
    setUp,
    deliver,
    allAreInGmail,
    installedFor,
    stop,
  }
}
