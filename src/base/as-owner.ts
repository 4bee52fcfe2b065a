/**
 * Root in a folder of another user. Whoever owns a folder chooses what its names lead to, and may change that between
 * any two of our steps. So what root does there is done with the owner's rights (effective user and group), by names
 * relative to the folder that was entered: nothing that the owner could not have done himself can come of it.
 *
 * All work in here is synchronous, so that no other work of this process ever runs with the changed rights.
 */
import { lstatSync, mkdirSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path'
import { Fault } from './fault.ts'

/** Whose rights are taken. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** nobody's group: a folder whose group is root's must not give its owner what that group may read. */
const neutralGid = 65_534

const isRoot = (): boolean => process.geteuid?.() === 0

const exposed = (file: string, reason: string, facts: object = {}, cause?: unknown): Fault =>
  new Fault('state.exposed', { facts: { file, reason, ...facts }, cause })

/** Every folder and link that the path leads through, up to the first name that is not there. */
function stepsOf(path: string): readonly { readonly path: string; readonly stats: Stats }[] {
  const steps: { path: string; stats: Stats }[] = []
  const names = resolve(path)
    .slice(parse(resolve(path)).root.length)
    .split(sep)
    .filter(Boolean)
  let at = parse(resolve(path)).root
  steps.push({ path: at, stats: lstatSync(at) })
  for (let links = 0; names.length > 0; ) {
    const name = names.shift() ?? ''
    if (name === '..') {
      at = dirname(at)
      continue
    }
    const next = join(at, name)
    const stats = lstatSync(next, { throwIfNoEntry: false })
    if (stats === undefined) break
    steps.push({ path: next, stats })
    if (!stats.isSymbolicLink()) {
      at = next
      continue
    }
    links += 1
    if (links > 40) throw exposed(path, 'ELOOP') // path_resolution(7): the kernel's own limit
    const target = readlinkSync(next)
    if (isAbsolute(target)) at = parse(target).root
    names.unshift(...target.split(sep).filter(part => part !== '' && part !== '.'))
  }
  return steps
}

/**
 * Whose rights are to be taken for work in `folder`, which need not exist yet.
 * @returns undefined for our own: we are not root, or nobody but root has a say about this path
 * @throws Fault state.exposed where two other users, or everybody, could exchange the folder for another
 */
export function ownerToBe(folder: string): Owner | undefined {
  if (!isRoot()) return undefined
  const steps = stepsOf(folder)
  for (const [index, { path, stats }] of steps.entries()) {
    const open = stats.isDirectory() && (stats.mode & 0o1002) === 0o002 // others may write, and it is not sticky
    if (open && index < steps.length - 1) throw exposed(path, 'everybody', { command: `chmod o-w ${path}` })
  }
  const foreign = steps.filter(({ stats }) => stats.uid !== 0)
  const [first] = foreign
  if (first === undefined) return undefined
  const { uid } = first.stats
  const other = foreign.find(({ stats }) => stats.uid !== uid)
  if (other !== undefined)
    throw exposed(folder, 'two-owners', {
      what: `${uid} (${first.path}), ${other.stats.uid} (${other.path})`,
    })
  const { gid } = foreign.at(-1)?.stats ?? first.stats
  return { uid, gid: gid === 0 ? neutralGid : gid }
}

/** Runs `work` with another user's rights and comes back to our own, whatever happens. */
function become<T>(owner: Owner, folder: string, work: () => T): T {
  const { getgroups, getegid, setgroups, setegid, seteuid } = process
  if (!getgroups || !getegid || !setgroups || !setegid || !seteuid) return work()
  const [groups, gid] = [getgroups(), getegid()]
  let entered = false
  try {
    setgroups([owner.gid])
    setegid(owner.gid)
    seteuid(owner.uid)
    entered = true
    return work()
  } catch (thrown) {
    if (entered) throw thrown
    throw exposed(folder, 'become', { uid: owner.uid }, thrown) // root without the right to be another (containers)
  } finally {
    seteuid(0)
    setegid(gid)
    if (entered) setgroups(groups)
  }
}

/** Where we are, so that we can come back; a folder that was removed under us has no name. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    return '/'
  }
}

/**
 * Runs `work` in a folder that is there, with its owner's rights where we are root and it is another's.
 * @param work gets what to put in front of a name of this folder: the folder itself, or '.' once it was entered.
 *   It must not be asynchronous
 * @throws what `work` throws; Fault state.exposed; the system's error where the folder cannot be entered
 */
export function inFolder<T>(folder: string, work: (at: string) => T): T {
  const owner = ownerToBe(folder)
  if (owner === undefined) return work(folder)
  const before = currentFolder()
  process.chdir(folder) // as root: /var/lib/private, where systemd keeps a DynamicUser's folder, is closed to its user
  try {
    const { uid } = statSync('.')
    if (uid !== 0 && uid !== owner.uid) throw exposed(folder, 'exchanged') // since ownerToBe looked
    return become(owner, folder, () => work('.'))
  } finally {
    process.chdir(before)
  }
}

/**
 * As inFolder, for work that cannot do without the whole path (SQLite makes every name absolute).
 *
 * Where the owner cannot reach his own folder by its path (/var/lib/private), the work is done as root. There only
 * the last folder is another's, since root alone decides about the rest; `work` is told so and has to look at what
 * it opened (sqlite-file.ts).
 */
export function byWholePath<T>(folder: string, work: (asRootFor: Owner | undefined) => T): T {
  const owner = ownerToBe(folder)
  if (owner === undefined) return work(undefined)
  const reached = become(owner, folder, () => {
    try {
      statSync(`${folder}${sep}.`) // not access(2), which asks for the real user
      return true
    } catch {
      return false
    }
  })
  if (reached) return become(owner, folder, () => work(undefined))
  const above = stepsOf(folder).slice(0, -1)
  if (above.some(({ stats }) => stats.uid !== 0)) throw exposed(folder, 'unreachable', { uid: owner.uid })
  return work(owner)
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (thrown) {
    // Another process of ours was faster.
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw thrown
  }
}

/**
 * Makes a folder and what is missing above it with mode 0700, as the owner of the place where it goes.
 * @returns whether anything was missing
 */
export function makeFolder(folder: string): boolean {
  const missing: string[] = []
  let there = resolve(folder)
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined && dirname(there) !== there) {
    missing.unshift(basename(there))
    there = dirname(there)
  }
  if (missing.length > 0)
    inFolder(there, at => {
      // One by one: with `recursive` a read-only disk answers ENOENT.
      for (let depth = 1; depth <= missing.length; depth++) makeOne(join(at, ...missing.slice(0, depth)))
    })
  else if (!statSync(there).isDirectory())
    throw Object.assign(new Error(`${there} is no folder`), { code: 'ENOTDIR' })
  return missing.length > 0
}
