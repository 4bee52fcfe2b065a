/** The file of `hikyaku fleet import`: opened by its handle, judged before a line of it counts, and read twice. */
import { constants, type FileHandle, open } from 'node:fs/promises'
import { Fault } from '../../base/fault.ts'
import { shellWord } from '../../base/shell-word.ts'
import { readCsv } from './csv.ts'
import { hasSecrets, readHeader } from './csv-columns.ts'

export interface CsvFile {
  readonly handle: FileHandle
  readonly octets: number
  /** The columns, in the order of the file. */
  readonly header: readonly string[]
}

/** So large is no list of mailboxes. */
const mostOctets = 1 << 30
const readOctets = 256 * 1024

/**
 * @returns the file, which the caller closes
 * @throws Fault fleet.import-file where it cannot be taken, before anything was done
 */
export async function openCsvFile(file: string): Promise<CsvFile> {
  const refuse = (reason: string, more: Readonly<Record<string, string | number>> = {}): Fault =>
    new Fault('fleet.import-file', { facts: { file, reason, ...more } })
  let handle: FileHandle
  try {
    // open(2): with O_NONBLOCK a FIFO without a writer opens at once instead of never.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (thrown) {
    throw refuse((thrown as NodeJS.ErrnoException).code ?? 'EIO')
  }
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw refuse(stats.isDirectory() ? 'EISDIR' : 'not-a-file')
    if (stats.size > mostOctets) throw refuse('too-large')
    const encoding = await findEncoding(handle)
    if (encoding !== 'utf-8') throw refuse(encoding)
    const first = (await readCsv(handle).next()).value
    if (first === undefined || first.line !== 1) throw refuse('empty')
    if ('flaw' in first) throw refuse('header', { flaw: first.flaw })
    const header = readHeader(first.fields)
    if ('flaw' in header) throw refuse(header.flaw, { ...header })
    if (hasSecrets(header) && process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw refuse('permissions', { command: `chmod 600 ${shellWord(file)}` })
    return { handle, octets: stats.size, header }
  } catch (thrown) {
    await handle.close()
    throw thrown instanceof Fault ? thrown : refuse((thrown as NodeJS.ErrnoException).code ?? 'EIO')
  }
}

/** What the whole file is written in. Text of one encoding seldom passes for another, and never where both are tried. */
async function findEncoding(handle: FileHandle): Promise<'utf-8' | 'utf-16' | 'shift-jis' | 'not-utf-8'> {
  const passes = async (encoding: string): Promise<boolean> => {
    const decoder = new TextDecoder(encoding, { fatal: true })
    try {
      for (let position = 0; ; ) {
        const { bytesRead, buffer } = await handle.read(
          Buffer.allocUnsafe(readOctets),
          0,
          readOctets,
          position,
        )
        // What is left of a character at the end is a flaw, too.
        decoder.decode(buffer.subarray(0, bytesRead), { stream: bytesRead > 0 })
        if (bytesRead === 0) return true
        position += bytesRead
      }
    } catch (thrown) {
      if (thrown instanceof TypeError) return false
      throw thrown
    }
  }
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
  const mark = buffer.subarray(0, bytesRead).toString('hex')
  // A byte order mark (Unicode Standard, section 23.8), or Latin letters with a zero beside each.
  if (/^(fffe|feff|00..00|..00..00)/.test(mark)) return 'utf-16'
  if (await passes('utf-8')) return 'utf-8'
  return (await passes('shift_jis')) ? 'shift-jis' : 'not-utf-8'
}
