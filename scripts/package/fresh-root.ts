/**
 * A Debian as somebody has it who has just installed it: made by mmdebstrap, kept as an archive for a week, and unpacked
 * for whoever asks.
 */
import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeLibraries, packageCache } from './node-binary.ts'

const run = promisify(execFile)
const weekMs = 7 * 24 * 3600_000

export type Suite = 'bookworm' | 'trixie'

/** The oldest that Debian's archive still has: glibc 2.31. */
type OldSuite = 'bullseye'

/** What every installed Debian has beyond the essential packages. */
const usual = ['systemd-sysv', 'dbus', 'adduser', 'ca-certificates']

/** @param options of mmdebstrap, which are the archive's name as well */
async function unpack(folder: string, suite: Suite | OldSuite, options: readonly string[]): Promise<void> {
  const archive = join(packageCache, `${[suite, ...options].join('-').replace(/[^a-z0-9+]+/g, '-')}.tar`)
  if (!existsSync(archive) || Date.now() - statSync(archive).mtimeMs > weekMs) {
    await mkdir(packageCache, { recursive: true })
    const made = join(packageCache, `${process.pid}-${suite}.tar`)
    await run('mmdebstrap', ['--mode=root', ...options, suite, made], { maxBuffer: 16 << 20 })
    await rename(made, archive)
  }
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xf', archive, '-C', folder, '--numeric-owner', '--xattrs'])
}

/**
 * @param folder made, with the root in it
 * @param more packages beyond the usual ones
 */
export const makeFreshRoot = (folder: string, suite: Suite, more: readonly string[] = []): Promise<void> =>
  unpack(folder, suite, ['--variant=apt', `--include=${[...usual, ...more].join(',')}`])

/** An old Debian as a rental server's user sees it, with cron and nothing else. */
export const makeOldRoot = (folder: string): Promise<void> =>
  unpack(folder, 'bullseye', ['--variant=minbase', '--include=cron'])

/** What Node needs of Debian for arm64, for qemu-user on a computer of another kind. */
export const unpackArm64Libraries = (folder: string): Promise<void> =>
  unpack(folder, 'bookworm', ['--arch=arm64', '--variant=extract', `--include=${nodeLibraries.join(',')}`])
