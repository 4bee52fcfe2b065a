/** `hikyaku provider`: what is known of a host, in either language, in 80 columns, and as JSON. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { findNearestNames } from '../../src/base/spelling.ts'
import { measureWidth } from '../../src/base/text-width.ts'
import { makeInvocation } from '../../src/commands/invocation.ts'
import { providerCommand } from '../../src/commands/provider.ts'
import { presetById, presets } from '../../src/discovery/presets.ts'
import { hikyaku } from '../servers/hikyaku.ts'

const run = (...args: readonly string[]) => hikyaku(['provider', ...args], { env: {}, cwd: tmpdir() })

/** The same as the child prints, without a child for each of the hosts. */
async function say(language: 'en' | 'ja', name?: string, json = false): Promise<string> {
  const stdout = new PassThrough()
  await providerCommand({ ...makeInvocation({ language, json, env: process.env }), stdout }, name)
  return String(stdout.read())
}

/** An address is not broken up. */
const isAddress = (line: string): boolean => /^\s*(- )?(.{0,20}: )?https:\/\/\S+$/.test(line)

describe('hikyaku provider', () => {
  it('lists every host with the name that the set-up takes, by region', async () => {
    for (const language of ['en', 'ja'] as const) {
      const { stdout, code } = await run('--lang', language)
      assert.equal(code, 0)
      const listed = [...stdout.matchAll(/^ {2}(\S+) {2,}(\S.*)$/gm)].map(([, id, name]) => [id, name])
      assert.deepEqual(
        listed,
        presets.map(({ id, name }) => [id, name[language]]),
      )
      for (const line of stdout.split('\n')) assert.ok(measureWidth(line) <= 80, line)
    }
  })

  it('says of every host what is known, from where, and what is not, in 80 columns of either language', async () => {
    for (const language of ['en', 'ja'] as const)
      for (const { id, imap, smtp, sources, notes } of presets) {
        const said = await say(language, id)
        for (const line of said.split('\n'))
          assert.ok(measureWidth(line) <= 80 || isAddress(line), `${id}: ${line}`)
        const unknown =
          language === 'ja' ? /受信メールサーバー（IMAP） +不明/ : /Receiving \(IMAP\) +not known/
        assert.equal(unknown.test(said), imap === undefined, id)
        if (smtp !== undefined && !smtp.host.includes('<')) assert.ok(said.includes(`${smtp.host}`), id)
        for (const { page, date } of sources)
          assert.ok(said.includes(page ?? date) && said.includes(date), id)
        const words = said.replace(/\s/g, '')
        for (const note of notes) assert.ok(words.includes(note[language].replace(/\s/g, '')), id)
        assert.doesNotMatch(said, /undefined|\[object|<server>|<domain>/, id)
      }
  })

  it('says how sure each fact is, by its best source', async () => {
    const { stdout } = await run('sakura')
    assert.match(stdout, /DKIM signature +since January 2024.*\[its own pages\]/)
    assert.match(stdout, /User name +the whole address \[others’ pages\]/)
    assert.match(stdout, /Receiving \(POP3\) +not known\n/)
  })

  it('finds a host by either name, an address at it, its domain, and a server’s name', async () => {
    for (const name of ['xserver', 'XSERVER', 'エックスサーバー', 'ｘｓｅｒｖｅｒ', 'sv1234.xserver.jp'])
      assert.match(await say('en', name), /^Xserver {2}\(xserver\)/, name)
    assert.match(await say('en', 'taro@gmx.de'), /\(gmx\)/)
    assert.match(await say('ja', 'ybb.ne.jp'), /\(yahoo-bb\)/)
  })

  it('asks "did you mean" of a name that is not known, and ends as for any other mistake', async () => {
    for (const [wrong, right] of [
      ['xsever', 'xserver'],
      ['さくら', 'sakura'],
      ['conoha', 'conoha-wing'],
      ['lolipopp', 'lolipop'],
    ] as const)
      for (const language of ['en', 'ja'] as const)
        await assert.rejects(say(language, wrong), (fault: unknown) => {
          assert.ok(fault instanceof Fault && fault.code === 'usage.invalid')
          const what = String(fault.facts.what)
          assert.ok(what.includes(right), what)
          assert.match(what, language === 'ja' ? /のことですか？/ : /did you mean/)
          return true
        })
    const slip = await run('xsever', '--lang', 'ja')
    assert.deepEqual([slip.code, slip.stdout], [2, ''])
    assert.match(slip.stderr, /xserver のことですか？/)
    const { stderr, code } = await run('\u001b[31mnobody@shop.example')
    assert.equal(code, 2)
    assert.ok(!stderr.includes('\u001b') && stderr.includes('`hikyaku provider`'), stderr)
  })

  it('gives one JSON object, and null for what is not known', async () => {
    const { stdout, code } = await run('lolipop', '--json')
    assert.equal(code, 0)
    const { ok, provider } = JSON.parse(stdout)
    assert.ok(ok)
    assert.deepEqual(provider.smtp, { host: 'smtp.lolipop.jp', port: 465, security: 'tls' })
    assert.equal(provider.dmarc, null)
    assert.ok(provider.sources.every(({ facts }: { facts: string[] }) => facts.length > 0))
    const all = JSON.parse(await say('ja', undefined, true))
    assert.equal(all.providers.length, presets.length)
    const failed = JSON.parse((await run('xsever', '--json')).stdout)
    assert.deepEqual([failed.ok, failed.exitCode, failed.fault.code], [false, 2, 'usage.invalid'])
    assert.ok(presetById('lolipop')?.dmarc === undefined)
  })
})

describe('the nearest of known words', () => {
  it('are slips of the hand away, or begin alike; nothing far away and nothing for nothing', () => {
    const known = ['status', 'setup', 'service', 'report', 'retry', '迷惑メール']
    assert.deepEqual(findNearestNames('sttaus', known), ['status'])
    assert.deepEqual(findNearestNames('STATSU', known), ['status'])
    assert.deepEqual(findNearestNames('rep', known), ['report'])
    assert.deepEqual(findNearestNames('迷惑めール', known), ['迷惑メール'])
    assert.deepEqual(findNearestNames('zebra', known), [])
    assert.deepEqual(findNearestNames('  ', known), [])
  })

  it('are found in a time that a long text does not lengthen', () => {
    const before = process.threadCpuUsage()
    findNearestNames(
      'x'.repeat(1_000_000),
      Array.from({ length: 500 }, (_, at) => `${at}`.repeat(50)),
    )
    const { user, system } = process.threadCpuUsage(before)
    assert.ok(user + system < 3_000_000, `${user + system} microseconds of the processor`)
  })
})
