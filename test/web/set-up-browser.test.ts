/**
 * From nothing to the first mail in Gmail in a real browser: a real mail server, the stand-in's Google; in Japanese with
 * JavaScript on a telephone's screen, and in English without it. Every page is looked at as everybody's.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Language } from '../../src/base/language.ts'
import { makeSetupWords, pageSetupWords } from '../../src/web/setup/words.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { type Running, startHikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from '../setup/world.ts'
import { findLapses, findViolations, type Look, openContext } from './browser-look.ts'
import { ask } from './page.ts'

const pictures = process.env.HIKYAKU_PICTURES
const skip = requireServer('chromium', hasChromium()) || requireServer('dovecot', dovecotMissing())
const names = new URL('../setup/loopback-names.ts', import.meta.url).href

let browser: Browser

/** What a page is made of. */
const describeKind = `[...new Set([...document.querySelectorAll('#step input:not([type=hidden]), #step textarea, #step select, #step button.other, #step pre, #step svg, #problem, .told, [role=status]')]
  .map(({ localName, type = '', className }) => localName + type + (typeof className === 'string' ? className : '')))].join(' ')`

interface Walk {
  readonly world: SetupWorld
  readonly running: Running
  readonly page: Page
  readonly context: BrowserContext
  readonly words: ReturnType<typeof makeSetupWords>['en']
  readonly own: (typeof pageSetupWords)['en']
  /** Waits for a question by its heading; the page is looked at. */
  asks(heading: string): Promise<void>
  /** What stands above the question. */
  told(text: string): Promise<void>
  type(answer: string): Promise<void>
  choose(label: string): Promise<void>
  next(): Promise<void>
  back(): Promise<void>
  /** Every text that was shown, and every address. */
  everything(): string
}

async function startWalk(t: TestContext, language: Language, look: Partial<Look>): Promise<Walk> {
  const world = await startSetupWorld()
  for (const folder of ['', 'Junk', 'Orders']) await world.deliver(folder, 'there before')
  const running = startHikyaku(['setup', '--browser'], {
    env: { ...world.env, HIKYAKU_LANG: language },
    cwd: world.home,
    nodeArgs: ['--import', names],
  })
  t.after(async () => {
    running.kill('SIGTERM')
    await running.ended
    await world.stop()
    assert.deepEqual(world.gmail.bugs, [])
  })
  await until(() => /\/enter\/[\w-]{43}/.test(running.stdout()), 'the link')
  const link = /http:\S+\/enter\/[\w-]{43}/.exec(running.stdout())?.[0] ?? ''
  const seen: string[] = []
  const { context, page } = await openContext(t, browser, { locale: language, ...look })
  context.on('request', asked => seen.push(asked.url()))
  const words = makeSetupWords('user@host')[language]
  let shot = 0
  const kinds = new Set<string>()
  await page.goto(link)
  // Whoever judges is a program of the page: where that runs none, another window shows the same.
  const judge =
    look.javaScript === false
      ? await openContext(t, browser, { locale: language, ...look, javaScript: true })
      : undefined
  const showTo = async (other: typeof judge): Promise<Page> => {
    if (other === undefined) return page
    await other.context.addCookies(await context.cookies(page.url()))
    await other.page.goto(page.url())
    return other.page
  }
  const heading = page.locator('h1')
  return {
    world,
    running,
    page,
    context,
    words,
    own: pageSetupWords[language],
    async asks(text) {
      const [first = ''] = text.split('\n')
      try {
        await heading.filter({ hasText: first }).waitFor({ timeout: 20_000 })
      } catch (cause) {
        throw new Error(`not asked: ${first}\n${await page.locator('body').textContent()}`, { cause })
      }
      seen.push(await page.content())
      // It takes its time: once for each kind of page.
      const kind = String(await page.evaluate(describeKind))
      if (!kinds.has(kind)) {
        const judged = await showTo(judge)
        await judged.evaluate('window.shifted = []')
        assert.deepEqual(await findLapses(judged), [], first)
        assert.deepEqual(await findViolations(judged), [], first)
      }
      kinds.add(kind)
      if (pictures === undefined) return
      mkdirSync(pictures, { recursive: true })
      shot += 1
      const name = `set-up-${language}-${String(shot).padStart(2, '0')}.png`
      await page.screenshot({ path: join(pictures, name), fullPage: true })
    },
    async told(text) {
      for (const line of text.split('\n').filter(part => part.trim() !== ''))
        await page
          .locator('#told, #problem, #more')
          .getByText(line.replace(/^- |`/g, '').slice(0, 30))
          .first()
          .waitFor()
    },
    type: answer => page.locator('#answer').fill(answer),
    choose: label => page.getByLabel(label, { exact: true }).check(),
    next: () => page.click('#next'),
    back: () => page.click('#back'),
    everything: () => seen.join('\n'),
  }
}

/** What the owner does on Google's page in the tab that the button opens; it comes back to the listener by itself. */
async function allowAtGoogle({ page, context }: Walk): Promise<void> {
  const opened = context.waitForEvent('page')
  await page.click('a.button')
  const tab = await opened
  await tab.check(`[id="account-${owner}"]`)
  for (const scope of ['gmail.insert', 'gmail.labels']) await tab.check(`[id="scope-${scope}"]`)
  await tab.click('#allow')
  await tab.waitForSelector('#ja')
  await tab.close()
}

/** The same on another computer: the address that its browser ends on. */
async function allowElsewhere({ page, world }: Walk): Promise<string> {
  const link = (await page.getAttribute('a.button', 'href')) ?? ''
  const { searchParams } = new URL(link)
  const form = new URLSearchParams(searchParams)
  form.set('account', owner)
  form.set('decision', 'allow')
  for (const scope of (searchParams.get('scope') ?? '').split(' ')) form.append('granted', scope)
  const answer = await fetch(world.gmail.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

/** As a person drops a file on the page. */
const dropFile = (page: Page, name: string, text: string): Promise<unknown> =>
  page.evaluate(
    `{
      const files = new DataTransfer()
      files.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}, { type: 'application/json' }))
      document.getElementById('drop').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: files }))
    }`,
  )

async function walkToGoogle(walk: Walk): Promise<void> {
  const { words, asks, told, type, choose, next, back } = walk
  await asks(words.address.question)
  // Who has no pointer: the field has the focus, and Enter goes on.
  await walk.page.keyboard.type('shop')
  await walk.page.keyboard.press('Enter')
  await asks(words.address.question)
  await told(words.address.wrong)
  assert.equal(await walk.page.inputValue('#answer'), 'shop')
  await type(address)
  await next()
  await asks(words.server.which)
  await back()
  await asks(words.address.question)
  assert.equal(await walk.page.inputValue('#answer'), address, 'what was answered is offered')
  await next()
  await asks(words.server.which)
  await next()
  await asks(words.login.user)
  await next()
  await asks(words.login.password(address))
  await type('a wrong one')
  await next()
  await asks(words.login.whatToCorrect)
  await told(words.login.hints.refused())
  await next()
  await asks(words.login.password(address))
  await type(password)
  await next()
  await asks(words.folders.spam('Junk'))
  await told(words.login.worked('imap', true))
  await next()
  await asks(words.folders.more)
  await choose('Orders')
  await next()
  await asks(words.start.cameBy)
  await next()
  await asks(words.start.question)
  await next()
  await asks(words.after.question)
  await next()
  await asks(words.label.question)
  await type('Sent')
  await next()
  await told(words.label.wrong)
  await type('shop')
  await next()
  await asks(words.label.archive)
  await next()
  await asks(words.google.account)
  await type(owner)
  await next()
  await asks(words.way.question)
  await told(words.way.explain.split('\n')[0] ?? '?')
  await next()
  for (const step of [1, 2, 3, 4, 5]) {
    await asks(words.google.stepDone(step, 5))
    await told(words.google.steps(owner)[step - 1]?.split('\n')[0] ?? '?')
    assert.equal(await walk.page.locator('svg[role="img"][aria-label]').count(), 1)
    if (step === 2) {
      await back()
      await asks(words.google.stepDone(1, 5))
      await told(words.google.stepsAhead(owner))
      await next()
      await asks(words.google.stepDone(2, 5))
    }
    await next()
  }
  await asks(words.google.clientFile)
}

async function walkToTheEnd(walk: Walk): Promise<void> {
  const { world, words, own, asks, told, choose, next } = walk
  await asks(words.pull.question)
  await told(words.google.works(owner))
  await next()
  await asks(words.service.question)
  await choose(words.service.later)
  await next()
  await asks(own.ended.pulled)
  await told(words.done)
  assert.equal(world.gmail.messages(owner).length, 3)
}

async function assertNoSecretWasShown(walk: Walk): Promise<void> {
  const { world, running } = walk
  const ended = await running.ended
  const yaml = await readFile(world.configFile, 'utf8')
  const shown = [walk.everything(), ended.stdout, ended.stderr, yaml].join('\n')
  for (const secret of [password, 'a wrong one', world.gmail.client.secret ?? '?', '1//0', 'ya29.'])
    assert.ok(!shown.includes(secret), `${secret} was shown`)
  assert.equal(ended.code, 0, ended.stderr)
  assert.ok(!existsSync(join(world.stateDir, 'setup.json')), 'what was kept is forgotten')
}

describe('the set-up in a browser', { skip, concurrency: true }, () => {
  before(async () => {
    browser = await openChromium()
  })
  after(() => browser?.close())

  it('goes from nothing to the first mail in Japanese at 360 px, live, with the file dropped and the consent in a tab', async t => {
    const walk = await startWalk(t, 'ja', { width: 360, scheme: 'dark' })
    const { world, page, words, asks, told, next } = walk
    const host = new URL(page.url()).host
    await walkToGoogle(walk)
    await page.reload()
    await asks(words.google.clientFile)
    await dropFile(page, 'picture.png', 'no JSON')
    await asks(words.google.clientFile)
    await told(words.google.clientFileHints['not-json'])
    await dropFile(page, 'client.json', await readFile(join(world.home, 'client.json'), 'utf8'))
    await asks(words.google.consentReady)
    await page
      .locator('#more')
      .getByText(words.google.consent(false).split('\n')[0] ?? '?')
      .waitFor()
    // Before the page's own script has run, the button leads elsewhere.
    await until(
      async () => (await page.evaluate('history.state?.isQuestion === true')) === true,
      'the page knows its place',
    )
    await page.goBack()
    await asks(words.google.clientFile)
    assert.equal(await page.inputValue('#answer'), '', 'what holds a secret is not offered again')
    await dropFile(page, 'client.json', await readFile(join(world.home, 'client.json'), 'utf8'))
    await asks(words.google.consentReady)
    await next()
    await asks(words.google.paste)
    await allowAtGoogle(walk)
    await asks(words.google.trapQuestion)
    world.gmail.oauth.rules.testing = false // "Publish app"
    await next()
    await asks(words.google.consentReady)
    await next()
    await asks(words.google.paste)
    await allowAtGoogle(walk)
    // A stranger on this computer, and a page of another origin in the owner's own browser.
    const path = new URL(page.url()).pathname
    await asks(words.pull.question)
    const stranger = await ask(host, path)
    assert.equal(stranger.status, 403)
    assert.ok(!stranger.text.includes('name="answer"'))
    const [cookie] = await walk.context.cookies(page.url())
    const headers = {
      cookie: `${cookie?.name}=${cookie?.value}`,
      'content-type': 'application/x-www-form-urlencoded',
    }
    const evil = { method: 'POST', headers: { ...headers, origin: 'http://evil.example' }, body: 'answer=no' }
    assert.equal((await ask(host, path, evil)).status, 403)
    assert.equal(
      (await ask(`localhost:${host.split(':')[1]}`, path, { headers: { host: 'evil.example' } })).status,
      403,
    )
    await walkToTheEnd(walk)
    await assertNoSecretWasShown(walk)
  })

  it('goes the same way in English without JavaScript, with the file chosen and the address pasted', async t => {
    const walk = await startWalk(t, 'en', { width: 1280, javaScript: false })
    const { world, page, words, asks, told, next, type } = walk
    world.gmail.oauth.rules.testing = false
    await walkToGoogle(walk)
    const web = JSON.stringify({
      web: JSON.parse(await readFile(join(world.home, 'client.json'), 'utf8')).installed,
    })
    await writeFile(join(world.home, 'web.json'), web)
    await page.setInputFiles('#file', join(world.home, 'web.json'))
    await next()
    await asks(words.google.clientFile)
    await told(words.google.clientFileHints['web-client'].slice(0, 30))
    await page.setInputFiles('#file', join(world.home, 'client.json'))
    await next()
    await asks(words.google.consentReady)
    await next()
    await asks(words.google.pasteHere)
    await told('ssh -L ')
    const url = await allowElsewhere(walk)
    await type('https://accounts.google.com/signin')
    await next()
    await asks(words.google.pasteHere)
    await told('ssh -L ')
    await type(url)
    await next()
    await walkToTheEnd(walk)
    await assertNoSecretWasShown(walk)
  })
})
