/** What a row of the journal is to know of a message whose octets were read just now. */
import type { RowPatch } from '../journal/journal.ts'
import { type Bare, bareOf, barePatch } from '../message/evidence.ts'
import { type HeaderFacts, readHeader } from '../message/header.ts'
import type { RawMessage } from '../message/message.ts'

export interface ReadFacts {
  /** The header section, as it came. */
  readonly section: Buffer
  readonly header: HeaderFacts
  readonly bare: Bare
  readonly facts: RowPatch & { readonly messageId: string | undefined }
}

/** @param atMs when it was retrieved, ms since 1970 */
export async function readFacts(raw: RawMessage, account: string, atMs: number): Promise<ReadFacts> {
  const section = await raw.header()
  const header = readHeader(section)
  const bare = await bareOf(raw, header)
  const facts = {
    octets: raw.octets,
    sha256: raw.sha256,
    ...barePatch(raw, bare),
    headerSha256: header.sha256,
    messageId: header.messageId,
    retrievedAtMs: atMs,
    account,
  }
  return { section, header, bare, facts }
}
