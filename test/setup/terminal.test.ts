/** The whole way on a real pseudo-terminal: nothing, then a running daemon; every question answered wrongly first. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import type { Language } from '../../src/base/language.ts'
import { setupWords } from '../../src/setup/words.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { keys, startTerminal, type Terminal, terminalMissing } from './terminal.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip =
  requireServer('dovecot', dovecotMissing()) ||
  requireServer('chromium', hasChromium()) ||
  requireServer('python3', terminalMissing())

const { enter, down, clear, leave } = keys

let world: SetupWorld
let terminal: Terminal
let browser: Browser | undefined
afterEach(async () => {
  await terminal.stop()
  await browser?.close()
  browser = undefined
  assert.deepEqual(world.gmail.bugs, [])
  await world.stop()
})

/** The newest link to Google's page on the terminal. */
async function newLink(used: Set<string>): Promise<string> {
  let link: string | undefined
  await until(() => {
    const links = terminal.shown().match(/http:\/\/127\.0\.0\.1:\d+\/o\/oauth2\S+/g) ?? []
    link = links.find(one => !used.has(one))
    return link !== undefined
  }, 'a link to the consent page')
  used.add(link ?? '')
  return link ?? ''
}

interface Decision {
  readonly account?: string
  readonly scopes: readonly string[]
  readonly press: 'allow' | 'cancel'
}

/** What the owner does on Google's page, in a real browser that then comes back to hikyaku. */
async function decide(url: string, { account = owner, scopes, press }: Decision): Promise<void> {
  browser ??= await openChromium()
  const page = await browser.newPage()
  await page.goto(url)
  await page.check(`[id="account-${account}"]`)
  for (const scope of scopes) await page.check(`[id="scope-${scope}"]`)
  await page.click(`#${press}`)
  await page.waitForSelector('#ja')
  await page.close()
}

const pasteOfAnother = { en: 'another attempt', ja: '別の回のログインの URL です' } as const

const both = ['gmail.insert', 'gmail.labels']

/** Answers every question wrongly, then rightly, up to Google. */
async function walkToGoogle(language: Language, pinning: boolean): Promise<void> {
  const words = setupWords[language]
  const say = (...parts: string[]): void => terminal.type(...parts)
  await terminal.sees('Language / 言語')
  say(language === 'ja' ? down : '', enter)
  await terminal.sees(words.address.question)
  say('shop', enter)
  await terminal.sees(words.address.wrong)
  say(clear, address, enter)

  await terminal.sees(words.server.which)
  await terminal.sees(words.server.origins.srv)
  say(down, down, enter) // by hand
  await terminal.sees(words.server.protocol)
  say(enter)
  await terminal.sees(words.server.host)
  say('no such/host', enter)
  await terminal.sees(words.server.hostWrong)
  say(clear, 'nowhere.example.test', enter)
  await terminal.sees(words.server.security)
  say(enter)
  await terminal.sees(words.server.port)
  say('99999', enter)
  await terminal.sees(words.server.portWrong)
  say(clear, enter)
  await terminal.sees(words.login.user)
  say(enter)
  await terminal.sees(words.login.password(address))
  say('wrong', enter)
  await terminal.sees(words.login.hints.host())
  await terminal.sees(words.login.whatToCorrect)
  say(enter) // another server
  await terminal.sees(words.server.which)
  say(enter)
  if (pinning) {
    await terminal.sees('mail.example.invalid')
    await terminal.sees('SHA-256:')
    await terminal.sees(words.certificate.question)
    say(down, down, enter) // pin
  }
  await terminal.sees(words.login.hints.refused())
  await terminal.sees(words.login.whatToCorrect)
  say(enter)
  await terminal.sees(words.login.password(address))
  say(password, enter)
  await terminal.sees(words.login.worked('imap', true))

  await terminal.sees(words.folders.spam('Junk'))
  say(enter)
  await terminal.sees(words.folders.more)
  await terminal.sees('Orders')
  say(keys.space, enter)
  await terminal.sees(words.start.cameBy)
  say(enter)
  await terminal.sees(words.start.question)
  say(down, enter)
  await terminal.sees(words.start.whichDate)
  say('2999-01-01', enter)
  await terminal.sees(words.start.dateWrong)
  say(clear, '2020-01-01', enter)
  await terminal.sees(words.after.question)
  say(down, enter)
  await terminal.sees(words.after.days)
  say('soon', enter)
  await terminal.sees(words.after.daysWrong)
  say(clear, '14', enter)
  await terminal.sees(words.label.question)
  say('Sent', enter)
  await terminal.sees(words.label.wrong)
  say(clear, 'shop', enter)
  await terminal.sees(words.label.archive)
  say(enter)

  await terminal.sees(words.google.account)
  say('owner', enter)
  await terminal.sees(words.google.accountWrong)
  say(clear, address, enter)
  await terminal.sees(words.google.accountSame)
  say(clear, owner, enter)
  await terminal.sees(words.way.question)
  say(enter)
  const steps = words.google.steps(owner)
  for (const [at, step] of steps.entries()) {
    await terminal.sees(step)
    await terminal.sees(words.google.stepDone(at + 1, steps.length))
    say(enter)
  }
  await terminal.sees(words.google.clientFile)
  say('missing.json', enter)
  await terminal.sees(words.google.clientFileHints['not-found'] ?? '?')
  await terminal.sees(words.google.clientFile)
  say('web.json', enter)
  await terminal.sees(words.google.clientFileHints['web-client'] ?? '?')
  await terminal.sees(words.google.clientFile)
  if (language === 'ja') return say('client.json', enter)
  const { id, secret = '' } = world.gmail.client
  say(id, enter)
  await terminal.sees(words.google.clientSecret)
  say(secret, enter)
}

/** Everything that can go wrong on Google's side, then the right thing. */
async function walkThroughGoogle(language: Language): Promise<void> {
  const words = setupWords[language]
  const used = new Set<string>()
  const begin = async (): Promise<void> => {
    await terminal.sees(words.google.consentReady)
    terminal.type(enter)
  }
  const again = async (hint: string): Promise<void> => {
    await terminal.sees(hint)
    await terminal.sees(words.google.whatNow)
    terminal.type(enter)
    await begin()
  }
  // The Japanese run has a desktop.
  const paste = language === 'ja' ? words.google.paste : words.google.pasteHere
  await begin()
  const first = await newLink(used)
  await terminal.sees(paste)
  terminal.type('https://accounts.google.com/signin', enter)
  await terminal.sees(words.google.pasteWrong('').replace(/.$/u, ''))
  await terminal.sees(paste)
  // As a mail program breaks it, with both line ends; the last line break is the owner's Enter.
  terminal.type('http://127.0.0.1:1/?state=of-ano\rther&code=4/0\nAb&sco', enter, 'pe=x', enter)
  await terminal.sees(pasteOfAnother[language])
  await terminal.sees(paste)
  await decide(first, { scopes: [], press: 'cancel' })
  await again(words.google.hints['gmail.consent-missing']())
  await decide(await newLink(used), { scopes: ['gmail.insert'], press: 'allow' })
  await again(words.google.hints['gmail.scope-missing']())
  await decide(await newLink(used), { account: 'other@example.test', scopes: both, press: 'allow' })
  await again(words.google.hints['gmail.account-mismatch'](owner) ?? '?')
  await decide(await newLink(used), { scopes: both, press: 'allow' })
  await terminal.sees('https://console.cloud.google.com/auth/audience')
  await terminal.sees(words.google.trapQuestion)
  world.gmail.oauth.rules.testing = false // "Publish app"
  terminal.type(enter)
  await begin()
  await decide(await newLink(used), { scopes: both, press: 'allow' })
  await terminal.sees(words.google.works(owner))
}

/** From the saving to a daemon that brings a new message. */
async function walkToDaemon(language: Language): Promise<void> {
  const words = setupWords[language]
  await terminal.sees(world.configFile)
  await terminal.sees(words.pull.question)
  terminal.type(enter)
  await terminal.sees(words.service.question)
  assert.equal(world.gmail.messages(owner).length, 4)
  terminal.type(down, enter)
  await terminal.sees(words.service.hereNow)
  await until(async () => existsSync(join(world.stateDir, 'instance.lock')), 'the daemon')
  await world.deliver('', 'new order')
  await until(() => world.gmail.messages(owner).length === 5, 'the new message in Gmail')
  terminal.type(leave)
  assert.equal(await terminal.exitCode, 0, terminal.shown())
}

async function begin(certificate: 'good' | 'wrongName'): Promise<void> {
  world = await startSetupWorld(certificate)
  await world.deliver('', 'one')
  await world.deliver('', 'two')
  await world.deliver('Junk', 'spam')
  await world.deliver('Orders', 'three')
  // The Japanese run has a desktop: a browser is opened there.
  const { PATH = '' } = process.env
  const bin = join(world.home, 'bin')
  await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\necho "$*" >> "$HOME/opened"\n', { mode: 0o755 })
  const desktop = certificate === 'good' ? {} : { DISPLAY: ':99', PATH: `${bin}:${PATH}` }
  terminal = startTerminal(['setup'], { env: { ...world.env, ...desktop }, cwd: world.home })
}

/** No secret stands anywhere in what was written in the clear, or was shown. */
async function assertNoSecrets(): Promise<void> {
  const secrets = [password, world.gmail.client.secret ?? '?', '"refresh_token"']
  const files = [world.configFile]
  for (const name of await readdir(world.stateDir)) files.push(join(world.stateDir, name))
  for (const file of files) {
    if ((await stat(file)).isDirectory()) continue
    const text = await readFile(file, 'latin1')
    for (const secret of secrets) assert.ok(!text.includes(secret), `${file} holds a secret`)
  }
  for (const secret of secrets) assert.ok(!terminal.shown().includes(secret))
}

describe('hikyaku setup on a real terminal', { skip }, () => {
  it('leads from nothing to a running daemon in English, through wrong answers to every question', async () => {
    await begin('good')
    await walkToGoogle('en', false)
    await walkThroughGoogle('en')
    await walkToDaemon('en')
    await terminal.record('setup-en')
    const yaml = await readFile(world.configFile, 'utf8')
    assert.equal((await stat(world.configFile)).mode & 0o777, 0o600)
    assert.match(yaml, /afterImport: delete-after:2w\n\s+startFrom: 2020-01-01/)
    assert.ok(!existsSync(join(world.stateDir, 'setup.json')), 'the answers are no longer needed')
    await assertNoSecrets()
  })

  it('does the same in Japanese, and pins a certificate by the owner’s word', async () => {
    await begin('wrongName')
    await walkToGoogle('ja', true)
    await walkThroughGoogle('ja')
    await walkToDaemon('ja')
    await terminal.record('setup-ja')
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, /language: ja/)
    assert.ok(terminal.shown().includes(setupWords.ja.google.opened))
    const opened = await readFile(join(world.home, 'opened'), 'utf8')
    const pages = opened.trim().split('\n')
    assert.equal(new Set(pages).size, 5, 'each attempt opened its own page')
    // All that the browser was given as arguments: nothing that a neighbour could answer with.
    for (const page of pages) assert.match(page, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
    assert.match(yaml, /certSha256: [0-9a-f]{64}/)
    await assertNoSecrets()
  })

  it('can be left at any question and taken up again, with everything but the password', async () => {
    await begin('good')
    const words = setupWords.en
    await terminal.sees('Language / 言語')
    terminal.type(enter)
    await terminal.sees(words.address.question)
    terminal.type(address, enter)
    await terminal.sees(words.server.which)
    terminal.type(enter)
    await terminal.sees(words.login.user)
    terminal.type(enter)
    await terminal.sees(words.login.password(address))
    terminal.type(password, leave)
    assert.equal(await terminal.exitCode, 75)
    await terminal.sees(words.left)
    const kept = await readFile(join(world.stateDir, 'setup.json'), 'utf8')
    assert.ok(!kept.includes(password))
    assert.ok(!existsSync(world.configFile))

    // The language was chosen already.
    terminal = startTerminal(['setup'], { env: world.env, cwd: world.home })
    await terminal.sees(words.resume.question)
    terminal.type(enter)
    await terminal.sees(words.login.password(address))
    terminal.type(password, enter)
    await terminal.sees(words.folders.spam('Junk'))
    assert.match(terminal.shown(), /^◇ .*IMAP {2}\S+:\d+ {2}TLS$/m, 'a kept answer as its choice was shown')
    terminal.type(enter)
    await terminal.sees(words.folders.more)
    terminal.type(enter)
    await terminal.sees(words.start.cameBy)
    terminal.type(leave)
    assert.equal(await terminal.exitCode, 75)

    terminal = startTerminal(['setup'], { env: world.env, cwd: world.home })
    await terminal.sees(words.resume.question)
    terminal.type(enter)
    await terminal.sees(words.login.password(address))
    terminal.type(password, enter)
    await terminal.sees(words.start.cameBy)
    const shown = terminal.shown().replace(/[\s│]+/g, '')
    const bare = (text: string): string => text.replace(/\s+/g, '')
    assert.ok(shown.includes(bare(`${words.folders.spam('Junk')}${words.folders.toSpam}`)), shown)
    assert.ok(!shown.includes(`${bare(words.folders.more)}[`), shown)
    assert.doesNotMatch(shown, /Language/, 'asked once')
    terminal.type(leave)
    assert.equal(await terminal.exitCode, 75)
  })
})
