/** Every kind of question on a page, whatever is asked: escaped, with what was wrong, and its answer; and the bounds of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SetupLeft, StepBack } from '../../src/setup/asker.ts'
import { makeReader } from '../../src/web/layout.ts'
import { makePageAsker } from '../../src/web/setup/page-asker.ts'
import { setUpPage } from '../../src/web/setup/pages.ts'
import { type ConverseOnPage, makeSetUps, type SetUp, type Wanted } from '../../src/web/setup/set-ups.ts'
import { until } from '../servers/until.ts'

const evil = '<img src=x onerror=alert(1)>"\'&\u202egnp'
const wanted: Wanted = { part: 'everything', answers: {}, language: 'en' }
const session = { home: 'home', key: 'key' }

function begin(converse: ConverseOnPage, waitMs?: number): SetUp {
  const setUp = makeSetUps(converse, waitMs).begin('home', wanted)
  assert.ok(setUp)
  return setUp
}
const show = async (setUp: SetUp): Promise<string> =>
  String(await setUpPage(makeReader('en'), { session, overview: undefined }, setUp))
const send = (setUp: SetUp, ...values: string[]): void => setUp.page.answer({ values, file: undefined })

describe('a question on a page', () => {
  it('of each kind is shown as text, and takes its answer', async () => {
    const answers: unknown[] = []
    const setUp = begin(async (_, { asker }) => {
      asker.tell('bad', `${evil}\nhttps://evil.example/ https://console.cloud.google.com/auth/audience`)
      answers.push(
        await asker.text({
          id: 'a',
          message: evil,
          initial: evil,
          check: text => (text === 'x' ? evil : undefined),
        }),
      )
      answers.push(await asker.secret({ id: 'b', message: evil }))
      const many = Array.from({ length: 60 }, (_value, at) => ({ value: `v${at}`, label: `${evil} ${at}` }))
      answers.push(await asker.choose({ id: 'c', message: evil, choices: many, initial: 'v7' }))
      answers.push(
        await asker.choose({
          id: 'd',
          message: evil,
          choices: [{ value: evil, label: evil, hint: evil }],
          initial: evil,
        }),
      )
      answers.push(
        await asker.several({ id: 'e', message: evil, choices: many.slice(0, 3), initial: ['v1'] }),
      )
      return 'changed'
    })
    const { page } = setUp
    await page.whenOpen(1000)
    const first = await show(setUp)
    assert.ok(!first.includes('<img'))
    // A field holds what is edited; all else is made visible.
    assert.ok(!first.replace(/value="[^"]*"/g, '').includes('\u202e'))
    assert.ok(first.includes('href="https://console.cloud.google.com/auth/audience"'))
    assert.ok(!first.includes('href="https://evil'), 'what others say leads nowhere')
    send(setUp, '')
    assert.match(await show(setUp), /aria-invalid="true"/)
    send(setUp, 'x')
    const wrong = await show(setUp)
    assert.match(wrong, /id="problem"/)
    assert.match(wrong, /value="x"/)
    assert.match(wrong, /<title>Correct this: /)
    send(setUp, ' as it is meant ')
    await page.whenOpen(1000)
    send(setUp, '')
    assert.match(await show(setUp), /type="password"[^>]*aria-invalid/)
    send(setUp, ' a secret ')
    await until(() => page.open()?.ask.question.id === 'c', 'the list')
    const list = await show(setUp)
    assert.ok(!list.includes('a secret'))
    assert.match(list, /<select [^>]*>.*<option value="v7" selected>/s)
    send(setUp, 'not offered')
    assert.equal(page.open()?.ask.question.id, 'c')
    send(setUp, 'v9')
    await until(() => page.open()?.ask.question.id === 'd', 'one choice')
    assert.ok(!(await show(setUp)).includes('<img'))
    send(setUp, evil)
    await until(() => page.open()?.ask.question.id === 'e', 'several')
    assert.match(await show(setUp), /type="checkbox"[^>]*value="v1" checked/)
    send(setUp, 'v0', 'v2', 'not offered')
    await until(() => setUp.ended() !== undefined, 'the end')
    assert.deepEqual(answers, ['as it is meant', ' a secret ', 'v9', evil, ['v0', 'v2']])
  })

  it('never shows again what may hold a secret: typed, pasted or offered', async () => {
    const page = makePageAsker(() => 'empty')
    const setUp = { page, wanted, ended: () => undefined } as unknown as SetUp
    const isSecret = (text: string): boolean => text.startsWith('{')
    const check = (): string => 'wrong'
    const asked = page.asker.text({ id: 'a', message: 'm', isSecret, check, initial: '{"client_secret"}' })
    asked.catch(() => {})
    assert.ok(!(await show(setUp)).includes('client_secret'))
    send(setUp, '{"client_secret":"x"}')
    assert.ok(!(await show(setUp)).includes('client_secret'))
    page.leave()
    await assert.rejects(asked, SetupLeft)
    const pasted = page.asker.text({ id: 'b', message: 'm', partial: () => undefined, check })
    pasted.catch(() => {})
    send(setUp, 'http://127.0.0.1/?code=x')
    assert.ok(!(await show(setUp)).includes('code=x'))
    page.leave()
  })

  it('is withdrawn when something else answers it, goes back only where there is a way, and keeps what stood above it', async () => {
    const page = makePageAsker(() => 'empty')
    const stop = new AbortController()
    const waiting = page.asker.text({ id: 'wait', message: 'm', until: stop.signal })
    stop.abort()
    assert.equal(await waiting, '')
    page.asker.tell('info', 'before the first')
    const first = page.asker.text({ id: 'first', message: 'm' })
    page.goBack()
    assert.ok(page.open(), 'there is no way back')
    page.answer({ values: ['1'], file: undefined })
    await first
    page.asker.tell('info', 'after the first')
    const second = page.asker.text({ id: 'second', message: 'm', back: 'Back' })
    const wentBack = assert.rejects(second, StepBack)
    page.goBack()
    await wentBack
    const again = page.asker.text({ id: 'first', message: 'm' })
    assert.deepEqual(
      page.told().map(({ text }) => text),
      ['before the first'],
    )
    page.answer({ values: ['2'], file: undefined })
    await again
  })
})

describe('set-ups in browsers', () => {
  const asks: ConverseOnPage = async (_, { asker }) => {
    await asker.text({ id: 'a', message: 'm' })
    return 'changed'
  }

  it('close when nobody answers for long, and are forgotten some time after their end', async () => {
    const setUps = makeSetUps(asks, 40)
    const setUp = setUps.begin('home', wanted)
    await until(() => setUp?.ended() !== undefined, 'it is closed')
    assert.equal(setUp?.ended()?.kind, 'abandoned')
    await until(() => setUps.of('home') === undefined, 'it is forgotten')
  })

  it('do not close over work that takes long', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let isEnded = false
    const setUp = begin(async (_wanted, _page, signal) => {
      signal.addEventListener('abort', () => {
        isEnded = true
      })
      await promise
      return 'pulled'
    }, 20)
    await new Promise(done => setTimeout(done, 100))
    assert.equal(isEnded, false)
    resolve()
    await until(() => setUp.ended()?.kind === 'pulled', 'it ends by itself')
  })

  it('are a few at once, one for each session', async () => {
    const setUps = makeSetUps(asks)
    const all = ['a', 'b', 'c', 'd', 'e'].map(home => setUps.begin(home, wanted))
    assert.deepEqual(
      all.map(setUp => setUp !== undefined),
      [true, true, true, true, false],
    )
    const other = setUps.begin('a', wanted)
    assert.notEqual(other?.id, all[0]?.id)
    await until(() => all[0]?.ended()?.kind === 'left', 'the one before is left')
    setUps.close()
    await until(() => all[3]?.ended()?.kind === 'left', 'and all when the page closes')
  })

  it('show a fault as what happened, what it means, and what to do', async () => {
    const setUp = begin(async () => {
      throw new Error(evil)
    })
    await until(() => setUp.ended()?.kind === 'failed', 'it failed')
    const page = await show(setUp)
    assert.ok(!page.includes('<img'))
    assert.equal(page.match(/<h1/g)?.length, 1)
  })
})
