import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findLanguageHere } from '../../src/config/language.ts'
import { hikyaku } from '../servers/hikyaku.ts'

async function folderWith(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-language-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('the language comes from HIKYAKU_LANG in .env, from the YAML file, or from the locale', async t => {
  const env = { HOME: '/nonexistent' }
  const dotEnv = await folderWith(t, { '.env': 'HIKYAKU_LANG=ja\n' })
  assert.equal(await findLanguageHere(env, dotEnv), 'ja')
  assert.equal(await findLanguageHere({ ...env, HIKYAKU_LANG: 'en' }, dotEnv), 'en', 'the environment wins')
  const yaml = await folderWith(t, { 'c.yaml': 'language: ja\n', '.env': 'HIKYAKU_CONFIG=c.yaml\n' })
  assert.equal(await findLanguageHere(env, yaml), 'ja')
  const none = await folderWith(t, {})
  assert.equal(await findLanguageHere({ ...env, LANG: 'ja_JP.UTF-8' }, none), 'ja')
  assert.equal(await findLanguageHere(env, none), 'en')
})

test('a configuration that cannot be read leaves the locale to decide, and nothing is thrown', async t => {
  const folder = await folderWith(t, { 'c.yaml': '{{{', '.env': 'HIKYAKU_CONFIG=c.yaml\n' })
  assert.equal(await findLanguageHere({ HOME: '/nonexistent', LANG: 'ja' }, folder), 'ja')
})

test('a command speaks the language of .env, and --lang wins over it', async t => {
  const cwd = await folderWith(t, { '.env': 'HIKYAKU_LANG=ja\n' })
  // The harness sets a language; undefined takes the variable away again.
  const env = { HOME: cwd, HIKYAKU_LANG: undefined as unknown as string }
  const japanese = await hikyaku(['pull'], { env, cwd })
  assert.equal(japanese.code, 78)
  assert.match(japanese.stderr, /\p{Script=Hiragana}/u)
  const english = await hikyaku(['pull', '--lang', 'en'], { env, cwd })
  assert.equal(english.code, 78)
  assert.doesNotMatch(english.stderr, /\p{Script=Hiragana}/u)
})
