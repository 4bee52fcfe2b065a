import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { figures } from '../suites/figures.ts'

const { version } = createRequire(import.meta.url)('mailauth/package.json') as { version: string }
const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  dependencies: Readonly<Record<string, string>>
}

test('the library that verifies is the very version that the suites and the other verifiers were held against', () => {
  const toDo = 'run HIKYAKU_REQUIRE_SERVERS=1 npm test -- suites, and see test/suites/figures.ts'
  assert.equal(version, figures.library, `mailauth ${version} is installed: ${toDo}`)
  assert.equal(
    dependencies.mailauth,
    figures.library,
    `package.json asks for ${dependencies.mailauth}: ${toDo}`,
  )
})

for (const page of ['docs/authentication.md', 'docs/authentication.ja.md']) {
  test(`${page} tells the figures of the runs, and the version that they were made against`, () => {
    const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')
    const count = (value: number): string => value.toLocaleString('en')
    const rows = [
      ...[figures.spf, figures.dkim, figures.drawn, figures.arc].map(
        cases => `${count(cases)} / ${count(cases)}`,
      ),
      ...Object.values(figures.beside).map(
        ({ cases, explained }) => `${count(cases - explained)} / ${count(cases)}`,
      ),
    ]
    const missing = rows.filter(row => !text.includes(`| ${row} |`))
    assert.deepEqual(missing, [])
    assert.ok(text.includes(`mailauth ${figures.library}`))
  })
}
