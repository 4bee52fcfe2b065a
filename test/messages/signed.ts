/**
 * A message with a DKIM signature (RFC 6376) over an 8-bit Japanese body. The key pair was made for it and its
 * private half was thrown away: the message cannot be made again, only be kept. DNS is an injected answer.
 */
import { readFileSync } from 'node:fs'

const file = (name: string): Buffer => readFileSync(new URL(name, import.meta.url))

export const signedMessage = (): Buffer => file('signed.eml')

/** Where the public key would stand in DNS. */
export const signedKeyName = 'hikyaku._domainkey.example.jp'

export const signedKeyRecord = (): string => file('signed.dkim-record.txt').toString('latin1').trim()

/** A resolver in the manner of dns.promises.resolve that knows this one key and nothing else. */
export async function signedResolver(name: string, type: string): Promise<string[][]> {
  if (name === signedKeyName && type === 'TXT') return [[signedKeyRecord()]]
  throw Object.assign(new Error(`no ${type} record for ${name}`), { code: 'ENOTFOUND' })
}
