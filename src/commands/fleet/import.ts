/**
 * `hikyaku fleet import FILE.csv`: mailboxes by the hundred thousand. What is right in the file is kept, batch by batch, and
 * what is not is told line by line; run again it changes only what differs.
 */
import { resolve } from 'node:path'
import { keepYoungSpaceSmall } from '../../base/engine.ts'
import { exitCodes } from '../../base/fault.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { makeProgressLine } from '../progress.ts'
import { catchStopSignals } from '../stop-signals.ts'
import { openCsvFile } from './csv-file.ts'
import { readServiceAccountKey } from './given-files.ts'
import { importLines } from './import-lines.ts'
import type { ImportCount, ImportProblem } from './importer.ts'
import { withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface ImportFlags {
  readonly tenant?: string
  readonly dryRun?: boolean
  readonly serviceAccountFile?: string
}

/** Who waits for less sees it end. */
const quietMs = 2000
/** In the JSON object, which is held in memory; people are told every line. */
const mostProblems = 1000

export async function fleetImportCommand(
  invocation: Invocation,
  file: string,
  { tenant = 'main', dryRun = false, serviceAccountFile }: ImportFlags,
): Promise<number> {
  const { language, stderr, json, cwd } = invocation
  const own = fleetWords[language].import
  return withFleet(invocation, 'import', async ({ directory }) => {
    const serviceAccount =
      serviceAccountFile === undefined
        ? undefined
        : await readServiceAccountKey(invocation, serviceAccountFile)
    keepYoungSpaceSmall()
    const csv = await openCsvFile(resolve(cwd, file))
    const { stopping, dispose } = catchStopSignals(
      () => stderr.write(`${own.stopping}\n`),
      () => {},
    )
    const problems: ImportProblem[] = []
    let whole = 0
    const progress = makeProgressLine(
      invocation,
      (lines, octets) => own.progress(lines, octets, whole),
      quietMs,
    )
    const onProblem = (problem: ImportProblem): void => {
      if (problems.length < mostProblems) problems.push(problem)
      if (json) return
      progress.end()
      stderr.write(`${own.line(problem.line, problem.column, problem.reason)}\n`)
    }
    try {
      whole = csv.octets
      const { isWhole, ...count } = await importLines(directory, csv, {
        ...{ language, tenant, dryRun, serviceAccount, stopping, onProblem },
        onProgress: (lines, octets) => progress.show({ done: lines, due: octets }),
      })
      progress.end()
      const exitCode = isWhole
        ? count.notTaken > 0
          ? exitCodes.someAside
          : exitCodes.ok
        : exitCodes.temporary
      if (json)
        writeJson(invocation, { ok: exitCode === 0, exitCode, dryRun, whole: isWhole, ...count, problems })
      else sayCount(invocation, count, dryRun)
      return exitCode
    } finally {
      progress.end()
      dispose()
      await csv.handle.close()
    }
  })
}

function sayCount(invocation: Invocation, count: ImportCount, dryRun: boolean): void {
  const own = fleetWords[invocation.language].import
  const beside = own.beside(count)
  const texts = [
    dryRun ? own.rehearsed(count) : own.done(count),
    ...(beside === '' ? [] : [beside]),
    ...(count.notTaken > 0 ? [own.notTaken] : []),
  ]
  for (const text of texts) writeParagraph(invocation, text)
}
