import type { Problem } from '../base/problem.ts'

/** A text for each thing that can be wrong with a setting: what was expected, and how to mend it. */
export type ProblemTexts = {
  readonly [Kind in Problem['kind']]: (problem: Extract<Problem, { readonly kind: Kind }>) => string
}
