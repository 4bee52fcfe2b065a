/** The lines of a CSV file: each is told where it is wrong, or handed on as a mailbox. */
import type { Directory } from '../../fleet/directory.ts'
import { isGoodLine, readCsv } from './csv.ts'
import type { CsvFile } from './csv-file.ts'
import { type ImportCount, type ImportOptions, makeImporter } from './importer.ts'
import { fleetWords } from './words.ts'

export interface LineOptions extends ImportOptions {
  readonly stopping: AbortSignal
  /** @param octets of the file, so far */
  readonly onProgress: (lines: number, octets: number) => void
}

/** @throws Fault of the directory; what was put before stays */
export async function importLines(
  directory: Directory,
  { handle, header }: CsvFile,
  options: LineOptions,
): Promise<ImportCount & { readonly isWhole: boolean }> {
  const { language, stopping, onProgress } = options
  const { flaws } = fleetWords[language].import
  const importer = await makeImporter(directory, header, options)
  let isWhole = true
  for await (const read of readCsv(handle)) {
    // Excel writes lines of nothing but commas below a list.
    if (read.line === 1 || (isGoodLine(read) && read.fields.every(field => field.trim() === ''))) continue
    if (stopping.aborted) {
      isWhole = false
      break
    }
    if (isGoodLine(read)) await importer.take(read)
    else {
      const column = header[(read.column ?? 0) - 1] ?? null
      importer.refuse(read.line, column, flaws[read.flaw])
    }
    onProgress(importer.count().lines, read.endsAt)
  }
  await importer.flush()
  return { ...importer.count(), isWhole }
}
