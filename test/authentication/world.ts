/** Messages and a DNS table for the tests of this room: no network. */
import { createHash } from 'node:crypto'
import { type AuthenticateOptions, authenticate } from '../../src/authentication/authenticate.ts'
import type { Authentication } from '../../src/authentication/authentication.ts'
import { type Lookup, makeDns, tableLookup } from '../../src/authentication/dns.ts'
import { readStamped } from '../../src/authentication/results.ts'
import { type ReceivingHost, type Stamped, unknownHost } from '../../src/authentication/stamped.ts'
import type { VerifyOptions } from '../../src/authentication/verify.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { RawMessage } from '../../src/message/message.ts'

export type Zone = Record<string, Record<string, readonly unknown[]>>

export const crlf = (text: string): Buffer => Buffer.from(text.replace(/\r?\n/g, '\r\n'))

/** A raw message in memory. */
export function messageOf(octets: Buffer, sliceOctets = octets.length): RawMessage {
  return {
    octets: octets.length,
    sha256: createHash('sha256').update(octets).digest('hex'),
    async *chunks() {
      for (let at = 0; at < octets.length; at += sliceOctets) yield octets.subarray(at, at + sliceOctets)
    },
    async header(limit = 1024 * 1024) {
      const end = octets.indexOf('\r\n\r\n')
      return octets.subarray(0, Math.min(limit, end < 0 ? octets.length : end + 4))
    },
    async discard() {},
  }
}

export const stampedOf = (text: string | Buffer, host: Partial<ReceivingHost> = {}): Stamped =>
  readStamped(typeof text === 'string' ? crlf(text) : text, { ...unknownHost, ...host })

export const verifyBy = (lookup: Lookup, clock: Clock = systemClock): VerifyOptions => ({
  dns: makeDns({ lookup, clock }),
  clock,
})

export async function examine(
  octets: Buffer,
  zone: Zone,
  options: { host?: Partial<ReceivingHost>; verify?: Partial<VerifyOptions> } = {},
): Promise<Authentication> {
  const full: AuthenticateOptions = {
    host: { ...unknownHost, ...options.host },
    verify: { ...verifyBy(tableLookup(zone)), ...options.verify },
  }
  return authenticate(messageOf(octets), full)
}

/** The host's own lines on top of a message, as a Postfix there writes them. */
export function received(
  message: Buffer,
  from: { helo: string; address: string; sender: string; host?: string; stamps?: string; at?: string },
): Buffer {
  const {
    helo,
    address,
    sender,
    host = 'mx.host.example',
    stamps = '',
    at = 'Tue, 24 Nov 2026 09:00:00 +0900',
  } = from
  return Buffer.concat([
    crlf(`Return-Path: <${sender}>
${stamps}Received: from ${helo} (${helo} [${address}])
	by ${host} (Postfix) with ESMTPS id 4QABC
	for <owner@shop.example>; ${at}
`),
    message,
  ])
}
