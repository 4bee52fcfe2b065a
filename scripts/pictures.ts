/**
 * npm run pictures -- [FOLDER]: the pictures of the page in both READMEs (docs/pictures/), taken in a real Chromium of the
 * real daemon in the sandbox. What is in them is the sandbox's mail; only the times are those of the day.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { Language } from '../src/base/language.ts'
import { writeLink } from '../src/web/link.ts'
import { hasChromium, openChromium } from '../test/servers/chromium.ts'
import { freePorts } from '../test/servers/local.ts'
import { until } from '../test/servers/until.ts'
import { monthOfMail } from './sandbox/month.ts'
import { makeSandboxPage } from './sandbox/page-world.ts'
import { passingMail } from './sandbox/passing-mail.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/pictures', import.meta.url))
/** What was there when the daemon began, and what came while it ran: so much is on its way for a while, and so much not. */
const [mailBefore, mailPassing] = [40, 140]
const sharpness = 1.5
const quality = 0.82

interface Shot {
  readonly name: string
  readonly path: string
  readonly ready: string
  /** CSS pixels. */
  readonly width: number
  readonly height: number
}

const shots: readonly Shot[] = [
  { name: 'overview', path: '', ready: '#mailboxes article', width: 1040, height: 1190 },
  { name: 'messages', path: 'messages', ready: 'main time', width: 1280, height: 1100 },
  { name: 'forwarding', path: 'forwarding', ready: 'figure .bars li', width: 1040, height: 1050 },
]

if (!hasChromium()) {
  console.error('Chromium is not installed.')
  process.exit(69)
}
await mkdir(folder, { recursive: true })
const browser = await openChromium()
try {
  for (const language of ['en', 'ja'] as const) await takeAll(browser, language)
} finally {
  await browser.close()
}

async function takeAll(opened: Browser, language: Language): Promise<void> {
  const [port = 0] = await freePorts(1)
  const world = await makeSandboxPage({ protocol: 'imap', kind: 'stand-in', language, port })
  const { source, gmail, env } = world
  try {
    for (const octets of monthOfMail(mailBefore)) await source.deliver(octets)
    await world.start()
    await until(() => gmail.accepted.length >= mailBefore, 'what was there is in Gmail', 120_000)
    let refused = 0
    for (let serial = 0; serial < mailPassing; serial++) {
      const { kind, octets } = passingMail(mailBefore + serial)
      refused += Number(kind === 'refused')
      await source.deliver(octets)
      if (serial % 5 === 4)
        await until(
          () => gmail.accepted.length >= mailBefore + serial + 1 - refused,
          'it is in Gmail',
          60_000,
        )
    }
    const locale = language === 'ja' ? 'ja-JP' : 'en-GB'
    const context = await opened.newContext({ locale, deviceScaleFactor: sharpness })
    const page = await context.newPage()
    await page.goto(`http://${env.DASHBOARD}/enter/${await writeLink(env.STATE_DIR ?? '', Date.now())}`)
    await page.waitForURL(/\/[\w-]{22}\/$/)
    const home = page.url()
    await untilChecked(page, `${home}forwarding`)
    for (const { name, path, ready, width, height } of shots) {
      await page.setViewportSize({ width, height })
      await page.goto(`${home}${path}`)
      await page.locator(ready).first().waitFor()
      const file = join(folder, `${name}.${language}.webp`)
      const octets = await asWebp(page, await page.screenshot())
      await writeFile(file, octets)
      console.log(`${file}: ${octets.length} octets`)
    }
    await context.close()
  } finally {
    await world.stop()
  }
}

/** Results of mail are found out after it was imported: waits until the sums stand still. */
async function untilChecked(page: Page, url: string): Promise<void> {
  const endMs = performance.now() + 60_000
  for (let last = ''; performance.now() < endMs; ) {
    await page.goto(url)
    const text = (await page.textContent('main')) ?? ''
    if (text === last) return
    last = text
    await page.waitForTimeout(3000)
  }
}

/** By the browser itself: a third of a PNG. In a page of its own, for ours allows no such thing. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  const blank = await page.context().newPage()
  try {
    const text = await blank.evaluate(`(async () => {
      const octets = Uint8Array.from(atob('${png.toString('base64')}'), letter => letter.charCodeAt(0))
      const image = await createImageBitmap(new Blob([octets], { type: 'image/png' }))
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width: image.width, height: image.height })
      canvas.getContext('2d').drawImage(image, 0, 0)
      return canvas.toDataURL('image/webp', ${quality}).split(',')[1]
    })()`)
    return Buffer.from(String(text), 'base64')
  } finally {
    await blank.close()
  }
}
