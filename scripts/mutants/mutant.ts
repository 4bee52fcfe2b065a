/** One change of the program, and the test that is to fail on it. */

export interface Mutant {
  /**
   * The code that is changed: stands in all of src exactly once, whatever the white space, so that the line may move to
   * another file and be wrapped otherwise.
   */
  readonly from: string
  readonly to: string
  /** Where `from` stands in several files (or in none of src): the one that is meant. */
  readonly file?: string
  /** What an owner would lose. */
  readonly loses: string
  /** Test files, the quickest first. */
  readonly tests: readonly string[]
  /** Of the test, or part of it; without it the whole files are run. */
  readonly title?: string
  /** Why no test can fail on it. It counts as not killed. */
  readonly survives?: string
}

/** A part of the mail path. */
export interface Area {
  readonly name: string
  readonly mutants: readonly Mutant[]
}
