/** What one pull did, in messages. */
export interface PullCounts {
  readonly fresh: number
  readonly imported: number
  readonly merged: number
  readonly refused: number
  readonly deferred: number
  readonly settled: number
  readonly gone: number
  readonly pending: number
}
