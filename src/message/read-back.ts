/**
 * Gmail puts lines of its own on top of what was imported (a Received line of gmailapi.google.com). A read-back
 * therefore compares below them: the last octets, as many as were uploaded.
 */
import { createHash } from 'node:crypto'
import type { Bare } from './evidence.ts'
import { withoutKeptLines } from './header.ts'

/**
 * @param readBack the octets that Gmail gave back
 * @param sha256 lower-case hexadecimal, of the uploaded octets
 * @param octets how many were uploaded
 * @returns whether the uploaded octets stand at the end, and only whole header lines above them
 */
export function sameBelowTop(readBack: Buffer, sha256: string, octets: number): boolean {
  const start = readBack.length - octets
  if (start < 0) return false
  const same = createHash('sha256').update(readBack.subarray(start)).digest('hex') === sha256
  return same && (start === 0 || readBack[start - 1] === 0x0a)
}

/** The same, without the lines that servers keep for themselves in what was given back. */
export function sameBareBelowTop(readBack: Buffer, bare: Bare): boolean {
  const blank = readBack.indexOf('\r\n\r\n')
  const header = readBack.subarray(0, blank < 0 ? readBack.length : blank + 4)
  const rest = Buffer.concat([withoutKeptLines(header).bare, readBack.subarray(header.length)])
  return sameBelowTop(rest, bare.sha256, bare.octets)
}

/**
 * Whether it is the same message, though not the same octets: a server that keeps mail in lines gives all of them back with
 * CRLF, also those that came with LF alone.
 */
export function sameButLineEnds(readBack: Buffer, sha256: string, octets: number): boolean {
  const bare = Buffer.from(readBack.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  return sameBelowTop(bare, sha256, octets)
}
