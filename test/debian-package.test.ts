/** Parts of the Debian package that can be looked at in a moment; `npm run package:test -- deb` uses the whole. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { debianVersion, makeControl } from '../scripts/package/deb-texts.ts'
import { pruneDependencies } from '../scripts/package/prune.ts'
import { program } from './servers/local.ts'
import { requireServer } from './servers/required.ts'

const scripts = fileURLToPath(new URL('../scripts/package/debian', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-deb-parts-'))
after(() => rm(folder, { recursive: true, force: true }))

describe('the Debian package', () => {
  it('has scripts that a POSIX shell reads', () => {
    for (const name of ['preinst', 'postinst', 'prerm', 'postrm'])
      execFileSync('sh', ['-n', join(scripts, name)])
  })

  it('has scripts that shellcheck finds nothing in', {
    skip: requireServer('shellcheck', program('shellcheck') !== undefined),
  }, () => {
    for (const name of ['preinst', 'postinst', 'prerm', 'postrm']) {
      const { stdout } = spawnSync('shellcheck', [join(scripts, name)], { encoding: 'utf8' })
      assert.equal(stdout, '', name)
    }
  })

  it('sorts what comes before a release below it', {
    skip: requireServer('dpkg', program('dpkg') !== undefined),
  }, () => {
    const below = (a: string, b: string): boolean =>
      spawnSync('dpkg', ['--compare-versions', debianVersion(a), 'lt', debianVersion(b)]).status === 0
    assert.ok(below('1.0.0-beta.2', '1.0.0'))
    assert.ok(below('1.0.0-beta.2', '1.0.0-beta.10'))
    assert.ok(!below('1.0.0', '1.0.0-beta.2'))
  })

  it('keeps the lines of its description as control files want them', () => {
    const control = makeControl({
      version: '1.2.3',
      architecture: 'arm64',
      maintainer: 'A <a@example.org>',
      description: 'word '.repeat(60).trim(),
      homepage: undefined,
      size: 1025,
    })
    assert.match(control, /^Installed-Size: 2$/m)
    assert.doesNotMatch(control, /Homepage/)
    for (const line of control.split('\n').slice(0, -1)) assert.match(line, /^(\S+: .+| .{1,79})$/)
  })

  it('leaves of a library what runs, and its licence', async () => {
    const kept = [
      'a/index.js',
      'a/LICENSE.md',
      'a/dist/doc/node.js',
      '@b/c/data.json',
      '@b/c/README.md',
      '@b/c/x.node',
    ]
    const needless = [
      'a/README.md',
      'a/index.d.ts',
      'a/index.js.map',
      'a/test/x.js',
      'a/.github/x.yml',
      '.bin/a',
    ]
    for (const name of [...kept, ...needless, 'a/node_modules/d/index.mjs', 'a/node_modules/d/docs/x.js']) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), '')
    }
    await pruneDependencies(folder)
    const left = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    assert.deepEqual(left.sort(), [...kept, 'a/node_modules/d/index.mjs'].sort())
  })
})
