import { maskCredentials, maskSecrets } from '../base/mask.ts'

/**
 * A server's words that go into a fault: whatever looks like a credential is masked, because an error page may echo
 * the request.
 * @param secrets exact values that must not appear either
 * @returns at most 300 octets of UTF-8
 */
export const scrubWords = (text: string, secrets: readonly string[] = []): string =>
  cutOctets(maskCredentials(maskSecrets(text, secrets)), mostOctets)

const mostOctets = 300

/** Cut at a character. */
function cutOctets(text: string, most: number): string {
  const octets = Buffer.from(text)
  if (octets.length <= most) return text
  const dots = '…'
  const room = octets.subarray(0, most - Buffer.byteLength(dots))
  return new TextDecoder().decode(room, { stream: true }) + dots
}
