/**
 * What verification costs: median CPU milliseconds a message with warm DNS, and whether hostile headers cost more
 * than their length. `node scripts/bench-authentication.ts` prints one JSON line a measure.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { authenticate } from '../src/authentication/authenticate.ts'
import { makeDns, tableLookup } from '../src/authentication/dns.ts'
import { makeAuthenticate, makeLooker } from '../src/authentication/look.ts'
import { readStamped } from '../src/authentication/results.ts'
import { unknownHost } from '../src/authentication/stamped.ts'
import { systemClock } from '../src/base/clock.ts'
import { Secret } from '../src/base/secret.ts'
import { makeGmail } from '../src/gmail/google.ts'
import {
  articleZone,
  forwardingAddress,
  googleKey,
  googleReport,
  unsignedInvoice,
} from '../test/authentication/article.ts'
import { makeKey, sealArc, signDkim } from '../test/authentication/signing.ts'
import { crlf, messageOf, received, type Zone } from '../test/authentication/world.ts'
import { startGmailServer } from '../test/servers/gmail/gmail-server.ts'

export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the project promises, where it promises something. */
  readonly target?: number
  readonly ok?: boolean
}

/** CPU used by this process since `start`, ms. */
const cpuMs = (start: NodeJS.CpuUsage): number => {
  const used = process.cpuUsage(start)
  return (used.user + used.system) / 1000
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const round = (value: number): number => Math.round(value * 1000) / 1000

/** @param rounds messages of each kind, measured in groups of ten because one is too short for the clock */
export async function benchAuthentication(rounds = 300): Promise<readonly Measure[]> {
  return [
    ...(await benchVerification(rounds)),
    ...benchHostileHeaders(),
    ...(await benchImportLatency(rounds)),
  ]
}

async function benchVerification(rounds: number): Promise<Measure[]> {
  const { zone, messages } = mail()
  const verify = {
    dns: makeDns({ lookup: tableLookup(zone), clock: systemClock }),
    clock: systemClock,
    forwardingAddress,
  }
  const measures: Measure[] = []
  const all: number[] = []
  for (const [name, octets] of Object.entries(messages)) {
    const raw = messageOf(octets)
    const once = async (): Promise<void> => {
      const { verified } = await authenticate(raw, { host: unknownHost, verify })
      if (verified.state !== 'done') throw new Error(`${name} was not verified: ${verified.state}`)
    }
    for (let i = 0; i < 30; i += 1) await once()
    const samples: number[] = []
    for (let i = 0; i < rounds; i += 10) {
      const start = process.cpuUsage()
      for (let j = 0; j < 10; j += 1) await once()
      samples.push(cpuMs(start) / 10)
    }
    all.push(...samples)
    measures.push({
      name: `authentication.verify.${name}`,
      value: round(median(samples)),
      unit: 'CPU ms a message',
    })
  }
  const value = round(median(all))
  measures.push({
    name: 'authentication.verify.median',
    value,
    unit: 'CPU ms a message',
    target: 5,
    ok: value < 5,
  })
  return measures
}

/** Sizes and signatures as a business mailbox has them; the largest is 1 MB. */
function mail(): { zone: Zone; messages: Record<string, Buffer> } {
  const second = makeKey('ed25519')
  const zone: Zone = {
    ...articleZone(),
    'news.example': { TXT: ['v=spf1 include:esp.example ~all'] },
    'esp.example': { TXT: ['v=spf1 ip4:203.0.113.0/24 ~all'] },
    's1._domainkey.news.example': { TXT: [googleKey.record] },
    'e1._domainkey.esp.example': { TXT: [second.record] },
    'arc._domainkey.lists.example': { TXT: [googleKey.record] },
    '_dmarc.news.example': { TXT: ['v=DMARC1; p=quarantine'] },
  }
  const from = { helo: 'o1.esp.example', address: '203.0.113.9', sender: 'bounce@news.example' }
  const news = (octets: number): Buffer => {
    const line = `<p>${createHash('sha256').update(String(octets)).digest('base64')} お知らせ</p>\r\n`
    const body = line.repeat(Math.ceil(octets / Buffer.byteLength(line)))
    const text = crlf(`From: News <news@news.example>
To: owner@shop.example
Subject: News
Date: Tue, 24 Nov 2026 09:00:00 +0900
Message-ID: <${octets}@news.example>
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: 8bit

`)
    const one = signDkim(Buffer.concat([text, Buffer.from(body)]), { key: googleKey, domain: 'news.example' })
    return signDkim(one, { key: second, domain: 'esp.example', selector: 'e1' })
  }
  return {
    zone,
    messages: {
      report: googleReport(googleKey),
      unsigned: unsignedInvoice(),
      news10k: received(news(10_000), from),
      news100k: received(news(100_000), from),
      news1M: received(news(1_000_000), from),
      arc: received(
        sealArc(news(10_000), {
          key: googleKey,
          domain: 'lists.example',
          instance: 1,
          state: 'none',
          results: 'lists.example; spf=pass',
        }),
        from,
      ),
    },
  }
}

function benchHostileHeaders(): Measure[] {
  const line = (n: number): string =>
    'Authentication-Results: mx.host.example; dkim=pass (forged) header.d=bank.example\r\n'.repeat(n)
  const nested = (n: number): string =>
    `Authentication-Results: mx.host.example ${'('.repeat(n)}${')'.repeat(n)}; spf=pass\r\n`
  const top =
    'Received: from a (b.example [203.0.113.5]) by mx.host.example with ESMTP id 1; Tue, 24 Nov 2026 09:00:00 +0900\r\n'
  const shapes: Record<string, (n: number) => string> = { fields: line, nested: n => nested(n * 40) }
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const time = (n: number): number => {
      const header = Buffer.from(`${top}${shape(n)}\r\n`)
      let best = Number.POSITIVE_INFINITY
      for (let i = 0; i < 7; i += 1) {
        const start = process.cpuUsage()
        readStamped(header, unknownHost)
        best = Math.min(best, cpuMs(start))
      }
      return best
    }
    time(1000)
    const half = time(2500)
    const whole = time(5000)
    const ratio = round(whole / Math.max(half, 0.1))
    return [
      { name: `authentication.hostile.${name}`, value: round(whole), unit: 'CPU ms for 5,000' },
      {
        name: `authentication.hostile.${name}.ratio`,
        value: ratio,
        unit: 'times for twice the input',
        target: 4,
        ok: ratio < 4,
      },
    ]
  })
}

/**
 * Latency of an import with the look beside it and without, in turns, against the Gmail stand-in in a process of
 * its own that answers after 50 ms (Gmail takes longer).
 */
async function benchImportLatency(rounds: number): Promise<Measure[]> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--gmail'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { url, tokenUrl, authUrl, revokeUrl, id, secret, refreshToken } = JSON.parse(line) as Record<
    string,
    string
  >
  const gmail = makeGmail({
    account: {
      name: 'bench',
      address: 'owner@example.test',
      credential: {
        kind: 'user',
        clientId: id ?? '',
        clientSecret: Secret.of(secret ?? ''),
        refreshToken: Secret.of(refreshToken ?? ''),
      },
      unitsPerMinute: 12_000_000,
      importsInFlight: 1,
    },
    endpoints: {
      apiRoot: url ?? '',
      authUrl: authUrl ?? '',
      tokenUrl: tokenUrl ?? '',
      revokeUrl: revokeUrl ?? '',
    },
    clock: systemClock,
  })
  const { zone, messages } = mail()
  const octets = messages.news10k ?? Buffer.alloc(0)
  const looker = makeLooker(systemClock, tableLookup(zone))
  const look = makeAuthenticate(looker)
  const mailbox = {
    server: { host: 'mx.host.example' },
    user: 'me',
    verify: true,
    forwardingAddress,
    authservIds: [],
    receivingServers: [],
  }
  const { signal } = new AbortController()
  const request = {
    labelIds: ['INBOX'],
    internalDateSource: 'dateHeader',
    neverMarkSpam: false,
    processForCalendar: false,
    method: 'import',
  } as const
  const samples = { on: [] as number[], off: [] as number[] }
  try {
    for (let i = 0; i < Math.max(40, rounds); i += 1) {
      const raw = messageOf(
        Buffer.from(octets.toString('latin1').replace('Message-ID: <', `Message-ID: <${i}.`), 'latin1'),
      )
      const kind = i % 2 === 0 ? 'on' : 'off'
      const start = performance.now()
      const beside = kind === 'on' ? look(raw, mailbox, signal) : undefined
      await gmail.import(raw, request, signal)
      if (i >= 10) samples[kind].push(performance.now() - start)
      await beside
    }
  } finally {
    await looker.close()
    await gmail.close()
    child.stdin.end()
    await once(child, 'exit')
  }
  const ratio = round(median(samples.on) / median(samples.off))
  return [
    { name: 'authentication.import.without', value: round(median(samples.off)), unit: 'ms an import' },
    { name: 'authentication.import.beside', value: round(median(samples.on)), unit: 'ms an import' },
    {
      name: 'authentication.import.ratio',
      value: ratio,
      unit: 'times the latency',
      target: 1.1,
      ok: ratio < 1.1,
    },
  ]
}

/** The other process: the stand-in behind a wire that delays its answers; ends with its standard input. */
async function serveGmail(): Promise<void> {
  const server = await startGmailServer({ keepBodyOctets: 0 })
  const { port } = new URL(server.url)
  const wire = createServer(client => {
    const upstream = connect(Number(port), '127.0.0.1')
    client.pipe(upstream)
    upstream.on('data', chunk => setTimeout(() => client.destroyed || client.write(chunk), 50))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const { port: delayed } = wire.address() as AddressInfo
  const here = (url: string): string => url.replace(`:${port}`, `:${delayed}`)
  const { authUrl, tokenUrl, revokeUrl, client } = server
  const told = { id: client.id, secret: client.secret ?? '', refreshToken: server.grant() }
  process.stdout.write(
    `${JSON.stringify({ url: here(server.url), authUrl, tokenUrl, revokeUrl, ...told })}\n`,
  )
  process.stdin.resume()
  await once(process.stdin, 'end')
  process.exit(0)
}

if (process.argv[2] === '--gmail') await serveGmail()
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const measures = await benchAuthentication()
  for (const measure of measures) process.stdout.write(`${JSON.stringify(measure)}\n`)
  process.exitCode = measures.some(measure => measure.ok === false) ? 1 : 0
}
