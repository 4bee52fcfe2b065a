/**
 * From nothing to the first mail in Gmail on a machine without a browser, read on a small terminal: a wrong answer at
 * every question, what it is told, and the way back. Real Dovecot; Google's pages are the stand-in's.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import type { Language } from '../../src/base/language.ts'
import { describeReason } from '../../src/locale/reasons.ts'
import { setupWords } from '../../src/setup/words.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { type Screen, screenMissing, startScreen } from './screen.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing()) || requireServer('tmux', screenMissing())

let world: SetupWorld
let screen: Screen
afterEach(async () => {
  await screen.stop()
  assert.deepEqual(world.gmail.bugs, [])
  await world.stop()
})

/** What the browser elsewhere ends on, when the owner has decided on Google's page. */
async function consentElsewhere(shown: string, decision: 'allow' | 'deny', account = owner): Promise<string> {
  // The terminal breaks it where its line ends.
  const links = shown.match(/http:\/\/127\.0\.0\.1:\d+\/o\/[^│●◆◇\s]*(?:\n[^│●◆◇\s]+)*/g)
  const link = links?.at(-1)?.replace(/\s/g, '') ?? ''
  const onward = await fetch(link, { redirect: 'manual' })
  const { searchParams } = new URL(onward.headers.get('location') ?? link)
  const form = new URLSearchParams(searchParams)
  form.set('account', account)
  form.set('decision', decision)
  for (const scope of (searchParams.get('scope') ?? '').split(' ')) form.append('granted', scope)
  const answer = await fetch(world.gmail.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

/** As a Japanese input method writes it. */
const wide = (text: string): string =>
  text.replace(/[!-~]/gu, letter => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0))

/** Types in place of what stands there. */
const retype = (text: string): Promise<void> => screen.type('C-u', text, 'Enter')
const enter = (): Promise<void> => screen.type('Enter')
/** The same key at every kind of question. */
const back = (): Promise<void> => screen.type('<', 'Enter')

async function walkToLogin(language: Language): Promise<void> {
  const words = setupWords[language]
  await screen.asks('Language / 言語')
  await screen.type(...(language === 'ja' ? ['Down'] : []), 'Enter')
  await screen.asks(words.address.question, words.leaving)
  await screen.type('shop', 'Enter')
  await screen.asks(words.address.wrong)
  await retype('shop@example.tst')
  await screen.asks(words.server.provider, words.server.unanswered)
  await back()
  await screen.asks(words.address.question, 'shop@example.tst')
  await screen.type(wide(address).replace('．', '。'), 'Enter')
  await screen.asks(words.server.which, words.server.origins.srv)
  await screen.type('Down', 'Down', 'Enter') // by hand
  await screen.asks(words.server.protocol, words.server.panel)
  await enter()
  await screen.asks(words.server.host)
  await screen.type('https://mail.example.test/', 'Enter')
  await screen.asks(words.server.hostWrong)
  await retype('nowhere.example.test')
  await screen.asks(words.server.security)
  await enter()
  await screen.asks(words.server.port)
  await screen.type(wide('99999'), 'Enter')
  await screen.asks(words.server.portWrong)
  await retype('')
  await screen.asks(words.login.user)
  await enter()
  await screen.asks(words.login.password(address))
  await back()
  await screen.asks(words.login.user)
  await enter()
  await screen.asks(words.login.password(address))
  await screen.type('wrong', 'Enter')
  await screen.asks(words.login.whatToCorrect, words.login.hints.host())
  await enter() // another server
  await screen.asks(words.server.which)
  await enter()
  await screen.asks(words.login.whatToCorrect, words.login.hints.refused())
  await enter()
  for (const [wrong, oddity] of [
    [wide('correct'), 'full-width'],
    [`${password} `, 'blanks'],
  ] as const) {
    // Asked about before it costs a login.
    for (const away of [back, enter]) {
      await screen.asks(words.login.password(address))
      await screen.type(wrong, 'Enter')
      await screen.asks(words.login.oddPassword[oddity], words.login.passwordAsTyped)
      await away()
    }
  }
  for (const wrong of ['wrong', 'wrong again']) {
    await screen.asks(words.login.password(address))
    await screen.type(wrong, 'Enter')
    await screen.asks(words.login.whatToCorrect, words.login.hints.refused())
    await enter()
  }
  await screen.asks(words.login.password(address), words.login.caution)
  await back()
  await screen.asks(words.login.whatToCorrect)
  await enter()
  await screen.asks(words.login.password(address))
  await screen.type(password, 'Enter')
}

async function walkThroughWishes(language: Language): Promise<void> {
  const words = setupWords[language]
  await screen.asks(words.folders.spam('Junk'), words.login.worked('imap', true))
  await enter()
  await screen.asks(words.folders.more, 'Orders')
  await back()
  await screen.asks(words.folders.spam('Junk'))
  await enter()
  await screen.asks(words.folders.more)
  await screen.type('Space', 'Enter')
  await screen.asks(words.start.cameBy)
  await screen.type('Down', 'Enter')
  await screen.asks(words.start.question, words.start.inGmailAlready)
  await back()
  await screen.asks(words.start.cameBy)
  await screen.type('Up', 'Enter')
  await screen.asks(words.start.question)
  await screen.type('Down', 'Enter')
  await screen.asks(words.start.whichDate)
  await screen.type('2999/01/01', 'Enter')
  await screen.asks(words.start.dateWrong)
  await retype(language === 'ja' ? '２０２０年１月１日' : '2020/01/01')
  await screen.asks(words.after.question)
  await screen.type('Down', 'Enter')
  await screen.asks(words.after.days)
  await screen.type('soon', 'Enter')
  await screen.asks(words.after.daysWrong)
  await retype(wide('14'))
  await screen.asks(words.label.question)
  await screen.type('Sent', 'Enter')
  await screen.asks(words.label.wrong)
  await retype('shop')
  await screen.asks(words.label.archive)
  await back()
  await screen.asks(words.change.label('shop'))
  await enter()
  await screen.asks(words.label.archive)
  await enter()
}

async function walkThroughGoogle(language: Language): Promise<void> {
  const words = setupWords[language]
  const { google } = words
  await screen.asks(google.account)
  await screen.type(address, 'Enter')
  await screen.asks(google.accountSame)
  await retype(wide(owner))
  await screen.asks(words.way.question, words.way.explain)
  await back()
  await screen.asks(google.account)
  await enter()
  await screen.asks(words.way.question)
  await enter()
  const steps = google.steps(owner)
  for (const [at, step] of steps.entries()) {
    await screen.asks(google.stepDone(at + 1, steps.length), step)
    if (at === 1) {
      await back()
      await screen.asks(google.stepDone(1, steps.length), steps[0] ?? '?')
      await enter()
      await screen.asks(google.stepDone(2, steps.length))
    }
    await enter()
  }
  await screen.asks(google.clientFile, 'scp client_secret_….json')
  for (const [wrong, hint] of [
    ['missing.json', 'not-found'],
    ['folder', 'folder'],
    ['web.json', 'web-client'],
  ] as const) {
    await screen.type(wrong, 'Enter')
    await screen.asks(google.clientFile, google.clientFileHints[hint])
  }
  await screen.type('client.json', 'Enter')
  await screen.asks(google.consentReady, google.consent(false))
  await enter()

  await screen.asks(google.pasteHere)
  await screen.type('https://accounts.google.com/signin', 'Enter')
  // The same question once more: by what is told in between it is known for the second one.
  await screen.asks(google.pasteHere, google.pasteWrong(describeReason('google-page', language)))
  await screen.type(await consentElsewhere(await screen.all(), 'deny'), 'Enter')
  await screen.asks(google.whatNow, google.hints['gmail.consent-missing']())
  await enter()
  await screen.asks(google.consentReady)
  await enter()
  await screen.asks(google.pasteHere)
  await screen.type(await consentElsewhere(await screen.all(), 'allow', 'other@example.test'), 'Enter')
  await screen.asks(google.whatNow, google.hints['gmail.account-mismatch'](owner) ?? '?')
  await enter()
  await screen.asks(google.consentReady)
  await enter()
  await screen.asks(google.pasteHere)
  await screen.type(await consentElsewhere(await screen.all(), 'allow'), 'Enter')
  await screen.asks(google.trapQuestion, 'https://console.cloud.google.com/auth/audience')
  world.gmail.oauth.rules.testing = false // "Publish app"
  await enter()
  await screen.asks(google.consentReady)
  await enter()
  await screen.asks(google.pasteHere)
  const url = await consentElsewhere(await screen.all(), 'allow')
  // As a mail program breaks it, the last line after all that is needed: it must not answer the next question.
  const third = Math.floor(url.length / 3)
  const parts = [url.slice(0, third), url.slice(third, -20), url.slice(-20)]
  await screen.type(`${parts.join('\r')}\r`)
  await screen.asks(words.pull.question, google.works(owner))
}

for (const [language, columns, rows] of [
  ['ja', 80, 24],
  ['en', 100, 30],
] as const) {
  describe(`from nothing to the first mail, at ${columns}x${rows} in ${language}`, { skip }, () => {
    it('tells what is wrong with each answer, goes back from each kind of question, and never scrolls away', async () => {
      const words = setupWords[language]
      world = await startSetupWorld()
      await mkdir(join(world.home, 'folder'))
      for (const folder of ['', '', 'Junk', 'Orders']) await world.deliver(folder, 'there before')
      const env = { ...world.env, LANG: 'C.UTF-8' }
      screen = await startScreen(['setup'], { env, cwd: world.home, columns, rows, name: `walk-${language}` })
      await walkToLogin(language)
      await walkThroughWishes(language)
      await walkThroughGoogle(language)
      await enter()
      await screen.asks(words.service.question)
      await until(() => world.gmail.messages(owner).length === 4, 'the mail in Gmail')
      await screen.type('Down', 'Down', 'Enter')
      await screen.sees(words.done.slice(0, 12))
      const yaml = await readFile(world.configFile, 'utf8')
      assert.match(yaml, new RegExp(`user: ${address}`))
      assert.match(yaml, /startFrom: 2020-01-01/)
      assert.match(yaml, /name: Orders/)
      assert.ok(!existsSync(join(world.stateDir, 'setup.json')))
      const shown = await screen.all()
      await screen.stop()
      // Where there is nothing to go back to, it is no password either.
      screen = await startScreen(['setup', 'password'], {
        env,
        cwd: world.home,
        columns,
        rows,
        name: 'first',
      })
      await screen.asks(words.login.password(address))
      await back()
      await screen.asks(words.login.password(address), words.isFirst)
      for (const secret of [password, world.gmail.client.secret ?? '?']) assert.ok(!shown.includes(secret))
    })
  })
}
