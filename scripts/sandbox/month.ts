/**
 * A month of mail as a small business receives it at a rental server, with the DNS that belongs to it: some senders
 * sign, some only have SPF, and their DMARC policies differ. What forwarding would have made of each is the point.
 */
import { makeKey, signDkim } from '../../test/authentication/signing.ts'
import { crlf, received, type Zone } from '../../test/authentication/world.ts'

const rentalHost = 'mail1042.conoha.ne.jp'
const forwardingAddress = '150.95.219.104'

interface Sender {
  readonly domain: string
  readonly subject: string
  readonly signs: boolean
  /** DMARC policy, or none published. */
  readonly policy: 'none' | 'quarantine' | 'reject' | undefined
  /** Messages a month. */
  readonly share: number
}

const senders: readonly Sender[] = [
  { domain: 'bigmail.example', subject: 'Re: お見積もりの件', signs: true, policy: 'reject', share: 12 },
  { domain: 'bank.example', subject: 'ログインコードのお知らせ', signs: true, policy: 'reject', share: 3 },
  {
    domain: 'invoice.example',
    subject: '請求書をお送りします',
    signs: false,
    policy: 'quarantine',
    share: 4,
  },
  { domain: 'booking.example', subject: '予約が入りました', signs: false, policy: 'reject', share: 5 },
  { domain: 'maker.example', subject: '新製品のご案内', signs: false, policy: 'none', share: 3 },
  { domain: 'neighbour.example', subject: 'こんにちは', signs: false, policy: undefined, share: 3 },
]

const key = makeKey('rsa')
const dayMs = 24 * 3600_000

const wheel = senders.flatMap(sender => Array.from({ length: sender.share }, () => sender))

/** `count` messages spread over the 30 days before now, the senders in their shares. */
export function monthOfMail(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, serial) =>
    monthMessage(serial, Date.now() - 30 * dayMs + (serial * 30 * dayMs) / count),
  )
}

/** One of them; the senders come in their shares. */
export function monthMessage(serial: number, atMs: number): Buffer {
  const sender = wheel[(serial * 7) % wheel.length] ?? wheel[0]
  if (sender === undefined) throw new Error('no senders')
  return message(sender, `${sender.subject} (${serial})\n`, serial, atMs)
}

/** The same with a body of so many octets, as pictures make it. */
export function largeMessage(serial: number, atMs: number, octets: number): Buffer {
  const [sender] = senders
  if (sender === undefined) throw new Error('no senders')
  return message(sender, `${'0123456789abcdef'.repeat(4)}\n`.repeat(Math.ceil(octets / 66)), serial, atMs)
}

function message(sender: Sender, body: string, serial: number, atMs: number): Buffer {
  const at = new Date(atMs).toUTCString().replace('GMT', '+0000')
  const bare = crlf(`Date: ${at}
Message-ID: <month-${serial}@${sender.domain}>
From: info@${sender.domain}
To: owner@shop.example
Subject: =?UTF-8?B?${Buffer.from(sender.subject).toString('base64')}?=
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

${body}`)
  const signed = sender.signs ? signDkim(bare, { key, domain: sender.domain, selector: 's1' }) : bare
  return received(signed, {
    helo: `mail.${sender.domain}`,
    address: '203.0.113.25',
    sender: `info@${sender.domain}`,
    host: rentalHost,
    at,
    stamps: `Authentication-Results: ${rentalHost}; spf=pass smtp.mailfrom=info@${sender.domain}\n`,
  })
}

/** How the daemon judges it. @param dnsServer that answers with `monthZone` */
export const monthEnv = (dnsServer: string): Readonly<Record<string, string>> => ({
  FORWARDING_ADDRESS: forwardingAddress,
  AUTHSERV_IDS: rentalHost,
  DNS_SERVERS: dnsServer,
})

/** What these senders publish. */
export function monthZone(): Zone {
  const zone: Zone = { [rentalHost]: { A: [forwardingAddress] } }
  for (const { domain, signs, policy } of senders) {
    zone[domain] = { TXT: ['v=spf1 ip4:203.0.113.0/24 -all'] }
    if (signs) zone[`s1._domainkey.${domain}`] = { TXT: [key.record] }
    if (policy !== undefined) zone[`_dmarc.${domain}`] = { TXT: [`v=DMARC1; p=${policy}`] }
  }
  return zone
}
