/**
 * A server's words that go into a fault: whatever looks like a credential is masked, because an error page may echo
 * the request. Google's access tokens begin with `ya29.`, refresh tokens with `1//`, client secrets with `GOCSPX-`.
 * @param secrets exact values that must not appear either
 * @returns at most 300 octets of UTF-8
 */
export function scrub(text: string, secrets: readonly string[] = []): string {
  let clean = text
  // A very short value is no real secret, and masking it would only eat the server's words.
  for (const secret of secrets) if (secret.length >= 8) clean = clean.replaceAll(secret, '[secret]')
  const masked = clean
    .replace(/\bBearer\s+\S+/gi, 'Bearer [secret]')
    .replace(/\bya29\.[\w.-]+|\b1\/\/[\w-]{10,}|\bGOCSPX-[\w-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[secret]')
  return cutOctets(masked, mostOctets)
}

const mostOctets = 300

/** Cut at a character. */
function cutOctets(text: string, most: number): string {
  const octets = Buffer.from(text)
  if (octets.length <= most) return text
  const dots = '…'
  const room = octets.subarray(0, most - Buffer.byteLength(dots))
  return new TextDecoder().decode(room, { stream: true }) + dots
}
