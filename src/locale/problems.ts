/** What is wrong with a setting, one line each: the name, what was expected, what was given, how to mend it. */
import type { Language } from '../base/language.ts'
import type { Problem } from '../base/problem.ts'
import { printable } from '../base/untrusted.ts'
import { joinBrackets } from './brackets-ja.ts'
import type { ProblemTexts } from './problem-texts.ts'
import { en } from './problems-en.ts'
import { ja } from './problems-ja.ts'

const problemTexts: Readonly<Record<Language, ProblemTexts>> = { en, ja }

/** The whole line, printable, without a line break. */
export function describeProblem(problem: Problem, language: Language): string {
  // Each text is given the problem of its own kind, which the compiler cannot follow through the index.
  const sayProblem = problemTexts[language][problem.kind] as (problem: Problem) => string
  const text = sayProblem(problem)
  const given = problem.given === undefined ? undefined : printable(problem.given, 80)
  const { line } = problem
  const isFirst = problem.kind === 'yaml' || line === undefined
  const at = isFirst
    ? problem.at
    : language === 'ja'
      ? `${problem.at}（${line} 行目）`
      : `${problem.at} (line ${line})`
  return language === 'ja'
    ? printable(
        joinBrackets(
          `${at}${at.endsWith('）') ? text.trimStart() : text}${given === undefined ? '' : `（現在の値: 「${given}」）`}`,
        ),
        2000,
      )
    : printable(`${at} ${text}${given === undefined ? '' : ` (it is “${given}”)`}`, 2000)
}
