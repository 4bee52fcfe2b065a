/** A small disk of its own, for what happens where one is full or can only be read. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly path: string
  /** Whoever still has something open there keeps it until he ends. */
  release(): void
}

export function mountDisk(octets: number): SmallDisk {
  const disk = tryMount(octets)
  if (disk === undefined) throw new Error('no disk')
  return disk
}

/** Why there can be none; undefined where there can. */
export function diskMissing(): string | undefined {
  const disk = tryMount(1 << 16)
  disk?.release()
  return disk === undefined ? 'this user may not mount a small disk' : undefined
}

function tryMount(octets: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'hikyaku-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${octets}`, 'tmpfs', path]).status !== 0) {
    rmSync(path, { recursive: true })
    return undefined
  }
  return {
    path,
    release() {
      spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}
