/** What every maker of packages is told (makers.ts). */
export interface Order {
  /** Where the files go. */
  readonly folder: string
  readonly version: string
  /** Seconds since 1970: the time that everything inside has; the same commit makes the same octets. */
  readonly epoch: number
}
