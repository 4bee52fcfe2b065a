#!/usr/bin/env node
/**
 * The hall behind the door (door.cts): answers `--version` alone and sets the exit code. Nothing may be imported
 * statically here, since imports run first.
 */
// First of all: at this signal Node would open its inspector on 127.0.0.1, where anybody on this computer may run code
// in this process, which holds the passwords.
process.on('SIGUSR1', () => {})
// Before anything is made: whatever we write is its owner's alone, also what SQLite and other programs make for us.
process.umask(0o077)
const [first, ...others] = process.argv.slice(2)
if ((first === '--version' || first === '-V') && others.length === 0) {
  const { readVersion } = await import('./base/version.ts')
  console.log(readVersion())
} else {
  quietSqlite()
  if (first === 'run') {
    const { keepSmall } = await import('./base/engine.ts')
    keepSmall()
  }
  ignoreClosedPipes()
  assumeUsualSize()
  const { main } = await import('./commands/program.ts')
  process.exitCode = await main(process.argv.slice(2))
  // A handle that a library forgot must not keep a finished command alive.
  setTimeout(() => process.exit(), 2000).unref()
}

/** `hikyaku status | head` reads what it wants to; the command ends as it would have, without a word about it. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', thrown => {
      // What is said on standard error is said beside the work: a full disk behind it stops no mail.
      if (stream === process.stdout && (thrown as NodeJS.ErrnoException).code !== 'EPIPE') throw thrown
    })
  }
}

/** A serial console, and a terminal that a container got without a size, say that they are 0 by 0 cells. */
function assumeUsualSize(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const assume = (): void => {
      if (stream.columns === 0) stream.columns = 80
      if (stream.rows === 0) stream.rows = 24
    }
    assume()
    if (stream.isTTY) stream.on('resize', assume)
  }
}

/** Node 22 and 23 call node:sqlite experimental in two lines on standard error, which no owner could act on. */
function quietSqlite(): void {
  const emitWarning = process.emitWarning.bind(process) as (...all: unknown[]) => void
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] !== 'ExperimentalWarning' || !String(warning).includes('SQLite'))
      emitWarning(warning, ...rest)
  }
}
