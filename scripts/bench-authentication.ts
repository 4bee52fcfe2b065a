/**
 * What verification costs: median CPU milliseconds a message with warm DNS, and whether hostile headers cost more
 * than their length. `node scripts/bench-authentication.ts` prints one JSON line a measure.
 */
import { createHash } from 'node:crypto'
import { authenticate } from '../src/authentication/authentication.ts'
import { makeDns, tableLookup } from '../src/authentication/dns.ts'
import { readStamped, unknownHost } from '../src/authentication/results.ts'
import { systemClock } from '../src/clock.ts'
import {
  articleZone,
  forwardingAddress,
  googleKey,
  googleReport,
  unsignedInvoice,
} from '../test/authentication/article.ts'
import { makeKey, sealArc, signDkim } from '../test/authentication/signing.ts'
import { crlf, messageOf, received, type Zone } from '../test/authentication/world.ts'

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
  return [...(await benchVerification(rounds)), ...benchHostileHeaders()]
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

if (import.meta.main) {
  const measures = await benchAuthentication()
  for (const measure of measures) process.stdout.write(`${JSON.stringify(measure)}\n`)
  process.exitCode = measures.some(measure => measure.ok === false) ? 1 : 0
}
