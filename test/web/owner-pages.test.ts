/** What the owner does by the pages of a real daemon: another try for one message, the settings, what is done at the source. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { estimate } from '../../src/web/backlog.ts'
import { mail } from '../faults/harness.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { loopback } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { findLapses, findViolations, openContext, useCookie } from './browser-look.ts'
import { type PageWorld, type SignedIn, startPageWorld } from './page.ts'

const mailbox = `owner@${loopback}`
const hardlyEver = '0 0 1 1 *'
/** Where pictures of the pages are kept, for people to look at. */
const pictures = process.env.HIKYAKU_PICTURES
const aside = 55
const evil = '<img src=x onerror="window.hurt=1">`\'&\u202egnp.exe'

describe('messages that are set aside', () => {
  let world: PageWorld
  let owner: SignedIn
  before(async () => {
    world = await startPageWorld({ env: { SCHEDULE: hardlyEver, GMAIL_IMPORTS_IN_FLIGHT: '1' } })
    world.gmail.faults.always(
      ({ endpoint, headers }) => endpoint === 'import' && Number(headers['content-length']) > 4500,
      presets.refused(`${evil} is not right`),
    )
    // One that goes in between two that do not, or it would be the account that is in trouble.
    for (let n = 0; n < aside; n += 1) {
      await world.source.deliver(mail(`good-${n}`))
      await world.source.deliver(mail(`aside-${n}`, 6000))
    }
    owner = await world.signIn()
    await until(async () => {
      const [, of = ''] =
        /<a href="aside\?mailbox[^>]*>([^<]*)</.exec((await owner.ask(owner.home)).text) ?? []
      return (of.match(/\d+/g) ?? []).reduce((sum, number) => sum + Number(number), 0) === aside
    }, 'all are aside, and the overview counts them')
  })
  after(() => world.stop())

  it('stand on pages, each once, with the words of the other side as text, and a button each', async () => {
    const first = (await owner.ask(`${owner.home}aside`)).text
    const next = /href="(aside\?[^"]*before=[^"]*)"/.exec(first)?.[1]?.replaceAll('&amp;', '&')
    const second = (await owner.ask(`${owner.home}${next}`)).text
    const ids = [...`${first}${second}`.matchAll(/id="message-(\d+)"/g)].map(([, id]) => id)
    assert.deepEqual(
      [first.match(/id="message-/g)?.length, ids.length, new Set(ids).size],
      [50, aside, aside],
    )
    assert.match(first, /&lt;img src=x onerror=/)
    assert.doesNotMatch(first + second, /<img|\u202e/)
    assert.equal(first.match(/name="message"/g)?.length, 50)
    assert.equal((await owner.ask(`${owner.home}aside?mailbox=nobody&before=9-9-9`)).status, 200)
  })

  it('are tried again one by one, by number', async () => {
    const { text } = await owner.ask(`${owner.home}aside`)
    const [, id = ''] = /name="message" value="(\d+)"/.exec(text) ?? []
    world.gmail.faults.clear()
    const { status, headers } = await owner.post('retry', { mailbox, message: id, page: 'aside' })
    assert.equal(status, 303)
    await until(() => world.gmail.accepted.length > aside, 'that one is in Gmail')
    const after = (await owner.ask(`${owner.home}${String(headers.location).split('/').at(-1)}`)).text
    assert.match(after, /class="notice"[^>]*>1 message: the running service was asked to try again now/)
    assert.ok(!after.includes(`id="message-${id}"`))
    const foreign = await owner.post('retry', { message: '99999999', page: 'aside' })
    assert.match(String(foreign.headers.location), /count=0/)
  })

  it('are tried again all at once, and the books are told in full', async () => {
    await owner.post('retry', { mailbox })
    await until(() => world.gmail.accepted.length === 2 * aside, 'all are in Gmail')
    await until(
      async () =>
        /110 seen = 110 imported \+ 0 known already \+ 0 refused/.test((await owner.ask(owner.home)).text),
      'the conservation sentence',
    )
  })
})

describe('a trouble', () => {
  it('has the way to what ends it beside it, rests while its mailbox is paused, and is there again behind that', async t => {
    const world = await startPageWorld({ env: { SCHEDULE: hardlyEver, MAIL_PASSWORD: 'wrong' } })
    t.after(() => world.stop())
    const owner = await world.signIn()
    const link = /<a class="act" href="(setup\/password\?mailbox=[^"]+)">Give a new password<\/a>/
    const troubles = async (): Promise<string> =>
      /<div id="troubles" data-part>([\s\S]*?)<div id="mailboxes"/.exec(
        (await owner.ask(owner.home)).text,
      )?.[1] ?? ''
    await until(async () => link.test(await troubles()), 'the button stands at the trouble')
    const [, way = ''] = link.exec(await troubles()) ?? []
    const { status, headers } = await owner.ask(`${owner.home}${way}`)
    assert.deepEqual(
      [status, /\/setup\/at\//.test(String(headers.location))],
      [303, true],
      'it leads to the set-up',
    )
    assert.equal((await world.run(['status'])).code, 77)
    await owner.post('pause', { mailbox })
    const paused = await world.run(['status'])
    assert.equal(paused.code, 0, paused.stdout)
    assert.match(paused.stdout, /^⏸ Paused by you since/)
    assert.match(paused.stdout, /Before the pause: /)
    assert.doesNotMatch(await troubles(), /class="block trouble"/)
    await owner.post('resume', { mailbox })
    assert.equal((await world.run(['status'])).code, 77, 'nobody knows that it is over')
    assert.match(await troubles(), link)
  })

  it('of the permission leads to the sign-in', async t => {
    const world = await startPageWorld({
      env: { SCHEDULE: hardlyEver },
      prepare: ({ gmail }) => gmail.faults.always('token', presets.invalidGrant()),
    })
    t.after(() => world.stop())
    const owner = await world.signIn()
    await world.source.deliver(mail('one'))
    await until(
      async () =>
        /href="setup\/google\?account=owner%40example.test">Sign in again</.test(
          (await owner.ask(owner.home)).text,
        ),
      'the button stands at the trouble',
    )
  })
})

describe('the settings in force', () => {
  it('stand there with where they come from, and no secret', async t => {
    const world = await startPageWorld({ env: { SCHEDULE: hardlyEver, GMAIL_LABELS: 'Old<b>host' } })
    t.after(() => world.stop())
    const owner = await world.signIn()
    const { text } = await owner.ask(`${owner.home}settings`)
    assert.match(text, /<code>MAIL_HOST<\/code><\/th>\s*<td>127\.0\.0\.1<\/td>\s*<td>environment/)
    assert.match(text, /<code>MAIL_PASSWORD<\/code><\/th>\s*<td>Set<\/td>/)
    assert.match(text, /<code>AFTER_IMPORT<\/code><\/th>\s*<td>keep<\/td>\s*<td>default/)
    assert.match(text, /Old&lt;b&gt;host/)
    for (const name of ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'])
      assert.ok(!text.includes(String(world.env[name])))
    const settle = await owner.ask(`${owner.home}settle?mailbox=${encodeURIComponent(mailbox)}`)
    assert.match(settle.text, /cannot be changed here/)
    assert.ok(!settle.text.includes('name="choice"'))
    const sent = await owner.post('settle-now', { mailbox, choice: 'delete' })
    assert.match(String(sent.headers.location), /settle\?mailbox=/)
    assert.equal((await owner.ask(`${owner.home}settle?mailbox=nobody`)).status, 404)
  })
})

/**
 * A daemon that is set up by a file.
 * @param file where it is written, once it is
 * @param more lines of its mailbox
 */
function startShop(file: { path: string }, ...more: readonly string[]): Promise<PageWorld> {
  return startPageWorld({
    async prepare({ folder, env, stateDir }) {
      file.path = join(folder, 'config.yaml')
      const lines = [
        '# mine',
        `stateDir: ${stateDir}`,
        `dashboard: ${env.DASHBOARD}`,
        'alertMail: no',
        'accounts:',
        `  - { name: one, address: owner@example.test, clientId: ${env.GOOGLE_CLIENT_ID}, unitsPerMinute: 1200000 }`,
        'mailboxes:',
        "  - name: shop # the shop's",
        `    account: one`,
        `    protocol: imap`,
        `    host: ${env.MAIL_HOST}`,
        `    port: ${env.MAIL_PORT}`,
        '    security: none',
        `    user: ${env.MAIL_USER}`,
        '    verify: no',
        `    schedule: '${hardlyEver}'`,
        ...more,
      ]
      await writeFile(file.path, `${lines.join('\n')}\n`)
      // The daemon is started with this very object.
      Object.assign(env, {
        HIKYAKU_VAULT: 'environment',
        MAILBOX_SHOP_PASSWORD: env.MAIL_PASSWORD,
        GOOGLE_ONE_CLIENT_SECRET: env.GOOGLE_CLIENT_SECRET,
        GOOGLE_ONE_REFRESH_TOKEN: env.GOOGLE_REFRESH_TOKEN,
      })
    },
    env: { HIKYAKU_CONFIG: 'config.yaml' },
  })
}

describe('what is done at the source', () => {
  it('is changed from the page, in the file, with its comments, and holds from the next pull on', async t => {
    const file = { path: '' }
    const world = await startShop(file)
    t.after(() => world.stop())
    const owner = await world.signIn()
    await world.source.deliver(mail('kept'))
    await owner.post('check-now')
    await until(() => world.gmail.accepted.length === 1, 'the message is in Gmail')
    const page = await owner.ask(`${owner.home}settle?mailbox=shop`)
    assert.match(page.text, /value="keep" checked/)
    const wrong = await owner.post('settle', { mailbox: 'shop', choice: 'move', folder: 'inbox' })
    assert.deepEqual([wrong.status, /Mail is pulled from this folder/.test(wrong.text)], [400, true])
    const days = await owner.post('settle', { mailbox: 'shop', choice: 'delete-after', days: '0' })
    assert.equal(days.status, 400)
    const sure = await owner.post('settle', { mailbox: 'shop', choice: 'delete' })
    assert.match(sure.text, /Nobody can bring them back at the server/)
    assert.doesNotMatch(await readFile(file.path, 'utf8'), /afterImport/, 'nothing yet')
    assert.equal((await world.source.stored()).length, 1)
    const done = await owner.post('settle-now', { mailbox: 'shop', choice: 'delete' })
    assert.match(String(done.headers.location), /settings\?done=settle/)
    const text = await readFile(file.path, 'utf8')
    assert.match(text, /afterImport: delete/)
    assert.match(text, /# mine[\s\S]*name: shop # the shop's/)
    const { text: settings } = await owner.ask(`${owner.home}settings`)
    assert.match(settings, /<code>afterImport<\/code><\/th>\s*<td>delete<\/td>\s*<td>line \d+/)
    await owner.post('check-now')
    await until(async () => (await world.source.stored()).length === 0, 'it is deleted without a new start')
    await owner.post('settle-now', { mailbox: 'shop', choice: 'keep' })
    await world.source.deliver(mail('kept-again'))
    await owner.post('check-now')
    await until(() => world.gmail.accepted.length === 2, 'the next one is in Gmail')
    await owner.post('check-now')
    assert.match(await readFile(file.path, 'utf8'), /afterImport: keep/)
    assert.equal((await world.source.stored()).length, 1, 'and stays')
  })

  it('is shown as it was written, also in weeks', async t => {
    const world = await startShop({ path: '' }, '    afterImport: delete-after:3w')
    t.after(() => world.stop())
    const owner = await world.signIn()
    const { text } = await owner.ask(`${owner.home}settle?mailbox=shop`)
    assert.match(text, /value="delete-after" checked/)
    assert.match(text, /name="days"[^>]* value="21"/)
  })

  it('is chosen by everybody, without JavaScript', {
    skip: requireServer('chromium', hasChromium()),
  }, async t => {
    const world = await startShop({ path: '' })
    t.after(() => world.stop())
    const owner = await world.signIn()
    const browser = await openChromium()
    t.after(() => browser.close())
    for (const look of [
      { locale: 'ja-JP', scheme: 'dark', width: 360 },
      { locale: 'en-GB', scheme: 'light', width: 1280 },
    ] as const) {
      const { context, page } = await openContext(t, browser, look)
      await useCookie(context, world, owner)
      const looks = async (name: string): Promise<void> => {
        assert.deepEqual(await findLapses(page), [], name)
        assert.deepEqual(await findViolations(page), [], name)
        if (pictures !== undefined)
          await page.screenshot({ path: join(pictures, `${name}-${look.locale}.png`), fullPage: true })
      }
      await page.goto(`http://${world.address}${owner.home}settle?mailbox=shop`)
      await looks('settle-form')
      await page.check('#choice-delete-after')
      await page.fill('#days', '30')
      await page.click('#do-settle')
      await page.locator('#do-settle-now').waitFor()
      await looks('settle-sure')
      await page.click('#do-settle-now')
      await page.locator('table.settings').first().waitFor()
      assert.match((await page.textContent('main')) ?? '', /delete-after:30d/)
    }
  })
})

describe('the time that is left', () => {
  const now = 1_800_000_000_000
  const quota = { used: 0, perMinute: 6000, perImport: 25 }
  const lately = (count: number, everyMs: number): number[] =>
    Array.from({ length: count }, (_, n) => now - n * everyMs)

  it('is reckoned from what went in lately, up to this moment', () => {
    const left = estimate(1000, lately(101, 100), quota, now)
    assert.deepEqual([left.basis, Math.round(left.basis === 'pace' ? left.ms / 1000 : 0)], ['pace', 99])
    const stalled = estimate(
      1000,
      lately(101, 100).map(ms => ms - 60_000),
      quota,
      now,
    )
    assert.ok(
      stalled.basis === 'pace' && left.basis === 'pace' && stalled.ms > 6 * left.ms,
      'slower by and by',
    )
  })

  it('is what the quota allows where nothing was seen, and unknown without one', () => {
    assert.deepEqual(estimate(2400, [], quota, now), { basis: 'quota', ms: 600_000, perMinute: 6000 })
    assert.deepEqual(estimate(2400, lately(2, 10), undefined, now), { basis: 'unknown' })
  })
})
