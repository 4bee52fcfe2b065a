/** The page in a real browser: for everybody, in both languages and themes; live; and harmless whatever is shown in it. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { writeDoor } from '../../src/web/link.ts'
import { mail } from '../faults/harness.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { type PageWorld, startPageWorld } from './page.ts'

/** Where pictures of the pages are kept, for people to look at. */
const pictures = process.env.HIKYAKU_PICTURES

const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>"\'&\u202egnp.exe\u2066'
const folder = 'A<b onclick=x>&\u202eB'
/** The same as IMAP names it (RFC 3501 section 5.1.3). */
const wireFolder = 'A<b onclick=x>&-&IC4-B'

let world: PageWorld
let browser: Browser
let axe: string

interface Look {
  readonly locale: string
  readonly scheme: 'light' | 'dark'
  readonly width: number
}

/** A browser of its own that was let in. */
async function letIn(t: TestContext, look: Partial<Look> = {}, javaScriptEnabled = true): Promise<Page> {
  const { locale = 'en-GB', scheme = 'light', width = 1280 } = look
  const context: BrowserContext = await browser.newContext({
    locale,
    colorScheme: scheme,
    viewport: { width, height: 800 },
    javaScriptEnabled,
  })
  t.after(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', line => line.type() === 'error' && complaints.push(line.text()))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('dialog', dialog => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  t.after(() => assert.deepEqual(complaints, [], 'the browser complains of nothing'))
  await page.goto(await world.newLink())
  await page.waitForURL(/\/[\w-]{22}\/$/)
  return page
}

/** What axe finds, as one can read it. */
async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const answer = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
  const { violations } = answer as {
    violations: readonly {
      id: string
      help: string
      nodes: readonly { html: string; failureSummary: string }[]
    }[]
  }
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(n => `${n.html} ${n.failureSummary}`).join(' | ')}`,
  )
}

describe('the page in a browser', { skip: requireServer('chromium', hasChromium()) }, () => {
  before(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
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
  })
  after(async () => {
    await browser?.close()
    await world?.stop()
  })

  it('shows what others wrote as text, with what turns it around made visible', async t => {
    const page = await letIn(t)
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

  for (const locale of ['en-GB', 'ja-JP'])
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [360, 1280])
        it(`can be used by everybody: ${locale}, ${scheme}, ${width} px`, async t => {
          const page = await letIn(t, { locale, scheme, width })
          for (const name of ['overview', 'messages']) {
            if (name === 'messages') await page.click('nav a[href="messages"]')
            await page
              .locator(name === 'messages' ? 'tbody tr' : '#mailboxes article')
              .first()
              .waitFor()
            assert.deepEqual(await findViolations(page), [], name)
            const wide = await page.evaluate(
              'document.documentElement.scrollWidth - document.documentElement.clientWidth',
            )
            assert.equal(wide, 0, `${name} is no wider than the screen`)
            if (pictures !== undefined) {
              mkdirSync(pictures, { recursive: true })
              const file = `${name}-${locale.slice(0, 2)}-${scheme}-${width}.png`
              await page.screenshot({ path: join(pictures, file), fullPage: true })
            }
          }
          assert.equal(await page.getAttribute('html', 'lang'), locale.slice(0, 2))
        })

  it('shows a message soon after it reached Gmail, without being loaded anew', async t => {
    const page = await letIn(t)
    await page.click('nav >> text=Messages')
    await page.locator('tbody tr').first().waitFor()
    await page.evaluate('window.isTheSame = true')
    const rows = await page.locator('tbody tr').count()
    const before = world.gmail.accepted.length
    await world.source.deliver(mail('live'))
    await until(() => world.gmail.accepted.length === before + 1, 'it is in Gmail')
    const beganMs = performance.now()
    await until(async () => (await page.locator('tbody tr').count()) === rows + 1, 'it is on the page')
    const tookMs = performance.now() - beganMs
    t.diagnostic(`on the page ${Math.round(tookMs)} ms after Gmail had it`)
    // The look once a minute would have shown it, too.
    assert.ok(tookMs < 5000)
    assert.equal(await page.evaluate('window.isTheSame'), true)
  })

  it('works without JavaScript: looks for mail, and tries again what is aside', async t => {
    const page = await letIn(t, { locale: 'ja' }, false)
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
    const page = await letIn(t)
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.id'), 'do-check-now')
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none')
    await page.keyboard.press('Enter')
    await page.locator('.notice').waitFor()
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
