/** What goes with the packages, and what a release refuses: with the real git, in a repository of its own. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as yaml from 'yaml'
import { chooseLicence, makeLicenceList } from '../scripts/licences.ts'
import { makers } from '../scripts/package/makers.ts'
import { readRuntimeLock } from '../scripts/runtime-lock.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'hikyaku-test-release-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the licences of the libraries', () => {
  test('each library that runs is in the list once, under its licence and a text', async () => {
    const list = await makeLicenceList()
    const { '': _own, ...runtime } = (await readRuntimeLock()).packages
    for (const [path, { version, optional }] of Object.entries(runtime)) {
      const title = `${path.split('node_modules/').at(-1)} ${version}`
      const times = list.split('\n').filter(line => line === title).length
      // Of the keychain's binaries one is installed, which the list of its own package stands for.
      const isBinary = optional === true && path.includes('@napi-rs/keyring-')
      assert.ok(isBinary ? times === 0 : times >= 1, `${title}: ${times}`)
    }
    for (const part of list.split(/^={100}\n(?:[@\w].*\n)+={100}\n/m).slice(1)) {
      assert.match(part, /^(0BSD|Apache-2\.0|BSD-[23]-Clause|ISC|MIT|MIT-0)\n\n/)
      assert.match(part, /copyright|licensed under the apache license/i)
      assert.doesNotMatch(part, /GENERAL PUBLIC LICENSE/i)
    }
    assert.match(list, /^ *Apache License\n +Version 2\.0, January 2004/m)
  })

  test('one that nobody has looked at, or that binds whoever passes it on, stops the list', () => {
    assert.equal(chooseLicence('a', 'MIT'), 'MIT')
    assert.equal(chooseLicence('a', '(MIT OR EUPL-1.1+)'), 'MIT')
    assert.equal(chooseLicence('a', 'GPL-3.0-only OR ISC'), 'ISC')
    for (const refused of [
      'GPL-3.0-only',
      'MIT AND GPL-2.0',
      'SEE LICENSE IN x',
      'BSD',
      'UNLICENSED',
      '',
      undefined,
    ])
      assert.throws(() => chooseLicence('node_modules/a', refused), /node_modules\/a has the licence/)
  })
})

test('the changelogs say the same in both languages: versions, kinds and lines', () => {
  const shapeOf = (name: string): string[] =>
    [...readFileSync(join(root, name), 'utf8').matchAll(/^(## .*|### |- )/gm)].map(([, line = '']) =>
      line.replace(/^## (Unreleased|未公開)$/, '## next'),
    )
  assert.deepEqual(shapeOf('CHANGELOG.ja.md'), shapeOf('CHANGELOG.md'))
  assert.equal(shapeOf('CHANGELOG.md')[0], '## next')
})

describe('what a repository shows to strangers', () => {
  const folderOf = (name: string): string => join(root, '.github', name)
  const parse = (file: string): Record<string, unknown> =>
    yaml.parse(readFileSync(file, 'utf8'), { strict: true })

  // docs.github.com: "Syntax for issue forms" and "Syntax for GitHub's form schema".
  test('each issue form is one that GitHub takes, and those about trouble ask for doctor and for a look at it', () => {
    const names = readdirSync(folderOf('ISSUE_TEMPLATE')).filter(name => name !== 'config.yml')
    for (const name of names) {
      const form = parse(join(folderOf('ISSUE_TEMPLATE'), name)) as {
        name: string
        description: string
        body: { type: string; id?: string; attributes: Record<string, unknown>; validations?: object }[]
      }
      assert.deepEqual(Object.keys(form).sort(), ['body', 'description', 'labels', 'name'])
      assert.ok(form.name.length > 3 && form.description.length > 3)
      const ids = form.body.flatMap(({ id }) => id ?? [])
      assert.equal(new Set(ids).size, ids.length)
      assert.ok(form.body.some(({ type }) => type !== 'markdown'))
      for (const { type, id, attributes, validations } of form.body) {
        assert.ok(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'].includes(type), type)
        if (type === 'markdown') assert.ok(typeof attributes.value === 'string' && validations === undefined)
        else
          assert.ok(typeof attributes.label === 'string' && /^[a-z][a-z-]*$/.test(id ?? ''), `${name} ${id}`)
      }
      if (name.startsWith('problem')) {
        assert.ok(
          form.body.some(({ attributes: { label } }) => String(label).includes('hikyaku doctor --json')),
        )
        assert.equal(form.body.at(-1)?.type, 'checkboxes')
      }
    }
    assert.deepEqual(names, ['mail-host.yml', 'problem-ja.yml', 'problem.yml', 'wish.yml'])
  })

  test('the workflows run scripts that there are, and take nobody else’s actions but the checkout', () => {
    const { scripts } = parse(join(root, 'package.json')) as { scripts: Record<string, string> }
    const seen: string[] = []
    for (const name of readdirSync(folderOf('workflows'))) {
      const { jobs, permissions } = parse(join(folderOf('workflows'), name)) as {
        permissions: object
        jobs: Record<string, { steps: { uses?: string; run?: string }[] }>
      }
      assert.deepEqual(permissions, { contents: 'read' })
      for (const { uses, run = '' } of Object.values(jobs).flatMap(({ steps }) => steps)) {
        if (uses !== undefined) assert.match(uses, /^actions\/checkout@v\d+$/)
        for (const [, script = ''] of run.matchAll(/npm run ([\w:]+)/g)) assert.ok(scripts[script], script)
        for (const [file] of run.matchAll(/\.ci\/[\w-]+/g)) assert.ok(existsSync(join(root, file)), file)
        seen.push(run)
      }
    }
    for (const run of ['.ci/run', 'npm run package:test', 'npm run release'])
      assert.ok(seen.includes(run), run)
  })
})

describe('npm run package', () => {
  test('writes what is asked for with sums that sha256sum checks; another name is refused with the list', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['scripts/package.ts', ...args], { cwd: root, encoding: 'utf8' })
    const output = join(folder, 'packages')
    const made = run('licences', '--output', output)
    assert.equal(made.status, 0, made.stderr)
    assert.match(made.stdout, /^licences +THIRD-PARTY-LICENSES\.txt +\d+\.\d MB +\d+\.\d s$/m)
    const check = (): string =>
      execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: output, encoding: 'utf8' })
    assert.match(check(), /^THIRD-PARTY-LICENSES\.txt: OK$/m)
    appendFileSync(join(output, 'THIRD-PARTY-LICENSES.txt'), 'x')
    assert.throws(check)
    const refused = run('rpm')
    assert.equal(refused.status, 1)
    for (const { name } of makers) assert.match(refused.stderr, new RegExp(`^  ${name} `, 'm'))
  })

  test('a release is refused for changes in no commit, no repository, no word in the changelog, no tag', () => {
    const clone = join(folder, 'clone')
    const files = ['scripts/package/release.ts', 'scripts/repository.ts', 'scripts/runtime-lock.ts']
    for (const file of [...files, 'package.json', 'CHANGELOG.md', 'CHANGELOG.ja.md'])
      cpSync(join(root, file), join(clone, file))
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.jp', ...args], { cwd: clone })
    git('init', '--quiet')
    git('add', '.')
    git('commit', '--quiet', '--message', 'first')
    const obstacles = (): string[] => {
      const script =
        "import('./scripts/package/release.ts').then(async x => console.log(JSON.stringify(await x.findReleaseObstacles('9.8.7'))))"
      return JSON.parse(
        execFileSync(process.execPath, ['-e', script], { cwd: clone, encoding: 'utf8' }),
      ) as string[]
    }
    const write = (name: string, edit: (text: string) => string): void =>
      writeFileSync(join(clone, name), edit(readFileSync(join(clone, name), 'utf8')))
    const { repository: _none, ...manifest } = JSON.parse(
      readFileSync(join(clone, 'package.json'), 'utf8'),
    ) as Record<string, unknown>
    writeFileSync(join(clone, 'package.json'), JSON.stringify(manifest))
    const first = obstacles()
    for (const expected of [
      /^There are changes.*package\.json/s,
      /no `repository`/,
      /CHANGELOG\.md has no heading `## 9\.8\.7/,
      /CHANGELOG\.ja\.md has no heading/,
      /no tag v9\.8\.7/,
    ])
      assert.ok(
        first.some(line => expected.test(line)),
        `${expected}: ${first.join('\n')}`,
      )
    writeFileSync(
      join(clone, 'package.json'),
      JSON.stringify({ ...manifest, repository: 'https://code.example/someone/hikyaku.git' }),
    )
    for (const name of ['CHANGELOG.md', 'CHANGELOG.ja.md'])
      write(name, text =>
        text.replace(/\n## (Unreleased|未公開)\n/, '$&\n## 9.8.7 (2026-12-01)\n\n- Something.\n'),
      )
    git('commit', '--quiet', '--all', '--message', 'release')
    git('tag', 'v9.8.7')
    assert.deepEqual(obstacles(), [])
    write('CHANGELOG.md', text => text.replace('\n## 9.8.7', '- Something new.\n\n## 9.8.7'))
    assert.match(obstacles().join('\n'), /CHANGELOG\.md has lines under its first heading/)
  })
})
