/** A port of promises over a database in this process, which answers at once. */

/** What an adapter does; a call that is long gives its answer later, and lets the event loop go on meanwhile. */
export type Answers<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...given: infer Given) => Promise<infer Answer>
    ? (...given: Given) => Answer | Promise<Answer>
    : Port[Name]
}

/** The same methods as promises. Each is begun when it is called, so that calls follow one another as they were made. */
export function promiseAnswers<Port extends object>(own: Answers<Port>): Port {
  return Object.fromEntries(
    Object.entries(own).map(([name, method]) => {
      if (typeof method !== 'function') throw new TypeError(`${name} is no method`)
      return [name, async (...given: unknown[]): Promise<unknown> => method.apply(own, given)]
    }),
  ) as Port
}
