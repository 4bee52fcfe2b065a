/** A port of promises over a database in this process, which answers at once. */

/** What an adapter does, each call begun and ended in one turn of the event loop. */
export type Answers<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...given: infer Given) => Promise<infer Answer>
    ? (...given: Given) => Answer
    : Port[Name]
}

/** The same methods as promises. Each is done when it is called, so that calls follow one another as they were made. */
export function inPromises<Port extends object>(own: Answers<Port>): Port {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(own)).filter(name => name !== 'constructor')
  return Object.fromEntries(
    names.map(name => {
      const method: unknown = Reflect.get(own, name)
      if (typeof method !== 'function') throw new TypeError(`${name} is no method`)
      return [name, async (...given: unknown[]): Promise<unknown> => method.apply(own, given)]
    }),
  ) as Port
}
