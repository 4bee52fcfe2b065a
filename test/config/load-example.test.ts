import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  accountSettings,
  mailboxSettings,
  makeYamlKey,
  programSettings,
  variables,
} from '../../src/config/settings.ts'
import { folder, load, problemsOf } from './load-helpers.ts'

test('.env.example names every variable once, in the order of the code', async () => {
  const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
  const named = [...text.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name)
  assert.deepEqual(
    named,
    variables.filter(v => !v.processOnly).map(v => v.name),
  )
})

test('.env.example is valid as it is, and with every line switched on', async () => {
  const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
  assert.deepEqual(await problemsOf({}, { cwd: await folder(text) }), [])
  const cwd = await folder()
  await mkdir(join(cwd, 'x'))
  // What names a file of the owner's, or another way to configure, is left out.
  const all = text
    .replace(/^#([A-Z][A-Z0-9_]+=)/gm, '$1')
    .replace(
      /^(MAIL_CA_FILE|GOOGLE_SERVICE_ACCOUNT_FILE|HIKYAKU_CONFIG|DASHBOARD_(CERTIFICATE|KEY)_FILE)=.*$/gm,
      '',
    )
  await writeFile(join(cwd, '.env'), all)
  const config = await load({}, { cwd })
  assert.equal(config.language, 'ja')
  assert.equal(config.mailboxes[0]?.server.pinnedSha256?.length, 64)
})

test('what .env.example calls a default is the default', async () => {
  const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
  const plain = JSON.stringify(await load({}, { cwd: await folder(text) }))
  let checked = 0
  for (const block of text.split('\n\n')) {
    if (block.includes('(example)')) continue
    for (const [, line = ''] of block.matchAll(/^#([A-Z][A-Z0-9_]+=.*)$/gm)) {
      assert.equal(JSON.stringify(await load({}, { cwd: await folder(`${text}\n${line}\n`) })), plain, line)
      checked += 1
    }
  }
  assert.ok(checked >= 20, `${checked} defaults`)
})

test('docs/configuration.md names every key of the YAML file, and every variable that stands in no file', async () => {
  const text = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const processOnly = variables.filter(v => v.processOnly)
  const keys = [programSettings, accountSettings, mailboxSettings]
    .flatMap(table => Object.entries(table).map(([key, setting]) => makeYamlKey(key, setting)))
    .map(key => processOnly.find(v => v.key === key)?.name ?? key)
  assert.deepEqual(
    keys.filter(key => !text.includes(`\`${key}\``)),
    [],
  )
})
