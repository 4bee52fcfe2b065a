/** A copy of a message in another folder of the source. */
export interface CopyRecord {
  readonly folder: string
  /** `UIDVALIDITY.UID` in that folder, where the server told it (RFC 4315 COPYUID). */
  readonly uid: string | undefined
  /** asked: COPY was about to leave, and nobody knows what became of it. made: the server said OK. */
  readonly state: 'asked' | 'made'
  readonly atMs: number
}
