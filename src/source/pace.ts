/**
 * How slowly one message may come. Octets must keep coming, in the long run enough of them, and the whole has an
 * end: the greater of ten minutes and its size at 2 kB/s. The time in which we made the server wait does not count.
 */
export interface PaceLimits {
  /** A body in which no octet arrives for so long is given up. */
  readonly progressMs: number
  /** A body must bring `trickleOctets` in every stretch of `trickleMs`: slower than any line in use. */
  readonly trickleMs: number
  readonly trickleOctets: number
  /** A message may take so long altogether, however slowly it comes ... */
  readonly messageMs: number
  /** ... and longer only while it has brought so many octets a second. */
  readonly messageOctetsPerSecond: number
}

/** How long a message of which `octets` have come may take altogether, ms. */
export function wholeMs(
  octets: number,
  limits: Pick<PaceLimits, 'messageMs' | 'messageOctetsPerSecond'>,
): number {
  return Math.max(limits.messageMs, (octets / limits.messageOctetsPerSecond) * 1000)
}

/** The pace of one body. All instants are of the monotonic clock, ms. */
export class BodyPace {
  readonly #limits: PaceLimits
  #beganMs: number
  #octets = 0
  #windowFromMs: number
  #windowOctets = 0
  #heldFromMs: number | undefined

  constructor(limits: PaceLimits, nowMs: number) {
    this.#limits = limits
    this.#beganMs = nowMs
    this.#windowFromMs = nowMs
  }

  /** We are not ready for more octets. */
  hold(nowMs: number): void {
    this.#heldFromMs = nowMs
  }

  goOn(nowMs: number): void {
    this.#beganMs += nowMs - (this.#heldFromMs ?? nowMs)
    this.#heldFromMs = undefined
    this.#windowFromMs = nowMs
    this.#windowOctets = 0
  }

  /** Notes octets that came. Returns until when the next must have come; the past where this is too slow already. */
  note(octets: number, nowMs: number): number {
    const { progressMs, trickleMs, trickleOctets } = this.#limits
    this.#octets += octets
    this.#windowOctets += octets
    if (nowMs - this.#windowFromMs >= trickleMs) {
      if (this.#windowOctets < trickleOctets) return nowMs - 1
      this.#windowFromMs = nowMs
      this.#windowOctets = 0
    }
    return Math.min(nowMs + progressMs, this.#beganMs + wholeMs(this.#octets, this.#limits))
  }
}
