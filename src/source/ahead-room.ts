import { aheadRoomOctets } from './budget.ts'

/** How many octets all mailboxes of the process may hold of messages that came before they were asked for. */
export class AheadRoom {
  #left: number

  constructor(octets: number = aheadRoomOctets) {
    this.#left = octets
  }

  /** Takes so many, where they are left. */
  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }

  /** Gives back what was taken. */
  give(octets: number): void {
    this.#left += octets
  }
}
