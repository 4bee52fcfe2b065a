import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { startConsent } from '../../src/google/consent.ts'
import { exchangeCode } from '../../src/google/consent-exchange.ts'
import { browserCommand, openBrowser } from '../../src/google/open-browser.ts'
import { identityScopes, leastScopes } from '../../src/google/scopes.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { requireServer } from '../servers/required.ts'

const url = 'http://127.0.0.1:34567/abcdefghijklmnopqrstuvwxyz-0123456789_ABCDEF'

describe('opening a browser', () => {
  it('hands the whole link over as one argument, without a shell', {
    skip: process.platform === 'win32',
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-browser-'))
    const program = join(folder, 'xdg-open')
    const fifo = join(folder, 'seen')
    await writeFile(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${fifo}.part' && mv '${fifo}.part' '${fifo}'\n`,
    )
    await chmod(program, 0o755)
    assert.equal(await openBrowser(url, { PATH: `${folder}:/usr/bin:/bin`, DISPLAY: ':0' }, 'linux'), true)
    const until = performance.now() + 10_000
    while (!existsSync(fifo) && performance.now() < until) await new Promise(resolve => setImmediate(resolve))
    assert.equal(await readFile(fifo, 'utf8'), `1\n${url}\n`)
    await rm(folder, { recursive: true })
  })

  it('does not try without a display or over SSH, and survives a missing program', async () => {
    assert.equal(browserCommand(url, 'linux', {}), undefined)
    assert.equal(browserCommand(url, 'darwin', { SSH_CONNECTION: 'x' }), undefined)
    assert.equal(await openBrowser(url, { PATH: '/nonexistent', DISPLAY: ':0' }, 'linux'), false)
  })

  it('takes no address with anything to be read in it, and no other scheme', async () => {
    for (const other of [
      'file:///etc/passwd',
      'https://accounts.google.com/o/oauth2/v2/auth?state=s',
      `${url}?state=s`,
      `${url}#state`,
      'http://127.0.0.1:34567/',
      'http://localhost:34567/abcdefghijklmnopqrstuvwxyz',
      'http://127.0.0.1:34567@evil.example/abcdefghijklmnopqrstuvwxyz',
      `${url}\n--other-option`,
    ])
      for (const platform of ['linux', 'darwin', 'win32'] as const)
        await assert.rejects(openBrowser(other, { PATH: '/nonexistent', DISPLAY: ':0' }, platform), TypeError)
  })
})

const scopes = [...leastScopes, ...identityScopes]

describe('consent in a real browser', { skip: requireServer('chromium', hasChromium()) }, () => {
  it('leads from the link over the check boxes to a token, and leaves no code in the address bar', async () => {
    const gmail = await startGmailServer({ accounts: ['shop@example.test'] })
    const consent = await startConsent({ client: gmail.client, scopes, authUrl: gmail.authUrl })
    const browser = await openChromium()
    try {
      const page = await browser.newPage()
      await page.goto(consent.oneTimeUrl)
      assert.equal(page.url(), consent.url, 'the one-time address leads to Google’s page')
      await page.check('#select-all')
      const waiting = consent.waitForRedirect(AbortSignal.timeout(20_000))
      await page.click('#allow')
      const code = await waiting
      await page.waitForURL(`http://127.0.0.1:${consent.port}/done`)
      assert.match((await page.textContent('#ja')) ?? '', /ターミナルに戻って/)
      const { client, tokenUrl } = gmail
      const signal = AbortSignal.timeout(20_000)
      const given = await exchangeCode(code, {
        client,
        tokenUrl,
        scopes,
        clock: systemClock,
        signal,
      })
      assert.match(given.refreshToken, /^1\/\//)
      assert.equal(given.identity?.address, 'shop@example.test')
    } finally {
      await browser.close()
      await consent.close()
      await gmail.close()
    }
  })
})
