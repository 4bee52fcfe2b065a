/**
 * The README's two trials, typed as they stand there by an ordinary user of a fresh Debian 12: Node 18 and npm 9.2, both
 * older than hikyaku wants, and nothing else.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFreshRoot } from './fresh-root.ts'
import { type Ended, runProcess } from './ordinary-user.ts'
import { requireTools } from './tools.ts'

requireTools(['mmdebstrap', 'chroot', 'unshare', 'git'], { asRoot: true })
const run = promisify(execFile)
const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-clone-'))
const root = join(folder, 'root')
const authorities = 'etc/ssl/certs/ca-certificates.crt'

/** Types a line in the clone; its mounts go with the process. */
function type(line: string): Promise<Ended> {
  const mounts =
    'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/tmp"'
  const enter = 'exec chroot --userspec=1000:1000 "$1" sh -c "cd /home/owner/hikyaku && $2"'
  const words = ['--mount', '--pid', '--fork', 'sh', '-c', `${mounts} && ${enter}`, 'sh', root, line]
  return runProcess('unshare', words, {
    cwd: '/',
    timeoutMs: 900_000,
    env: {
      HOME: '/home/owner',
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      NODE_EXTRA_CA_CERTS: `/${authorities}`,
    },
  })
}

before(async () => {
  await makeFreshRoot(root, 'bookworm', ['nodejs', 'npm', 'git', 'openssl', 'procps'])
  // This computer may reach the registry by an authority of its own only.
  await copyFile(`/${authorities}`, join(root, authorities))
  // What every installed and started Debian has, and a root that was only unpacked has not.
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  await mkdir(join(root, 'run/systemd'), { recursive: true })
  const home = join(root, 'home/owner')
  await mkdir(home, { recursive: true })
  await run('git', ['clone', '--quiet', '--no-hardlinks', repository, join(home, 'hikyaku')])
  await run('chown', ['-R', '1000:1000', home])
  await run('chroot', [root, 'useradd', '--uid', '1000', '--home-dir', '/home/owner', 'owner'])
})
after(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

describe('in a clone on Debian 12', () => {
  test('Node and npm are as old as they are there', async () => {
    assert.match((await type('node --version && npm --version')).stdout, /^v18\.\d+\.\d+\n9\.\d+\.\d+\n$/)
  })

  for (const trial of ['npm run sandbox', 'npm test'])
    test(`\`npm ci && ${trial}\` ends well, without a warning for each library`, async () => {
      for (const name of ['README.md', 'README.ja.md']) {
        const lines = (await readFile(join(repository, name), 'utf8')).split('\n').map(line => line.trim())
        assert.ok(
          lines.some(line => line.startsWith(`npm ci && ${trial}`)),
          name,
        )
      }
      const start = performance.now()
      const ended = await type(`npm ci && ${trial}`)
      assert.equal(ended.code, 0, ended.stdout.slice(-6000) + ended.stderr.slice(-3000))
      assert.doesNotMatch(ended.stdout + ended.stderr, /EBADENGINE|npm WARN/i)
      console.log(`npm ci && ${trial}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
    })
})
