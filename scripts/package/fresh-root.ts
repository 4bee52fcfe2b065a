/**
 * A Debian as somebody has it who has just installed it: made by mmdebstrap, kept as an archive for a week, and unpacked
 * for whoever asks.
 */
import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const cache = fileURLToPath(new URL('../../node_modules/.cache/hikyaku-package', import.meta.url))
const run = promisify(execFile)
const weekMs = 7 * 24 * 3600_000

export type Suite = 'bookworm' | 'trixie'

/** What every installed Debian has beyond the essential packages. */
const usual = ['systemd-sysv', 'dbus', 'adduser', 'ca-certificates']

/** Why there can be none here, or undefined where there can. */
export function freshRootMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make a root'
  return existsSync('/usr/bin/mmdebstrap') ? undefined : 'mmdebstrap is not installed'
}

/**
 * @param folder made, with the root in it
 * @param more packages beyond the usual ones
 */
export async function makeFreshRoot(
  folder: string,
  suite: Suite,
  more: readonly string[] = [],
): Promise<void> {
  const archive = join(cache, [suite, ...more].join('-').concat('.tar'))
  if (!existsSync(archive) || Date.now() - statSync(archive).mtimeMs > weekMs) {
    await mkdir(cache, { recursive: true })
    const made = join(cache, `${process.pid}-${suite}.tar`)
    const include = `--include=${[...usual, ...more].join(',')}`
    await run('mmdebstrap', ['--mode=root', '--variant=apt', include, suite, made], { maxBuffer: 16 << 20 })
    await rename(made, archive)
  }
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xf', archive, '-C', folder, '--numeric-owner', '--xattrs'])
}
