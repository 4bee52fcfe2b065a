/** AUTH with an access token over POP3 (RFC 5034, RFC 7628). */
import type { Status } from './pop3-answers.ts'
import {
  answerToRefusal,
  encodeTokenLogin,
  readTokenRefusal,
  type TokenLogin,
  type TokenMechanism,
  type TokenRefusal,
} from './sasl-token.ts'

/** RFC 2449 section 4: octets of a command line, its CRLF among them. */
const longestCommand = 255

/**
 * At most three lines. A token rarely fits into the line of the command, and then waits for the server's `+`, as it must
 * (RFC 5034 section 4): Exchange hangs up on a longer line.
 * @param say sends a line; `more`: `+` is a fitting answer
 * @returns the last answer, and why, where the server said that in a challenge
 */
export async function authenticateByToken(
  mechanism: TokenMechanism,
  login: TokenLogin,
  say: (line: string, more: boolean) => Promise<Status>,
): Promise<{ readonly status: Status; readonly refusal: TokenRefusal }> {
  const message = encodeTokenLogin(mechanism, login)
  const whole = `AUTH ${mechanism} ${message}`
  const isShort = whole.length + 2 <= longestCommand
  let status = await say(isShort ? whole : `AUTH ${mechanism}`, true)
  // An empty challenge asks for the message, also where it went along.
  if (status.more && (!isShort || status.words === '')) status = await say(message, true)
  if (!status.more) return { status, refusal: {} }
  const refusal = readTokenRefusal(status.words)
  return { status: await say(answerToRefusal(mechanism), false), refusal }
}
