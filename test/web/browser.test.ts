/** The page in a real browser: for everybody, in both languages and themes; live; and harmless whatever is shown in it. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { writeDoor } from '../../src/web/link.ts'
import { mail } from '../faults/harness.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import {
  findLapses,
  findShifts,
  findViolations,
  type Look,
  letIn,
  openContext,
  useCookie,
} from './browser-look.ts'
import { writeRecords } from './mail-records.ts'
import { type PageWorld, type SignedIn, startPageWorld } from './page.ts'
import { pages } from './pages.ts'
import { startTrickle } from './trickle.ts'

/** Where pictures of the pages are kept, for people to look at. */
const pictures = process.env.HIKYAKU_PICTURES

const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>"\'&\u202egnp.exe\u2066'
const folder = 'A<b onclick=x>&\u202eB'
/** The same as IMAP names it (RFC 3501 section 5.1.3). */
const wireFolder = 'A<b onclick=x>&-&IC4-B'

let world: PageWorld
let browser: Browser
let owner: SignedIn

/** A browser of its own that was let in: all but one by the session that the first of them began. */
const enter = (t: TestContext, look: Partial<Look> = {}): Promise<Page> =>
  letIn(t, browser, world, owner, look)

describe('the page in a browser', { skip: requireServer('chromium', hasChromium()) }, () => {
  before(async () => {
    browser = await openChromium()
    world = await startPageWorld({
      env: { SCHEDULE: '0 0 1 1 *', MAIL_FOLDERS: `INBOX,"${folder}"` },
      prepare: ({ source }) => source.imap?.create(wireFolder),
    })
    world.gmail.faults.always(
      ({ endpoint, headers }) => endpoint === 'import' && Number(headers['content-length']) > 4500,
      presets.refused(`${evil} is not right`),
    )
    const fields = (name: string): string => `Message-ID: <${name}@example.net>\r\nSubject: ${evil}\r\n`
    for (const name of ['one', 'two']) await world.source.deliver(mail(name, 900, fields(name)))
    for (const name of ['three', 'four']) await world.source.deliver(mail(name, 6000, fields(name)))
    await world.source.deliver(mail('five'), wireFolder)
    await until(() => world.gmail.accepted.length === 3, 'mail is in Gmail')
    // What comes after the first pull has a latency, and two make a line.
    for (const name of ['six', 'seven']) await world.source.deliver(mail(name))
    await until(() => world.gmail.accepted.length === 5, 'more mail is in Gmail')
    await writeRecords(world.stateDir, [
      { senderDomain: `${evil}.example`, cost: 'lost' },
      { senderDomain: 'shop.example', cost: 'possibly-lost', stamped: evil },
      { senderDomain: 'news.example', cost: 'spam' },
    ])
    owner = await world.signIn()
  })
  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  it('shows what others wrote as text, with what turns it around made visible', async t => {
    const page = await enter(t)
    await page.locator('.trouble').first().waitFor()
    const trouble = (await page.textContent('#troubles')) ?? ''
    assert.match(trouble, /<img src=x onerror=/)
    assert.match(trouble, /\\u\{202e\}gnp\.exe/)
    assert.equal(await page.locator('main img, main script, main b').count(), 0)
    await page.click('nav >> text=Messages')
    await page.locator('tbody tr').nth(2).waitFor()
    assert.match((await page.textContent('tbody')) ?? '', /A<b onclick=x>&\\u\{202e\}B/)
    assert.equal(await page.evaluate('window.hurt'), undefined)
  })

  describe('can be used by everybody', { concurrency: 3 }, () => {
    for (const locale of ['en-GB', 'ja-JP'])
      for (const scheme of ['light', 'dark'] as const)
        for (const width of [360, 1280])
          it(`${locale}, ${scheme}, ${width} px`, async t => {
            const language = locale.slice(0, 2)
            const { context, page, complaints } = await openContext(t, browser, {
              locale,
              scheme,
              width,
              reducedMotion: scheme === 'dark' ? 'reduce' : 'no-preference',
            })
            const titles: string[] = []
            for (const { name, path, ready, isStrangers = false } of pages) {
              if (isStrangers) await context.clearCookies()
              else await useCookie(context, world, owner)
              await page.goto(`http://${world.address}${isStrangers ? '/' : owner.home}${path}`)
              await page.locator(ready).first().waitFor()
              assert.deepEqual(await findLapses(page), [], name)
              assert.deepEqual(await findViolations(page), [], name)
              assert.equal(await page.getAttribute('html', 'lang'), language)
              titles.push(await page.title())
              if (pictures !== undefined) {
                mkdirSync(pictures, { recursive: true })
                const file = `${name}-${language}-${scheme}-${width}.png`
                await page.screenshot({ path: join(pictures, file), fullPage: true })
              }
              // Chromium writes every answer that is not 2xx to the console.
              if (isStrangers) assert.match(complaints.splice(0).join(), /^Failed to load resource: .* 403/)
            }
            assert.equal(
              new Set(titles).size,
              pages.length,
              `each has a title of its own: ${titles.join(' / ')}`,
            )
          })
  })

  describe('keeps still while it comes piece by piece', { concurrency: 2 }, () => {
    for (const [locale, width] of [
      ['en-GB', 1280],
      ['ja-JP', 360],
    ] as const)
      it(`${locale}, ${width} px`, async t => {
        const trickle = await startTrickle(world.address)
        t.after(() => trickle.stop())
        const { context, page } = await openContext(t, browser, { locale, width })
        await useCookie(context, world, owner)
        for (const { name, path, ready, isStrangers = false } of pages) {
          if (isStrangers) continue
          const before = trickle.pieces
          await page.goto(`http://${trickle.address}${owner.home}${path}`)
          await page.locator(ready).first().waitFor()
          assert.ok(trickle.pieces - before > 10, `${name} came in pieces`)
          assert.deepEqual(await findShifts(page), [], name)
        }
      })
  })

  it('shows a message soon after it reached Gmail, without being loaded anew', async t => {
    const page = await enter(t)
    await page.click('nav >> text=Messages')
    await page.locator('tbody tr').first().waitFor()
    await page.evaluate('window.isTheSame = true')
    // The page itself notes when a row came, so that nothing else that is slow is in the figure.
    await page.evaluate(`
      window.cameAtMs = []
      new MutationObserver(() => {
        const rows = document.querySelectorAll('tbody tr').length
        while (window.cameAtMs.length < rows - ${await page.locator('tbody tr').count()}) window.cameAtMs.push(Date.now())
      }).observe(document.getElementById('rows'), { childList: true, subtree: true })`)
    const tookMs: number[] = []
    const before = world.gmail.accepted.length
    for (let count = 1; count <= 5; count += 1) {
      await world.source.deliver(mail(`live ${count}`))
      await until(() => page.evaluate(`window.cameAtMs.length === ${count}`), 'it is on the page')
      const cameAtMs = Number(await page.evaluate(`window.cameAtMs[${count - 1}]`))
      tookMs.push(cameAtMs - (world.gmail.accepted[before + count - 1]?.atMs ?? 0))
    }
    t.diagnostic(`on the page ${tookMs.join(', ')} ms after Gmail had it`)
    // Of a machine that does other things, too: the best. The look once a minute would have shown each, too.
    assert.ok(Math.min(...tookMs) < 1000)
    assert.match((await page.textContent('tbody')) ?? '', /live 5/)
    await until(async () => /new message/.test((await page.textContent('#told')) ?? ''), 'it is said')
    assert.equal(await page.evaluate('window.isTheSame'), true)
  })

  it('works without JavaScript: looks for mail, and tries again what is aside', async t => {
    const { page } = await openContext(t, browser, { locale: 'ja', javaScript: false })
    await page.goto(await world.newLink())
    await page.waitForURL(/\/[\w-]{22}\/$/)
    const logins = (): number => world.source.imap?.ledger.commands.length ?? 0
    const before = logins()
    await page.click('#do-check-now')
    await page.locator('.notice').waitFor()
    assert.match((await page.textContent('.notice')) ?? '', /今すぐメールを確認するよう伝えました/)
    await until(() => logins() > before, 'the daemon looks')
    const accepted = world.gmail.accepted.length
    world.gmail.faults.clear()
    await page.click('button[id^="do-retry"]')
    await page.locator('.notice').waitFor()
    await until(() => world.gmail.accepted.length === accepted + 2, 'what was refused is in Gmail')
    assert.ok(!page.url().includes('retry/'))
  })

  it('is reached and used by the keyboard alone', async t => {
    const page = await enter(t)
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.id'), 'do-check-now')
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none')
    await page.keyboard.press('Enter')
    await page.locator('.notice').waitFor()
  })

  it('says what was done once, and not again when it is loaded anew', async t => {
    const page = await enter(t)
    // A page that is kept up to date, and one that is not; each as a button's form is sent there.
    for (const path of ['?done=check-now&count=1', 'settings?done=settle&count=1&of=0']) {
      await page.goto(`http://${world.address}${owner.home}${path}`)
      await page.locator('.notice').waitFor()
      await page.waitForURL(address => address.search === '')
      await page.reload()
      assert.equal(await page.locator('.notice').count(), 0, path)
    }
  })

  it('is shown in no frame of another page, whoever is signed in', async t => {
    const context = await browser.newContext()
    t.after(() => context.close())
    await useCookie(context, world, owner)
    const page = await context.newPage()
    await page.setContent(`<iframe src="http://${world.address}${owner.home}"></iframe>`)
    await until(() => page.frames()[1]?.url() === 'chrome-error://chromewebdata/', 'the frame is refused')
  })

  it('is opened by the private page that `hikyaku dashboard` hands to a browser', async t => {
    const context = await browser.newContext()
    t.after(() => context.close())
    const page = await context.newPage()
    await page.goto(`file://${await writeDoor(world.stateDir, await world.newLink())}`)
    await page.waitForURL(/^http:.*\/[\w-]{22}\/$/)
    await page.locator('#mailboxes article').first().waitFor()
    await page.goto(`http://${world.address}/`)
    assert.equal(await page.locator('#mailboxes').count(), 0, 'no more than this path')
  })
})
