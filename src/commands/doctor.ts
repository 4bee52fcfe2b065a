/** `hikyaku doctor`: looks at everything from this computer to Gmail, says what is wrong and what to do; changes nothing. */

import { indentParagraph } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import { makeContext } from '../doctor/context.ts'
import { type Diagnosis, diagnose } from '../doctor/doctor.ts'
import type { Finding } from '../doctor/finding.ts'
import { nothingSetUp } from './configuration.ts'
import { columnsOf, type Invocation, runAnswering, writeJson, writeLine } from './invocation.ts'

/**
 * @param given replaces parts of the machine, for tests
 * @returns the exit code of the first bad line; without one 0, or 1 where messages were set aside
 */
export async function doctorCommand(
  invocation: Invocation,
  given: Partial<Parameters<typeof makeContext>[0]> = {},
): Promise<number> {
  return runAnswering(invocation, async () => {
    const { env, cwd, language } = invocation
    const context = makeContext({
      env: { ...env },
      cwd,
      language,
      nothingSetUp: file => nothingSetUp(env, file),
      signal: new AbortController().signal,
      ...given,
    })
    if (invocation.json) {
      const diagnosis = await diagnose(context, () => {})
      answerJson(invocation, diagnosis)
      return diagnosis.exitCode
    }
    const looking = makeLooking(invocation, context.words.looking)
    writeLine(invocation, invocation.words.doctor.title)
    looking.show()
    const diagnosis = await diagnose(context, finding => {
      looking.clear()
      for (const line of linesOf(finding, invocation)) writeLine(invocation, line)
      looking.show()
    })
    looking.clear()
    writeLine(invocation, '')
    writeLine(invocation, summary(diagnosis, invocation))
    if (diagnosis.noNetwork) writeLine(invocation, context.words.noNetwork)
    return diagnosis.exitCode
  })
}

function answerJson(invocation: Invocation, { findings, exitCode, noNetwork }: Diagnosis): void {
  const first = findings.find(({ verdict }) => verdict === 'bad')
  writeJson(invocation, {
    ok: exitCode === 0,
    exitCode,
    cause: first?.code ?? null,
    noNetwork,
    checks: findings.map(({ exitCode: _, ...finding }) => finding),
  })
}

/** The line, and where something is to be done a second one below it. */
function linesOf(
  { check, subject, verdict, what, next }: Finding,
  invocation: Invocation,
): readonly string[] {
  const { words, language } = invocation
  const { doctor } = words
  const width = columnsOf(invocation)
  const marks = { ok: '✔', warning: '!', bad: '✖', skipped: '-' } as const
  const name = printable(subject, 60)
  const about = name === '' ? '' : language === 'ja' ? `（${name}）` : ` (${name})`
  // The mark says what is well.
  const state = verdict === 'ok' ? '' : `${doctor[verdict]}: `
  const [first = '', ...more] = what.split('\n')
  return [
    ...indentParagraph(`${doctor.checks[check]}${about}: ${state}${first}`, width, `${marks[verdict]} `),
    ...more.flatMap(line => indentParagraph(line, width, '    ')),
    ...(next === '' ? [] : indentParagraph(next, width, '    → ')),
  ]
}

function summary({ findings }: Diagnosis, { words }: Invocation): string {
  const count = (verdict: Finding['verdict']): number =>
    findings.filter(finding => finding.verdict === verdict).length
  const [bad, warnings] = [count('bad'), count('warning')]
  return bad + warnings === 0 ? words.doctor.allWell : words.doctor.summary(bad, warnings)
}

/** On a terminal something is seen to go on while a check takes its time. */
function makeLooking({ stderr, stdout }: Invocation, text: string): { show(): void; clear(): void } {
  const onTerminal = stderr.isTTY === true && stdout.isTTY === true
  return {
    show: () => {
      if (onTerminal) stderr.write(`\r\u001b[K${text}`)
    },
    clear: () => {
      if (onTerminal) stderr.write('\r\u001b[K')
    },
  }
}
