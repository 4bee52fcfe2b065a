/**
 * The installer line as people type it, in fresh Debians, from a host on loopback: both ways, upgrades, and everything
 * that must end with nothing installed.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readJson } from '../runtime-lock.ts'
import { makeDebianPackage } from './deb.ts'
import { makeFreshRoot, type Suite } from './fresh-root.ts'
import { fillAddress } from './installer.ts'
import { type Ended, runProcess } from './ordinary-user.ts'
import { makeTarball } from './tarball.ts'
import { requireTools } from './tools.ts'

requireTools(['mmdebstrap', 'shellcheck', 'chroot', 'dpkg-deb', 'python3'], { asRoot: true })
const run = promisify(execFile)
const script = fileURLToPath(new URL('./install.sh', import.meta.url))
const { version } = (await readJson('package.json')) as { version: string }
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-installer-'))
const roots: Record<string, string> = {}

/** What the host has: each release as a folder of files. Small stand-ins of the same names and shape. */
const releases = join(folder, 'releases')
/** How the host serves a file: whole, or its first half and then nothing. */
let cut: string | undefined
let host: Server
let address = ''

async function makeRelease(name: string, wanted: string): Promise<void> {
  const place = join(releases, name)
  await mkdir(place, { recursive: true })
  const program = `#!/bin/sh\necho ${wanted}\n`
  const inside = join(folder, `hikyaku-${wanted}`)
  await mkdir(inside, { recursive: true })
  await writeFile(join(inside, 'hikyaku'), program, { mode: 0o755 })
  // Octets that are too many for one packet, so that a cut falls inside.
  await writeFile(join(inside, 'filling'), createHash('shake256', { outputLength: 300_000 }).digest())
  const tar = join(place, `hikyaku-${wanted}-linux-amd64.tar.gz`)
  await run('tar', ['-czf', tar, '-C', folder, `hikyaku-${wanted}`])
  const deb = join(folder, `deb-${wanted}`)
  await mkdir(join(deb, 'DEBIAN'), { recursive: true })
  await mkdir(join(deb, 'usr/bin'), { recursive: true })
  const control = [
    'Package: hikyaku',
    `Version: ${wanted}`,
    'Architecture: amd64',
    'Maintainer: a <a@example.jp>',
  ]
  await writeFile(join(deb, 'DEBIAN/control'), `${[...control, 'Description: a stand-in'].join('\n')}\n`)
  await writeFile(join(deb, 'usr/bin/hikyaku'), program, { mode: 0o755 })
  await run('dpkg-deb', ['--root-owner-group', '--build', deb, join(place, `hikyaku_${wanted}_amd64.deb`)])
  await sumUp(place)
}

async function sumUp(place: string): Promise<void> {
  const { stdout } = await run('sh', ['-c', 'sha256sum -- *.deb *.tar.gz'], { cwd: place })
  await writeFile(join(place, 'SHA256SUMS'), stdout)
}

before(async () => {
  await makeRelease('first', '0.0.8')
  await makeRelease('second', '0.0.9')
  host = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    const octets = await readFile(join(releases, path)).catch(() => undefined)
    if (octets === undefined) return response.writeHead(404).end('not here')
    response.writeHead(200, { 'content-length': octets.length })
    if (cut === undefined || !path.endsWith(cut)) return response.end(octets)
    response.write(octets.subarray(0, octets.length >> 1), () => response.destroy())
    return undefined
  }).listen(0, '127.0.0.1')
  await once(host, 'listening')
  const bound = host.address()
  address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
  for (const [name, suite, tool] of [
    ['bookworm', 'bookworm', 'curl'],
    ['trixie', 'trixie', 'wget'],
  ] as const) {
    const root = join(folder, name)
    await makeFreshRoot(root, suite satisfies Suite, [tool, 'busybox'])
    await copyFile(script, join(root, 'install.sh'))
    await mkdir(join(root, 'home/owner'), { recursive: true })
    await run('chown', ['-R', '1000:1000', join(root, 'home/owner')])
    roots[name] = root
  }
})
after(async () => {
  host?.closeAllConnections()
  host?.close()
  await rm(folder, { recursive: true, force: true })
})

interface Words {
  readonly release?: string
  readonly args?: readonly string[]
  readonly asOwner?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Which shell reads it. */
  readonly shell?: string
  /** Goes in front of PATH. */
  readonly stubs?: string
}

const inRoot = (name: string, words: Words): { command: string[]; env: Record<string, string> } => ({
  command: [
    'chroot',
    ...(words.asOwner === true ? ['--userspec=1000:1000'] : []),
    roots[name] ?? '',
    ...(words.shell ?? 'sh').split(' '),
    '/install.sh',
    ...(words.args ?? ['--yes']),
  ],
  env: {
    HOME: words.asOwner === true ? '/home/owner' : '/root',
    PATH: `${words.stubs ?? '/nowhere'}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'en_US.UTF-8',
    HIKYAKU_RELEASE_URL: `${address}/${words.release ?? 'first'}`,
    ...words.env,
  },
})

function install(name: string, words: Words = {}): Promise<Ended> {
  const { command, env } = inRoot(name, words)
  return runProcess('/usr/sbin/chroot', command.slice(1), { cwd: '/', env })
}

async function installed(name: string): Promise<string> {
  const root = roots[name] ?? ''
  const ask =
    'for p in hikyaku /home/owner/.local/bin/hikyaku /usr/local/bin/hikyaku; do "$p" --version 2>/dev/null; done; ls -A /home/owner/.local /opt 2>/dev/null | grep -i hikyaku'
  const { stdout } = await runProcess('/usr/sbin/chroot', [root, 'sh', '-c', ask], {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  return stdout
}

/** Nothing was installed, and it says so in one line. */
async function refuses(name: string, words: Words, why: RegExp): Promise<void> {
  const ended = await install(name, words)
  assert.notEqual(ended.code, 0, ended.stdout)
  assert.match(ended.stderr, why)
  assert.equal(await installed(name), '')
}

describe('the installer', () => {
  it('is clean for shellcheck', async () => {
    await run('shellcheck', [script])
  })

  it('knows where releases are once package.json has a repository, and invents nothing before', async () => {
    const text = await readFile(script, 'utf8')
    assert.equal(fillAddress(text, undefined), text)
    assert.equal(fillAddress(text, 'https://git.example/owner/hikyaku'), text)
    const filled = fillAddress(text, 'https://github.com/owner/hikyaku')
    assert.match(filled, /^release_url='https:\/\/github\.com\/owner\/hikyaku\/releases\/latest\/download'$/m)
    assert.doesNotMatch(text, /github\.com/)
  })

  for (const [name, fetcher] of [
    ['bookworm', 'curl'],
    ['trixie', 'wget'],
  ] as const)
    describe(`in ${name} with ${fetcher}`, () => {
      it('refuses what did not arrive whole, is not there, or is not what the sums say', async () => {
        for (const file of ['SHA256SUMS', 'hikyaku_0.0.8_amd64.deb', 'hikyaku-0.0.8-linux-amd64.tar.gz']) {
          cut = file
          for (const asOwner of [false, true])
            if (asOwner === file.endsWith('.gz') || file === 'SHA256SUMS')
              await refuses(name, { asOwner }, /^Nothing was installed: .*could not be fetched whole/m)
        }
        cut = undefined
        await refuses(name, { release: 'none' }, /could not be fetched whole/)
        await makeRelease('tampered', '0.0.8')
        const place = join(releases, 'tampered')
        for (const file of ['hikyaku_0.0.8_amd64.deb', 'hikyaku-0.0.8-linux-amd64.tar.gz']) {
          const octets = await readFile(join(place, file))
          octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1
          await writeFile(join(place, file), octets)
        }
        for (const asOwner of [false, true])
          await refuses(name, { release: 'tampered', asOwner }, /is not what SHA256SUMS says/)
        const lines = await readFile(join(place, 'SHA256SUMS'), 'utf8')
        await writeFile(join(place, 'SHA256SUMS'), lines.replaceAll('amd64', 'arm64'))
        await refuses(name, { release: 'tampered' }, /names no one package for this computer \(deb, amd64\)/)
        await writeFile(join(place, 'SHA256SUMS'), lines.replaceAll('hikyaku', '../hikyaku'))
        await refuses(name, { release: 'tampered' }, /names no one package/)
      })

      it('refuses another kind of computer, and says what to do there', async () => {
        const root = roots[name] ?? ''
        const stub = async (kind: string, program: string, body: string): Promise<Words> => {
          await mkdir(join(root, 'stubs', kind), { recursive: true })
          await writeFile(join(root, 'stubs', kind, program), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
          return { stubs: `/stubs/${kind}` }
        }
        const uname = (kind: string, system: string, machine: string) =>
          stub(kind, 'uname', `[ "$1" = -s ] && echo ${system} || echo ${machine}`)
        const kinds: [Words, RegExp][] = [
          [await uname('mac', 'Darwin', 'arm64'), /\(macOS\)\. .*npm install --global hikyaku/],
          [await uname('bsd', 'FreeBSD', 'amd64'), /\(FreeBSD\)/],
          [await uname('pi', 'Linux', 'armv7l'), /\(Linux armv7l\)\. It needs a 64-bit system/],
          [await stub('half', 'getconf', '[ "$1" = LONG_BIT ] && echo 32'), /\(Linux, 32-bit\)/],
          [
            await stub('old', 'getconf', '[ "$1" = LONG_BIT ] && echo 64 || echo glibc 2.27'),
            /glibc 2\.28 or newer/,
          ],
          [
            await stub('older', 'getconf', '[ "$1" = LONG_BIT ] && echo 64 || echo glibc 1.99'),
            /glibc 2\.28 or newer/,
          ],
          [
            await stub('musl', 'getconf', '[ "$1" = LONG_BIT ] && echo 64 || exit 1').then(async words => {
              await stub('musl', 'ldd', 'echo "musl libc (x86_64)" >&2; exit 1')
              return words
            }),
            /\(Linux without glibc \(musl/,
          ],
        ]
        for (const [words, why] of kinds) await refuses(name, words, why)
        const japanese = await install(name, { ...kinds[0]?.[0], env: { LANG: 'ja_JP.UTF-8' } })
        assert.match(japanese.stderr, /^何もインストールしていません。このコンピューター（macOS）/)
      })

      it('does nothing before it has said what, and been allowed to', async () => {
        for (const asOwner of [false, true]) {
          const ended = await install(name, { args: [], asOwner })
          assert.equal(ended.code, 1)
          assert.match(ended.stdout, /This will be done:\n {2}fetch .*\n {2}check .*\n {2}(as root|unpack)/)
          assert.match(ended.stderr, /no terminal to ask at/)
          assert.equal(await installed(name), '')
        }
        const refused = await answer(name, 'n')
        assert.match(refused.stdout, /Go on\? \[y\/N\]/)
        assert.equal(refused.code, 1)
        assert.equal(await installed(name), '')
        await refuses(name, { env: { HIKYAKU_RELEASE_URL: '' } }, /does not know where releases are/)
        await refuses(name, { env: { HIKYAKU_RELEASE_URL: 'http://example.test' } }, /is not https/)
      })

      it('runs nothing of a script that was cut on its way, wherever it was cut', async () => {
        const root = roots[name] ?? ''
        const text = await readFile(script)
        for (let part = 1; part < 40; part++) {
          await writeFile(join(root, 'cut.sh'), text.subarray(0, Math.floor((text.length * part) / 40)))
          const { command, env } = inRoot(name, {})
          const words = command.slice(1).map(word => (word === '/install.sh' ? '/cut.sh' : word))
          const ended = await runProcess('/usr/sbin/chroot', words, { cwd: '/', env })
          assert.equal(ended.stdout, '')
        }
        assert.equal(await installed(name), '')
      })

      for (const shell of ['sh', 'busybox sh'])
        it(`installs for an ordinary user, and upgrades, by ${shell}`, async () => {
          const first = await install(name, { asOwner: true, shell })
          assert.equal(first.code, 0, first.stderr)
          assert.match(
            first.stdout,
            /unpack .*\/home\/owner\/\.local\/lib\/hikyaku\n[\s\S]*hikyaku 0\.0\.8 is installed/,
          )
          assert.match(await installed(name), /^0\.0\.8$/m)
          const second = await install(name, {
            asOwner: true,
            shell,
            release: 'second',
            env: { LANG: 'ja_JP.UTF-8' },
          })
          assert.equal(second.code, 0, second.stderr)
          assert.match(second.stdout, /hikyaku 0\.0\.9 をインストールしました。/)
          assert.match(await installed(name), /^0\.0\.9$/m)
          const back = '/home/owner/.local/lib/hikyaku/hikyaku-0.0.8/hikyaku'
          await run('chroot', [roots[name] ?? '', 'ln', '-sf', back, '/home/owner/.local/bin/hikyaku'])
          assert.match(await installed(name), /^0\.0\.8$/m)
          await run('chroot', [roots[name] ?? '', 'rm', '-rf', '/home/owner/.local'])
        })

      it('installs for everybody into /opt, as root where the package does not fit', async () => {
        const root = roots[name] ?? ''
        await mkdir(join(root, 'stubs/foreign'), { recursive: true })
        await writeFile(join(root, 'stubs/foreign/dpkg'), '#!/bin/sh\necho i386\n', { mode: 0o755 })
        const ended = await install(name, { stubs: '/stubs/foreign' })
        assert.equal(ended.code, 0, ended.stderr)
        assert.match(
          ended.stdout,
          /unpack .*\/opt\/hikyaku\n.*\/usr\/local\/bin\/hikyaku\n.*all of it as root/,
        )
        assert.match(await installed(name), /^0\.0\.8$/m)
        await run('chroot', [root, 'rm', '-rf', '/opt/hikyaku', '/usr/local/bin/hikyaku'])
      })

      it('installs the Debian package as root, once somebody at the terminal has said yes, and upgrades', async () => {
        const first = await answer(name, 'y')
        assert.equal(first.code, 0, first.stdout)
        assert.match(
          first.stdout,
          /as root apt-get install.*[\s\S]*Go on\?[\s\S]*hikyaku 0\.0\.8 is installed/,
        )
        assert.match(await installed(name), /^0\.0\.8$/m)
        const second = await install(name, { release: 'second' })
        assert.equal(second.code, 0, second.stderr)
        assert.match(await installed(name), /^0\.0\.9$/m)
      })

      it('brings the packages that are really made', async () => {
        const place = join(releases, 'real')
        if (!existsSync(place)) {
          const order = { architecture: 'amd64', folder: place, version, compression: 'quick' } as const
          await mkdir(place)
          await makeDebianPackage(order)
          await makeTarball(place, 'amd64')
          await sumUp(place)
        }
        for (const asOwner of [false, true]) {
          const start = performance.now()
          const ended = await install(name, { release: 'real', asOwner })
          assert.equal(ended.code, 0, ended.stderr)
          assert.match(await installed(name), new RegExp(`^${version.replaceAll('.', '\\.')}$`, 'm'))
          const seconds = ((performance.now() - start) / 1000).toFixed(1)
          console.log(`${asOwner ? 'the folder' : 'the package'} in ${seconds} s`)
        }
      })
    })
})

/** A person at a terminal, who pipes the script into sh as web pages say, and answers. */
async function answer(name: string, word: string): Promise<Ended> {
  const { command, env } = inRoot(name, { args: [] })
  const piped = join(folder, `typed-${name}.sh`)
  const exports = Object.entries(env).map(([key, value]) => `${key}='${value}'`)
  const inside = `cat /install.sh | sh`
  await writeFile(piped, `exec env -i ${exports.join(' ')} chroot '${command[1]}' sh -c '${inside}'\n`)
  await chmod(piped, 0o755)
  const typist = `import pty, sys, os
seen = b''
done = False
def read(fd):
    global seen, done
    data = os.read(fd, 1024)
    seen += data
    if not done and b'[y/N]' in seen:
        done = True
        os.write(fd, b'${word}\\n')
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(['sh', sys.argv[1]], read)))`
  return runProcess('python3', ['-c', typist, piped], { cwd: '/', env: process.env })
}
