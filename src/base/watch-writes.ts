/** Hears of writes to a file, by whomever, without asking while nobody writes. */
import { type FSWatcher, watch } from 'node:fs'

/** When it is looked at after a write was heard of, ms: what is written may be seen only once it is on the disk. */
const looksMs = [100, 1000, 3000] as const
/** How often where the system was not seen to tell of writes; and behind it where it was, ms. */
const pollMs = { unproven: 1000, proven: 30_000 } as const

/**
 * Calls `look` soon after the file was written, and once in a while whatever was heard. Network disks, containers and
 * full tables of the kernel may keep writes from us, so until one was heard of it looks every second.
 * @param look called by one at a time; its rejection is not ours to tell
 * @returns ends it
 */
export function watchWrites(file: string, look: () => Promise<void>): () => void {
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let isProven = false
  let isOver = false

  const lookAfter = (ms: number, next: () => void): void => {
    clearTimeout(timer)
    const mine = setTimeout(() => look().then(goOn, goOn), ms)
    // What was heard during the look has set another.
    const goOn = (): void => {
      if (!isOver && timer === mine) next()
    }
    timer = mine
  }
  const deafen = (): void => {
    watcher?.close()
    watcher = undefined
  }
  /** Deaf meanwhile: somebody who writes a thousand times a second wakes us three times in three. */
  const heard = (): void => {
    isProven = true
    deafen()
    const [soon, later, last] = looksMs
    lookAfter(soon, () =>
      lookAfter(later - soon, () => {
        // First the ear, then the eye: nothing falls between.
        listen(last - later)
      }),
    )
  }
  /** Anew each time: another file may have come under the name. */
  const listen = (firstMs?: number): void => {
    deafen()
    try {
      watcher = watch(file, heard)
      watcher.on('error', () => {
        isProven = false
        deafen()
        lookAfter(pollMs.unproven, listen)
      })
    } catch {
      isProven = false // not there yet, or no room in the kernel
    }
    lookAfter(firstMs ?? (isProven ? pollMs.proven : pollMs.unproven), listen)
  }
  listen()
  return () => {
    isOver = true
    clearTimeout(timer)
    deafen()
  }
}
