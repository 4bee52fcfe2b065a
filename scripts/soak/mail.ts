/** The soak's mail: small, each different, some without Message-ID, some with raw 8-bit octets, a few large. */
import { between, type Random } from './random.ts'

const line = Buffer.from('.dots at the start, and some words to fill a line of usual length\r\n')
const shiftJis = Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x0d, 0x0a])

/** Ends in CRLF, so that POP3 hands on the same octets that were put in. */
export function makeMail(serial: number, atMs: number, random: Random): Buffer {
  const date = new Date(atMs).toUTCString().replace('GMT', '+0000')
  const head = [
    `Received: from mx.example.jp by mail.example.jp with ESMTP id S${serial}; ${date}`,
    'From: shop@example.net',
    'To: owner@example.jp',
    // Machines that send the same header again and again are the hard case of recognising.
    `Subject: ${serial % 7 === 0 ? 'Daily report' : `Order ${serial}`}`,
    `Date: ${date}`,
    ...(serial % 29 === 0 ? [] : [`Message-ID: <soak-${serial}@example.net>`]),
    '',
    `serial ${serial}\r\n`,
  ].join('\r\n')
  const lines = random() < 0.0005 ? between(random, 5_000, 8_000) : between(random, 1, 12)
  return Buffer.concat([Buffer.from(head), shiftJis, ...Array.from({ length: lines }, () => line)])
}
