/** Messages too large to keep: made while they are read, with a digest known beforehand and bounded memory. */
import { createHash } from 'node:crypto'

export interface LargeMessage {
  readonly octets: number
  /** SHA-256 of all octets, lower-case hexadecimal. */
  readonly sha256: string
  /** The octets from the first to the last, at most 64 KiB at a time; may be read again. */
  chunks(): AsyncGenerator<Buffer> & AsyncIterable<Buffer>
}

export const mebibyte = 1_048_576

function headerOf(name: string): Buffer {
  const lines = ['From: sender@example.jp', 'To: owner@example.jp', `Subject: ${name}`]
  return Buffer.from([...lines, `Message-ID: <${name}@large.example>`, '', ''].join('\r\n'), 'latin1')
}

/** 64 KiB of lines of 78 octets that differ from line to line, so that a lost or swapped block shows. */
function block(number: number): Buffer {
  const lines: string[] = []
  for (let line = 0; lines.length < 820; line += 1) {
    lines.push(`${number}.${line}. `.padEnd(78, 'abcdefghijklmnopqrstuvwxyz0123456789+/'))
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1').subarray(0, 65_536)
}

function* parts(octets: number, name: string): Generator<Buffer> {
  const end = Buffer.from('\r\n')
  let left = octets - end.length
  for (let number = -1; left > 0; number += 1) {
    const part = (number < 0 ? headerOf(name) : block(number)).subarray(0, left)
    // A block cut between CR and LF would leave a bare CR, which real servers are right to change.
    const whole = part.at(-1) === 13 ? Buffer.concat([part.subarray(0, -1), Buffer.from(' ')]) : part
    left -= whole.length
    yield whole
  }
  yield end
}

/**
 * A message of exactly so many octets (at least 200), all lines ended by CRLF.
 * @param name goes into Subject and Message-ID, so that two large messages differ
 */
export function large(octets: number, name = `large-${octets}`): LargeMessage {
  const hash = createHash('sha256')
  for (const part of parts(octets, name)) hash.update(part)
  return {
    octets,
    sha256: hash.digest('hex'),
    chunks: async function* () {
      yield* parts(octets, name)
    },
  }
}
