/**
 * A server's words that go into a fault: whatever looks like a credential is masked, because an error page may echo
 * the request. Google's access tokens begin with `ya29.`, refresh tokens with `1//`, client secrets with `GOCSPX-`.
 * @param secrets exact values that must not appear either
 */
export function scrub(text: string, secrets: readonly string[] = []): string {
  let clean = text
  // A very short value is no real secret, and masking it would only eat the server's words.
  for (const secret of secrets) if (secret.length >= 8) clean = clean.replaceAll(secret, '[secret]')
  return clean
    .replace(/\bBearer\s+\S+/gi, 'Bearer [secret]')
    .replace(/\bya29\.[\w.-]+|\b1\/\/[\w-]{10,}|\bGOCSPX-[\w-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[secret]')
    .slice(0, 500)
}
