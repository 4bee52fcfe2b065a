/** Quoting for systemd unit files: systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers"; systemd.service(5). */

function refuseControl(text: string): void {
  // A line ending would begin a new setting of the owner's unit.
  if (/\p{Cc}/u.test(text))
    throw new RangeError('a path or value with control characters cannot stand in a unit file')
}

/** A whole value that systemd takes to the end of the line: only specifiers need care. */
export function unitPath(path: string): string {
  refuseControl(path)
  return path.replaceAll('%', '%%')
}

/** One word in a list of words. */
export function unitWord(text: string): string {
  const value = unitPath(text)
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(value)) return value
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}

/**
 * A command line. Variables are expanded in arguments, not in the program's path: systemd.service(5), "Command
 * lines".
 * @throws RangeError also for a program whose path systemd refuses: quotes and backslashes, however they are written
 */
export function unitCommand([program, ...args]: readonly [string, ...string[]]): string {
  if (/[\\"']/.test(program)) throw new RangeError(`systemd cannot start a program of this name: ${program}`)
  return [unitWord(program), ...args.map(arg => unitWord(arg).replaceAll('$', '$$$$'))].join(' ')
}

/** The other way: what a value that `unitPath` wrote means. */
export const readUnitPath = (value: string): string => value.replaceAll('%%', '%')

/** What a word that `unitWord` wrote means. */
export const readUnitWord = (word: string): string =>
  readUnitPath(/^"(.*)"$/s.exec(word)?.[1]?.replace(/\\([\\"])/g, '$1') ?? word)
