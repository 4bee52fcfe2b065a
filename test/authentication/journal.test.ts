/** `inspect ID` and `report` over a real journal, with the Gmail stand-in behind the read-back. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { parseAuthentication } from '../../src/authentication/authentication.ts'
import { tableLookup } from '../../src/authentication/dns.ts'
import { makeAuthenticate, makeLooker } from '../../src/authentication/look.ts'
import { systemClock } from '../../src/base/clock.ts'
import { inspectCommand } from '../../src/commands/inspect.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { reportCommand } from '../../src/commands/report.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { gmailEnv } from '../servers/hikyaku.ts'
import { articleZone, forwardingAddress, googleKey, googleReport, unsignedInvoice } from './article.ts'
import { messageOf } from './world.ts'

const nowMs = Date.parse('2026-11-25T00:00:00Z')
const never = new AbortController().signal

let directory = ''
let gmail: GmailServer
let env: Record<string, string> = {}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hikyaku-test-'))
  gmail = await startGmailServer()
  env = {
    MAIL_PROTOCOL: 'pop3',
    MAIL_HOST: '127.0.0.1',
    MAIL_PORT: '110',
    MAIL_SECURITY: 'none',
    MAIL_USER: 'owner@shop.example',
    MAIL_PASSWORD: 'x',
    STATE_DIR: join(directory, 'state'),
    ...gmailEnv(gmail, reading),
  }
  const looker = makeLooker(systemClock, tableLookup(articleZone('reject')))
  const authenticate = makeAuthenticate(looker)
  const mailbox = {
    server: { host: 'mail1042.conoha.ne.jp' },
    user: 'owner@shop.example',
    verify: true,
    forwardingAddress,
    authservIds: [],
    receivingServers: [],
  }
  const journal = await openJournal(env.STATE_DIR ?? '', 'run', () => {})
  const messages = [googleReport(googleKey), unsignedInvoice()]
  const name = await makeMailboxName()
  await journal.beginPull(name, nowMs)
  const ids = await journal.recordFolder({
    mailbox: name,
    folder: '',
    atMs: nowMs,
    generation: 1,
    returned: [],
    vanished: [],
    renamed: [],
    unnamed: [],
    started: false,
    added: messages.map((octets, i) => ({
      mailbox: name,
      folder: '',
      uid: `u${i}`,
      stage: 'listed',
      octetsListed: octets.length,
      arrivedAtMs: undefined,
      seen: undefined,
      headerSha256: undefined,
    })),
  })
  for (const [i, octets] of messages.entries()) {
    const id = ids[i] ?? 0
    await journal.move(id, 'importing', {
      sha256: createHash('sha256').update(octets).digest('hex'),
      octets: octets.length,
      account: await accountName(),
      messageId: /^Message-ID: (.*)\r$/m.exec(octets.toString('latin1'))?.[1] ?? null,
    })
    const gmailId = await putIntoGmail(octets)
    const authentication = await authenticate(messageOf(octets), mailbox, never)
    await journal.move(id, 'imported', {
      repeated: i,
      gmailId,
      importedAtMs: nowMs - i * 40 * 24 * 3600_000,
      authentication,
    })
  }
  await looker.close()
  await journal.close()
})
after(async () => {
  await gmail.close()
  await rm(directory, { recursive: true, force: true })
})

async function config() {
  const { loadConfig } = await import('../../src/config/load.ts')
  return loadConfig({
    env: { ...env },
    cwd: directory,
    needSecrets: false,
    secrets: async () => undefined,
    onNote: () => {},
  })
}
const makeMailboxName = async (): Promise<string> => (await config()).mailboxes[0]?.name ?? ''
const accountName = async (): Promise<string> => (await config()).accounts[0]?.name ?? ''

/** By hand, as a Gmail that puts a line of its own on top. */
async function putIntoGmail(octets: Buffer): Promise<string> {
  const token = gmail.accessToken(undefined, ['gmail.insert'])
  const answer = await fetch(
    new URL('upload/gmail/v1/users/me/messages/import?uploadType=media', gmail.url),
    {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' },
      body: new Uint8Array(octets),
    },
  )
  assert.equal(answer.status, 200)
  return ((await answer.json()) as { id: string }).id
}

async function run(
  command: (invocation: Invocation) => Promise<number>,
  json = false,
  language: 'en' | 'ja' = 'en',
) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const exitCode = await command({
    env,
    cwd: directory,
    stdout,
    stderr,
    stdin: Readable.from([]),
    language,
    words: chooseWords(language),
    json,
  })
  stdout.end()
  stderr.end()
  return { exitCode, text: (await stdout.toArray()).join(''), errors: (await stderr.toArray()).join('') }
}

describe('inspect and report over the journal', () => {
  test('a message by its id: results, forecast, digests and the read-back', async () => {
    const { exitCode, text, errors } = await run(invocation => inspectCommand(invocation, '#1'))
    assert.equal(exitCode, 0, errors)
    assert.match(text, /^DKIM .*pass +pass \(google\.com\)$/m)
    assert.match(text, /SHA-256 as uploaded +[0-9a-f]{64} +the same/)
    assert.match(text, /Read back from Gmail +the same/)
  })

  test('a message by its Message-ID, as JSON', async () => {
    const target = '9391651994964116463@google.com'
    for (const given of [target, `<${target}>`]) {
      const { text } = await run(invocation => inspectCommand(invocation, given), true)
      const answer = JSON.parse(text)
      assert.equal(answer.id, 1)
      assert.equal(answer.stage, 'imported')
      assert.equal(answer.proof.readBackSame, true)
      assert.equal(answer.authentication.forecast.cost, 'softfail')
    }
  })

  test('an unknown message is the user’s mistake', async () => {
    const { exitCode, text } = await run(invocation => inspectCommand(invocation, '#99'), true)
    assert.equal(exitCode, 2)
    assert.equal(JSON.parse(text).fault.code, 'usage.invalid')
  })

  test('report counts the days that were asked for', async () => {
    const month = await run(invocation => reportCommand(invocation, { days: 30, nowMs }), true)
    assert.deepEqual(JSON.parse(month.text).total, {
      messages: 1,
      lost: 0,
      possiblyLost: 0,
      spam: 0,
      softfail: 1,
      notKnown: 0,
    })
    const longer = await run(invocation => reportCommand(invocation, { days: 60, nowMs }))
    assert.match(longer.text, /invoice\.example +1 +1 +0 +0 +0 +#{20}$/m)
    const ja = await run(invocation => reportCommand(invocation, { days: 60, nowMs }), false, 'ja')
    assert.match(ja.text, /2 通のうち、転送していたら 1 通が失われ/)
  })

  test('report lists the imports that may stand twice', async () => {
    const { text } = await run(invocation => reportCommand(invocation, { days: 60, nowMs }))
    assert.match(text, /twice[^\n]*\n {2}#2 .*<20261124183000\.1@invoice\.example>\n$/)
    const month = await run(invocation => reportCommand(invocation, { days: 30, nowMs }))
    assert.doesNotMatch(month.text, /twice/)
  })

  test('days that are no days are refused', async () => {
    for (const days of [0, -1, 1.5, Number.NaN, 4000]) {
      await assert.rejects(
        run(invocation => reportCommand(invocation, { days })),
        { code: 'usage.invalid' },
      )
    }
  })
})

test('the look at an imported message ends at once when it is aborted', async () => {
  const controller = new AbortController()
  const looker = makeLooker(systemClock, () => new Promise(() => {}))
  const authenticate = makeAuthenticate(looker)
  const mailbox = {
    server: { host: 'h' },
    user: 'u',
    verify: true,
    forwardingAddress: undefined,
    authservIds: [],
    receivingServers: [],
  }
  const looking = authenticate(messageOf(googleReport(googleKey)), mailbox, controller.signal)
  controller.abort()
  assert.equal(await looking, undefined)
  await looker.close()
})

describe('a record of version 1', () => {
  const by = 'mx.host.example'
  const spf = { result: 'pass', by, trust: 'trusted', header: 'authentication-results' }
  const field = { header: 'authentication-results', by, trust: 'trusted', why: 'above-border', results: [] }
  const record = {
    version: 1,
    senderDomain: 'a.example',
    stamped: {
      host: by,
      fields: [field, { ...field, by: 'x.example', trust: 'untrusted', why: 'foreign-id' }],
      leftOut: 0,
      spf,
    },
    verified: {
      state: 'done',
      asOf: '2026-11-24T00:00:00.000Z',
      spf: {
        verdict: 'none',
        domain: 'a.example',
        clientAddress: '203.0.113.5',
        helo: 'h',
        envelopeSender: 'x@a.example',
      },
      dkim: [],
      dmarc: { verdict: 'none', domain: 'a.example', spfAligned: false, dkimAligned: false },
      arc: { verdict: 'none', instances: 0 },
      forwardedSpf: { verdict: 'none', address: '198.51.100.9', from: 'host' },
    },
    forecast: { cost: 'none' },
  }

  test('is read by today’s rules: what its rules trusted is not proved, and the forecast is made anew', () => {
    const read = parseAuthentication(JSON.stringify(record))
    assert.equal(read?.version, 2)
    assert.deepEqual(
      [read?.stamped.spf?.trust, read?.stamped.fields[0]?.why, read?.stamped.fields[1]?.why],
      ['unproven', 'judged-before', 'foreign-id'],
    )
    assert.equal(read?.forecast?.cost, 'possibly-lost')
    assert.equal(parseAuthentication(JSON.stringify({ ...record, version: 3 })), undefined)
  })
})
