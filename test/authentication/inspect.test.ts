import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { tableLookup } from '../../src/authentication/dns.ts'
import { measureWidth } from '../../src/base/text-width.ts'
import { type InspectOptions, inspectCommand } from '../../src/commands/inspect.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { sameBelowTop } from '../../src/message/read-back.ts'
import { articleZone, forwardingAddress, googleKey, googleReport, unsignedInvoice } from './article.ts'
import { startDnsServer } from './dns-server.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hikyaku-test-'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function inspect(
  message: Buffer,
  options: InspectOptions & { json?: boolean; language?: 'en' | 'ja'; stdin?: boolean } = {},
): Promise<{ text: string; exitCode: number }> {
  const { json = false, language = 'en', stdin = false, ...rest } = options
  const stdout = Object.assign(new PassThrough(), { columns: 80 })
  const invocation: Invocation = {
    env: {},
    cwd: directory,
    stdout,
    stderr: new PassThrough(),
    stdin: stdin ? Readable.from([message.subarray(0, 100), message.subarray(100)]) : Readable.from([]),
    language,
    words: chooseWords(language),
    json,
  }
  const path = join(directory, 'message.eml')
  if (!stdin) await writeFile(path, message)
  const exitCode = await inspectCommand(invocation, stdin ? '-' : path, {
    lookup: tableLookup(articleZone('reject')),
    ...rest,
  })
  stdout.end()
  return { text: (await stdout.toArray()).join(''), exitCode }
}

describe('hikyaku inspect on a file, without any configuration', () => {
  test('tells a layman what was stamped, what is verified and what forwarding would have done', async () => {
    const { text, exitCode } = await inspect(unsignedInvoice(), { forwardingAddress })
    assert.equal(exitCode, 0)
    assert.match(text, /From domain +invoice\.example/)
    assert.match(
      text,
      /Received by +mail1042\.conoha\.ne\.jp, from smtp\.invoice\.example \[203\.0\.113\.25\]/,
    )
    assert.match(text, /^SPF .*pass +pass \(invoice\.example\)$/m)
    assert.match(text, /^DMARC .*pass +pass \(p=reject\)$/m)
    assert.match(text, /Forwarded +REFUSED: it would not reach you/)
    assert.match(text, /a forward would lose it\. Of a refusal only\s+the sender is told/)
    assert.match(text, /GMAIL_NEVER_MARK_SPAM=yes/)
    assert.match(text, /150\.95\.219\.104 of your server,\s+which\s+invoice\.example has not\s+listed/)
    assert.match(text, /asks\s+to\s+refuse such mail \(p=reject\)/)
    assert.match(text, new RegExp(createHash('sha256').update(unsignedInvoice()).digest('hex')))
  })

  test('the signed report would have been delivered, with SPF failed', async () => {
    const { text } = await inspect(googleReport(googleKey), { forwardingAddress })
    assert.match(text, /Forwarded +in the inbox, but with SPF softfail/)
    assert.match(text, /the signature of google\.com\s+survives/)
  })

  test('says the same in Japanese, and no line of a paragraph is wider than the terminal', async () => {
    const { text } = await inspect(unsignedInvoice(), { forwardingAddress, language: 'ja' })
    assert.match(text, /転送 +拒否され、届かない/)
    assert.match(text, /150\.95\.219\.104/)
    // A character that must not begin a line may hang over by its own width.
    for (const line of text.split('\n').slice(1)) assert.ok(measureWidth(line) <= 82, line)
  })

  test('standard input and --json: one object with digest and results', async () => {
    const { text } = await inspect(unsignedInvoice(), { stdin: true, json: true, forwardingAddress })
    const answer = JSON.parse(text)
    assert.equal(text.trim().split('\n').length, 1)
    assert.equal(answer.proof.sha256, createHash('sha256').update(unsignedInvoice()).digest('hex'))
    assert.equal(answer.authentication.version, 2)
    assert.equal(answer.authentication.senderDomain, 'invoice.example')
    assert.equal(answer.authentication.forecast.plain.outcome, 'refused')
  })

  test('--offline reads what is stamped and asks nothing', async () => {
    const { text } = await inspect(unsignedInvoice(), {
      offline: true,
      lookup: () => assert.fail('DNS was asked'),
    })
    assert.match(text, /Verification is switched off/)
    assert.match(text, /^SPF .*pass +-$/m)
  })

  test('asks the DNS servers that it is told, over the wire', async () => {
    const dns = await startDnsServer(articleZone('reject'))
    try {
      const stdout = await inspect(googleReport(googleKey), {
        dnsServers: [dns.server],
        lookup: undefined as never,
        forwardingAddress,
      })
      assert.match(stdout.text, /^DKIM .*pass \(google\.com\)$/m)
      assert.ok(dns.asked.includes('TXT 20230601._domainkey.google.com'))
    } finally {
      await dns.close()
    }
  })

  test('a hostile message cannot write to the terminal, nor a broken one stop us', async () => {
    const hostile = Buffer.from(
      'Authentication-Results: \u001b[31mred\u0007; dkim=pass\r\nFrom: <a@\u001b]0;x\u0007b>\r\n\r\n',
    )
    const { text } = await inspect(hostile)
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f]/)
    for (const odd of [
      Buffer.alloc(0),
      Buffer.from([0, 1, 2, 255]),
      Buffer.from('\r\n\r\n'),
      Buffer.alloc(300_000, 0x61),
    ]) {
      assert.equal((await inspect(odd)).exitCode, 0)
    }
  })

  test('a file that is not there is the user’s mistake', async () => {
    await assert.rejects(
      inspectCommand({ json: false, words: chooseWords('ja') } as Invocation, join(directory, 'none.eml')),
      {
        code: 'usage.invalid',
      },
    )
  })
})

test('a read-back is compared below the lines that Gmail put on top', () => {
  const sent = googleReport(googleKey)
  const sha256 = createHash('sha256').update(sent).digest('hex')
  const top = Buffer.from('Received: from x by gmailapi.google.com with HTTPREST; now\r\n')
  assert.equal(sameBelowTop(Buffer.concat([top, sent]), sha256, sent.length), true)
  assert.equal(sameBelowTop(sent, sha256, sent.length), true)
  assert.equal(sameBelowTop(Buffer.concat([Buffer.from('x'), sent]), sha256, sent.length), false)
  const changed = Buffer.from(sent)
  changed[changed.length - 3] = 0x21
  assert.equal(sameBelowTop(Buffer.concat([top, changed]), sha256, sent.length), false)
  assert.equal(sameBelowTop(Buffer.from('short'), sha256, sent.length), false)
})
