/** A browser that was let in, and what it, axe and a judge like Lighthouse have to say of a page. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { PageWorld, SignedIn } from './page.ts'

export interface Look {
  readonly locale: string
  readonly scheme: 'light' | 'dark'
  readonly width: number
  readonly javaScript: boolean
  readonly reducedMotion: 'reduce' | 'no-preference'
}

/** A context of its own. Whatever the browser complains of fails the test. */
export async function openContext(
  t: TestContext,
  browser: Browser,
  look: Partial<Look> = {},
): Promise<{ readonly context: BrowserContext; readonly page: Page; readonly complaints: string[] }> {
  const {
    locale = 'en-GB',
    scheme = 'light',
    width = 1280,
    javaScript = true,
    reducedMotion = 'no-preference',
  } = look
  const context = await browser.newContext({
    locale,
    colorScheme: scheme,
    reducedMotion,
    viewport: { width, height: 800 },
    javaScriptEnabled: javaScript,
  })
  t.after(() => context.close())
  if (javaScript) await context.addInitScript(watchShifts)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', line => /^(error|warning)$/.test(line.type()) && complaints.push(line.text()))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('dialog', dialog => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  t.after(() => assert.deepEqual(complaints, [], 'the browser complains of nothing'))
  return { context, page, complaints }
}

/** The same, with the cookie of somebody who was let in, at the first page. */
export async function letIn(
  t: TestContext,
  browser: Browser,
  world: PageWorld,
  owner: SignedIn,
  look: Partial<Look> = {},
): Promise<Page> {
  const { context, page } = await openContext(t, browser, look)
  await useCookie(context, world, owner)
  await page.goto(`http://${world.address}${owner.home}`)
  return page
}

export async function useCookie(context: BrowserContext, world: PageWorld, owner: SignedIn): Promise<void> {
  const [name = '', value = ''] = owner.cookie.split('=')
  const domain = world.address.replace(/:\d+$/, '')
  await context.addCookies([{ name, value, domain, path: owner.home, httpOnly: true, sameSite: 'Strict' }])
}

/**
 * Before the page's own scripts: what moved by itself (Layout Instability API), of which nobody sees a thousandth: while a page
 * comes in two pieces a line may end up a part of a pixel lower. Lighthouse calls a tenth good.
 */
const watchShifts = `
  window.shifted = []
  new PerformanceObserver(list => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput && value >= 0.001) window.shifted.push(value + ' ' + sources.map(({ node }) => node?.outerHTML?.slice(0, 120)).join(' | '))
  }).observe({ type: 'layout-shift', buffered: true })
`

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds, as one can read it. Rules beside the usual ones: targets of 24 px (WCAG 2.2, 2.5.8). */
export async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const answer = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })",
  )
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

/** What moved by itself since the page began. */
export async function findShifts(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(async () => {
    // Two frames, so that what is laid out late was laid out.
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    return window.shifted.map(shift => 'layout shift ' + shift)
  })()`)) as readonly string[]
}

/**
 * What Lighthouse would ask beyond axe (https://developer.chrome.com/docs/lighthouse): nothing moves by itself while the
 * page is built, it fits the screen, letters and targets are large enough, and it keeps still where that is asked for.
 */
export async function findLapses(page: Page): Promise<readonly string[]> {
  const shifts = await findShifts(page)
  const lapses = (await page.evaluate(`(() => {
    const lapses = []
    const say = (isSo, what) => { if (!isSo) lapses.push(what) }
    const meta = name => document.querySelector('meta[name="' + name + '"]')?.content ?? ''
    say(document.compatMode === 'CSS1Compat', 'no doctype')
    say(document.characterSet === 'UTF-8', 'not UTF-8')
    say(/^width=device-width/.test(meta('viewport')), 'no viewport')
    say(!/user-scalable|maximum-scale/.test(meta('viewport')), 'cannot be made larger')
    say(document.title.trim() !== '', 'no title')
    say(/^(en|ja)$/.test(document.documentElement.lang), 'no language')
    say(document.querySelectorAll('h1').length === 1, 'not one h1')
    const root = document.documentElement
    say(root.scrollWidth <= root.clientWidth, 'wider than the screen: ' + root.scrollWidth)
    for (const link of document.querySelectorAll('a'))
      say((link.getAttribute('aria-label') ?? link.textContent).trim() !== '' && link.href !== '', 'a link that says nothing: ' + link.outerHTML)
    for (const image of document.images)
      say(image.hasAttribute('alt') && image.width > 0 && image.height > 0, 'an image without text or size: ' + image.outerHTML)
    const isSeen = element => element.checkVisibility({ visibilityProperty: true }) && element.closest('.hidden') === null
    for (const target of document.querySelectorAll('button, nav a, summary, select, .pager a, input:not([type="hidden"])')) {
      const { width, height } = target.getBoundingClientRect()
      say(!isSeen(target) || (width >= 24 && height >= 24), 'a target of ' + width + ' x ' + height + ': ' + target.outerHTML)
    }
    for (const element of document.body.querySelectorAll('*')) {
      const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '')
      say(!own || !isSeen(element) || parseFloat(getComputedStyle(element).fontSize) >= 12, 'letters under 12 px: ' + element.outerHTML.slice(0, 120))
    }
    if (matchMedia('(prefers-reduced-motion: reduce)').matches)
      for (const { effect } of document.getAnimations())
        say(false, 'moves although asked not to: ' + effect?.target?.outerHTML.slice(0, 120))
    return lapses
  })()`)) as readonly string[]
  return [...shifts, ...lapses]
}
