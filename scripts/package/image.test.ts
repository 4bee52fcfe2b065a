/**
 * The image as its users run it: by an OCI runtime (crun), as its own user, read-only but for the volume, without
 * capabilities; the settings in the environment, the secrets as files; real Dovecot, and the stand-in for Gmail.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chown, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { freePorts, loopback } from '../../test/servers/local.ts'
import { until } from '../../test/servers/until.ts'
import { startWorld, type World } from '../../test/servers/world.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { type Container, type Ended, type LoadedImage, loadImage, startContainer } from './container.ts'
import { buildahIn, makeImage } from './image.ts'
import { dataFolder, imageUser, programFolder } from './image-root.ts'
import { lookAtPage, openPage, playFleet } from './play-fleet.ts'
import { requireTools } from './tools.ts'

requireTools(['buildah', 'mmdebstrap', 'crun', 'unshare', 'qemu-aarch64-static'], { asRoot: true })
const top = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-image-test-'))
after(() => rm(folder, { recursive: true, force: true }))
const made = await makeImage(join(folder, 'made'), 'amd64')
const image: LoadedImage = await loadImage(made.dockerTar)
after(() => image.remove())

const emulator = '/usr/bin/qemu-aarch64-static'

interface Place {
  readonly world: World
  readonly volume: string
  readonly env: Record<string, string>
  readonly files: Record<string, string>
  start(...words: readonly string[]): Promise<Container>
  run(...words: readonly string[]): Promise<Ended>
}

/** Secrets as Docker gives them: files below /run/secrets, root's, which everybody may read. */
const secretVariables = ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN']

async function makePlace(t: TestContext): Promise<Place> {
  const world = await startWorld({ protocol: 'imap', server: 'dovecot', env: { ALERT_MAIL: 'no' } })
  const volume = await mkdtemp(join(folder, 'volume-'))
  // What an engine makes of the image's own folder in a new volume.
  await chown(volume, imageUser, imageUser)
  const secrets = await mkdtemp(join(folder, 'secrets-'))
  const env: Record<string, string> = { ...world.env, HIKYAKU_LANG: 'en', STATE_DIR: `${dataFolder}/state` }
  const files: Record<string, string> = {}
  for (const variable of secretVariables) {
    const file = join(secrets, variable.toLowerCase())
    await writeFile(file, `${env[variable]}\n`, { mode: 0o444 })
    files[`/run/secrets/${variable.toLowerCase()}`] = file
    env[`${variable}_FILE`] = `/run/secrets/${variable.toLowerCase()}`
    delete env[variable]
  }
  const authority = join(secrets, 'authority.pem')
  await writeFile(authority, await readFile(env.MAIL_CA_FILE ?? ''))
  files['/run/authority.pem'] = authority
  env.MAIL_CA_FILE = '/run/authority.pem'
  const running: Container[] = []
  const start = async (...words: readonly string[]): Promise<Container> => {
    const container = await startContainer(image, {
      env,
      volume,
      files,
      ...(words.length === 0 ? {} : { words }),
    })
    running.push(container)
    return container
  }
  t.after(async () => {
    for (const container of running) await container.kill()
    await world.stop()
  })
  return { world, volume, env, files, start, run: async (...words) => (await start(...words)).ended }
}

describe('the image', () => {
  it('says what it is, runs as nobody in particular, and holds no shell and nothing of this machine', async () => {
    const { config, rootfs, architecture } = image
    assert.equal(architecture, 'amd64')
    assert.equal(config.User, `${imageUser}:${imageUser}`)
    assert.deepEqual(config.Entrypoint, ['/usr/bin/hikyaku'])
    assert.deepEqual(config.Cmd, ['run'])
    assert.equal(config.StopSignal, 'SIGTERM')
    assert.deepEqual(Object.keys(config.Volumes), [dataFolder])
    assert.deepEqual(config.Healthcheck.Test, ['CMD', '/usr/bin/hikyaku', 'status', '--quick'])
    assert.equal(config.Labels['org.opencontainers.image.licenses'], 'MIT')
    assert.deepEqual(await readdir(join(rootfs, 'usr/bin')), ['hikyaku'])
    assert.deepEqual((await readdir(join(rootfs, 'etc'))).sort(), ['group', 'nsswitch.conf', 'passwd'])
    const { uid, mode } = await stat(join(rootfs, dataFolder))
    assert.deepEqual([uid, mode & 0o7777], [imageUser, 0o700])
    const entries = await readdir(rootfs, { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const { mode: fileMode, uid: owner } = await stat(join(entry.parentPath, entry.name))
      assert.equal(fileMode & 0o7022, 0, `${entry.name}: nobody may change it, and no rights come with it`)
      assert.equal(owner, 0, entry.name)
    }
  })

  it('is made of the same octets again', async () => {
    const again = await makeImage(join(folder, 'again'), 'amd64')
    for (const [first, second] of [
      [made.ociTar, again.ociTar],
      [made.dockerTar, again.dockerTar],
    ])
      assert.ok((await readFile(first ?? '')).equals(await readFile(second ?? '')), first)
  })

  it('is taken by another reader of both formats', async () => {
    const buildah = buildahIn(join(folder, 'store'))
    // buildah 1.28 reads this format uncompressed only; `docker load` takes either.
    const dockerTar = join(folder, 'docker.tar')
    await promisify(execFile)('sh', ['-c', 'zcat "$1" > "$2"', 'sh', made.dockerTar, dockerTar])
    for (const source of [`oci-archive:${made.ociTar}`, `docker-archive:${dockerTar}`]) {
      const id = await buildah('pull', '--quiet', source)
      const { OCIv1 } = JSON.parse(await buildah('inspect', '--type', 'image', id))
      assert.equal(OCIv1.config.User, `${imageUser}:${imageUser}`)
      await buildah('rmi', id)
    }
  })

  it('answers, and every library can be loaded', async t => {
    const place = await makePlace(t)
    assert.match((await place.run('--version')).output, /^\d+\.\d+\.\d+\n$/)
    const doctor = await place.run('doctor')
    assert.equal(doctor.code, 0, doctor.output)
  })

  it('brings mail, is healthy, stops at the signal, and goes on with its volume in a new container', async t => {
    const place = await makePlace(t)
    const { world } = place
    for (let n = 0; n < 5; n++) await world.source.deliver(sampleMail(n))
    const first = await place.start()
    await until(() => world.gmail.accepted.length === 5, 'five messages', 60_000)
    await until(async () => (await first.checkHealth()).code === 0, 'healthy', 60_000)
    const stopped = await first.stop()
    assert.equal(stopped.code, 0, stopped.output)
    const second = await place.start()
    await world.source.deliver(sampleMail(6))
    await until(() => world.gmail.accepted.length === 6, 'the sixth message', 60_000)
    assert.deepEqual(new Set(world.gmail.stored().values()), new Set([1]), 'nothing twice')
    await second.kill()
    const third = await place.start()
    await world.source.deliver(sampleMail(7))
    await until(() => world.gmail.accepted.length === 7, 'the seventh message, after SIGKILL', 60_000)
    assert.deepEqual(new Set(world.gmail.stored().values()), new Set([1]), 'nothing twice')
    await third.stop()
  })

  it('is set up by the wizard, which keeps all in the volume, and needs no setting afterwards', async t => {
    const place = await makePlace(t)
    const { world, files } = place
    const secrets = await mkdtemp(join(folder, 'secrets-'))
    const { installed } = world.gmail.clientJson()
    await writeFile(join(secrets, 'client.json'), JSON.stringify({ installed }), { mode: 0o444 })
    files['/run/secrets/client.json'] = join(secrets, 'client.json')
    const { MAIL_PORT = '', MAIL_USER = '', GMAIL_ACCOUNT = '' } = place.env
    // Google's addresses alone stay: those of the stand-in.
    for (const name of Object.keys(place.env))
      if (/^MAIL_|^GMAIL_ACCOUNT|^GOOGLE_(CLIENT|REFRESH)|^STATE_DIR|^AFTER/.test(name))
        delete place.env[name]
    await world.source.deliver(sampleMail(1))
    const ended = await place.run(
      ...['setup', '--yes', '--address', 'shop@example.test', '--protocol', 'imap', '--host', '127.0.0.1'],
      ...['--port', MAIL_PORT, '--user', MAIL_USER, '--ca-file', '/run/authority.pem'],
      ...['--password-file', '/run/secrets/mail_password', '--gmail-account', GMAIL_ACCOUNT],
      ...['--client-file', '/run/secrets/client.json'],
      ...['--refresh-token-file', '/run/secrets/google_refresh_token', '--start-from', 'all'],
    )
    assert.equal(ended.code, 0, ended.output)
    assert.equal(world.gmail.accepted.length, 1)
    // From here on there is nothing but the volume, and the authority that this server needs.
    for (const name of Object.keys(files)) if (name.startsWith('/run/secrets/')) delete files[name]
    const container = await place.start()
    await world.source.deliver(sampleMail(2))
    await until(() => world.gmail.accepted.length === 2, 'the second message', 60_000)
    await until(async () => (await container.checkHealth()).code === 0, 'healthy', 60_000)
    const list = await readdir(place.volume, { recursive: true })
    assert.ok(
      list.includes('config/hikyaku/config.yaml') && list.includes('state/secrets.sealed'),
      list.join(),
    )
  })

  it('takes its settings from the environment, as docs/compose.yaml gives them, and keeps the permission itself', async t => {
    const place = await makePlace(t)
    const { world, env } = place
    delete env.GOOGLE_REFRESH_TOKEN_FILE
    const token = '/run/secrets/google_refresh_token'
    const ended = await place.run('setup', 'google', '--yes', '--refresh-token-file', token)
    assert.equal(ended.code, 0, ended.output)
    delete place.files[token]
    await world.source.deliver(sampleMail(1))
    await place.start()
    await until(() => world.gmail.accepted.length === 1, 'the message', 60_000)
  })

  it('opens its page, with all that it loads', async t => {
    const place = await makePlace(t)
    const [port] = await freePorts(1)
    place.env.DASHBOARD = `${loopback}:${port}`
    const container = await place.start()
    await lookAtPage(await openPage(() => container.exec('/usr/bin/hikyaku', 'dashboard', '--json')))
  })

  it('is a worker of a fleet and its command line, as docs/fleet/compose.yaml runs them: without a volume', async t => {
    const { services } = parse(await readFile(join(top, 'docs/fleet/compose.yaml'), 'utf8'))
    const secrets = await mkdtemp(join(folder, 'secrets-'))
    const files: Record<string, string> = {}
    const running: Container[] = []
    t.after(async () => {
      for (const container of running) await container.kill()
    })
    const start = async (words: readonly string[], env: Readonly<Record<string, string>>) => {
      const container = await startContainer(image, { env, files, words })
      running.push(container)
      return container
    }
    const installed = {
      start,
      run: async (words: readonly string[], env: Readonly<Record<string, string>>) =>
        (await start(words, env)).ended,
      async put(name: string, text: string) {
        await writeFile(join(secrets, name), text, { mode: 0o444 })
        files[`/run/secrets/${name}`] = join(secrets, name)
        return `/run/secrets/${name}`
      },
    }
    const { command, healthcheck } = services.worker
    assert.deepEqual(command, ['worker'])
    await playFleet(installed, async port => {
      const test = healthcheck.test.slice(1).map((word: string) => word.replace(':9464', `:${port}`))
      await until(async () => (await running.at(-1)?.exec(...test))?.code === 0, 'healthy', 60_000)
    })
  })

  it('is what docs/compose.yaml runs: the same health check, volume and version', async () => {
    const { services, secrets } = parse(await readFile(join(top, 'docs/compose.yaml'), 'utf8'))
    const { hikyaku } = services
    assert.equal(hikyaku.image, `hikyaku:${image.config.Labels['org.opencontainers.image.version']}`)
    assert.deepEqual(hikyaku.healthcheck.test, image.config.Healthcheck.Test)
    assert.deepEqual(
      hikyaku.volumes.map((volume: string) => volume.split(':')[1]),
      Object.keys(image.config.Volumes),
    )
    assert.deepEqual(hikyaku.secrets, Object.keys(secrets))
    for (const [name, value] of Object.entries(hikyaku.environment))
      if (name.endsWith('_FILE'))
        assert.ok(hikyaku.secrets.includes(String(value).replace('/run/secrets/', '')), name)
    assert.deepEqual([hikyaku.read_only, hikyaku.cap_drop], [true, ['ALL']])
    assert.deepEqual(hikyaku.security_opt, ['no-new-privileges:true'])
  })

  it('is not healthy while nobody can log in, and healthy again once the password is right', async t => {
    const place = await makePlace(t)
    const { world, files } = place
    const file = files['/run/secrets/mail_password'] ?? ''
    const right = await readFile(file)
    await writeFile(file, 'not this one\n')
    const container = await place.start()
    // Before the first pull nothing is known, and before it has started nothing answers.
    await until(
      async () => /^✖ No mail comes/.test((await container.checkHealth()).output),
      'not well',
      60_000,
    )
    const unhealthy = await container.checkHealth()
    assert.equal(unhealthy.code, 77, unhealthy.output)
    assert.match(container.output(), /The server refused|login|password was/i)
    await container.stop()
    await writeFile(file, right)
    const again = await place.start()
    await world.source.deliver(sampleMail(1))
    await until(() => world.gmail.accepted.length === 1, 'mail', 60_000)
    await until(async () => (await again.checkHealth()).code === 0, 'healthy', 60_000)
    const printed = again.output() + container.output()
    for (const secret of [String(right).trim(), 'not this one'])
      assert.equal(printed.includes(secret), false, 'no secret is printed')
  })

  it('brings mail on ARM, too, as far as emulation shows it', async t => {
    const arm = await loadImage((await makeImage(join(folder, 'arm'), 'arm64')).dockerTar)
    t.after(() => arm.remove())
    assert.equal(arm.architecture, 'arm64')
    const { rootfs } = arm
    await copyFile(emulator, join(rootfs, 'emulator'))
    const world = await startWorld({ protocol: 'pop3', env: { ALERT_MAIL: 'no', STATE_DIR: '/data/state' } })
    t.after(() => world.stop())
    await world.source.deliver(sampleMail(1))
    const settings = Object.entries(world.env).map(([name, value]) => `${name}=${value}`)
    const chroot = ['chroot', '--userspec', `${imageUser}:${imageUser}`, rootfs, '/emulator']
    const words = [`${programFolder}/node/node`, `${programFolder}/dist/cli.js`, 'pull', '--json']
    const mounts = 'mount -t proc proc "$0/proc" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"'
    const inside = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', mounts, rootfs, ...settings]
    const { stdout } = await promisify(execFile)('unshare', [...inside, ...chroot, ...words])
    assert.equal(JSON.parse(stdout).imported, 1)
    assert.equal(world.gmail.accepted.length, 1)
  })

  it('says in one line what to do where its volume belongs to somebody else', async t => {
    const place = await makePlace(t)
    await chown(place.volume, 0, 0)
    const ended = await place.run('pull')
    assert.notEqual(ended.code, 0, ended.output)
    assert.match(ended.output, /\/data\b/)
    assert.doesNotMatch(ended.output, /\n\s+at /)
  })
})
