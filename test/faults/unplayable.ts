/** Rows of the matrix that cannot be played here, and parts of rows, each with the reason. */
import type { RowId } from './matrix.ts'

export const unplayable: Partial<Readonly<Record<RowId, string>>> = {
  D4: 'hikyaku makes no resumable upload: a message is one request, and one that was torn is begun anew (D2, D3).',
}

/** What of a row that is played is not. */
export const notPlayed: Partial<Readonly<Record<RowId, string>>> = {
  A15: 'Power cuts are played by cutting the write-ahead log; a disk that lies about fsync is not.',
  D12: 'A certificate for another name is played in test/gmail/tls.test.ts.',
  E1: 'Needs root for a small disk of its own; without it only the limit of a file size is played.',
  E2: 'An fsync that fails with EIO needs a faulty block device; a refused write (EFBIG), EROFS and EMFILE are played.',
  E6: 'A state directory of another user needs a second account.',
  E7: "The kernel's out-of-memory killer is SIGKILL (A1 to A13); the bound that keeps it away is measured.",
  E8: 'There is one version of the journal so far: the upgrade is the empty one.',
}
