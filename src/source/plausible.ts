/** Which announced sizes can be one. */

/**
 * No message is larger, octets: -1 as an unsigned number and the like are no sizes. Of one that really were, nothing
 * would be lost but the announcement.
 */
const mostOctetsOfOne = 2 ** 30

/** An announced size as a number, or undefined where it can be none: 0 of a message that is there, nonsense, huge. */
export function plausibleOctets(octets: number | undefined): number | undefined {
  return octets !== undefined && octets > 0 && octets <= mostOctetsOfOne ? octets : undefined
}
