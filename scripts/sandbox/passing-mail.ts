/**
 * Mail that passes while somebody watches: what a small shop receives, most of it good, some that forwarding would have
 * lost; now and then a large one, and one that Gmail refuses.
 */
import { corpus } from '../../test/messages/corpus.ts'
import { largeMessage, monthMessage } from './month.ts'

/** One in so many, soon after the first 40, which are there before anybody watches. */
const refusedEvery = 23
const refusedAt = 42 % refusedEvery
const largeEvery = 17
const largeAt = 44 % largeEvery
const largeOctets = 8 << 20

const refused = corpus().filter(message => message.refused !== undefined && message.plain)

export type PassingKind = 'plain' | 'large' | 'refused'

export function passingMail(serial: number): { readonly kind: PassingKind; readonly octets: Buffer } {
  if (serial % refusedEvery === refusedAt) {
    const message = refused[Math.floor(serial / refusedEvery) % refused.length]
    if (message !== undefined) {
      // Each is a message of its own, not one that has come before.
      const octets = Buffer.concat([Buffer.from(`X-Sandbox: ${serial}\r\n`), message.octets])
      return { kind: 'refused', octets }
    }
  }
  if (serial % largeEvery === largeAt)
    return { kind: 'large', octets: largeMessage(serial, Date.now(), largeOctets) }
  return { kind: 'plain', octets: monthMessage(serial, Date.now()) }
}
