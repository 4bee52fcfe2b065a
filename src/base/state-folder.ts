/**
 * The data folder (STATE_DIR) is its owner's alone: made with mode 0700, and closed where it is there and others may
 * read it, since the names of the journal's files stand for years whatever a umask was once.
 */
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { inFolder, makeFolder } from './as-owner.ts'
import { Fault } from './fault.ts'
import { shellWord } from './shell-word.ts'
import { folderFault } from './state-place.ts'

/** What hikyaku keeps there; old names too. */
const ownNames =
  /^(journal\.(sqlite(-wal|-shm|-journal)?|made|made\.new|adopted|damaged-.*)|instance\.lock(-journal)?|secrets\.(sealed|sealed\.lock|key|lock|lock-journal)|login\.key|fleet\.key(\.lock)?|vault|setup\.json|spool|rebuild-.*|\.[0-9a-f]{16}\.tmp)$/
/** One of these says that the folder is in use as a data folder. */
const signs = ['journal.made', 'journal.sqlite', 'secrets.sealed', 'vault']

/** Folders of the system (Filesystem Hierarchy Standard 3.0): closing one of them would stop the machine. */
const systemFolders = new Set(
  '/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/local /var /var/cache /var/lib /var/log /var/mail /var/spool /var/tmp /Library /System /Users /private /private/tmp /private/var'.split(
    ' ',
  ),
)

const refuse = (stateDir: string, reason: string, facts: object = {}): never => {
  throw new Fault('state.exposed', { facts: { file: stateDir, reason, ...facts } })
}

/**
 * Makes the folder or closes it, and the files in it.
 * @throws Fault state.exposed where it is open to others and not ours to close, or where somebody else's file lies in
 *   it under one of our names; state.* where it cannot be made
 */
export function secureStateFolder(stateDir: string): void {
  try {
    makeFolder(stateDir)
    if (process.platform === 'win32') return
    inFolder(stateDir, at => secure(stateDir, at))
  } catch (thrown) {
    throw folderFault(thrown, stateDir)
  }
}

/** Only the files, and what cannot be closed stays: for commands that look beside a running daemon. */
export function closeStateFiles(stateDir: string): void {
  if (process.platform === 'win32') return
  try {
    inFolder(stateDir, at => closeFiles(at))
  } catch {
    // Whoever only looks may have no right to change anything.
  }
}

function secure(stateDir: string, at: string): void {
  const { mode, uid } = statSync(at)
  if ((mode & 0o077) === 0) {
    closeFiles(at)
    return
  }
  const names = readdirSync(at)
  const command = `chmod 700 ${shellWord(stateDir)}`
  if (uid !== process.geteuid?.()) {
    // Another's folder that we may only use: what its group is let do is its owner's word; everybody is not.
    if ((mode & 0o007) !== 0) refuse(stateDir, 'others-read', { command })
    closeFiles(at)
    return
  }
  const isForeign = names.some(name => !ownNames.test(name)) && !names.some(name => signs.includes(name))
  const isOfMany = (mode & 0o1000) !== 0 || systemFolders.has(resolve(stateDir)) || isHome(stateDir)
  if (isOfMany || isForeign) refuse(stateDir, isOfMany ? 'others-read' : 'not-its-own')
  chmodSync(at, mode & 0o700)
  if ((statSync(at).mode & 0o077) !== 0) refuse(stateDir, 'others-read', { command }) // FAT, some network disks
  if ((mode & 0o022) !== 0) refusePlanted(stateDir, at, names)
  closeFiles(at)
}

const isHome = (folder: string): boolean => {
  try {
    return resolve(folder) === resolve(homedir())
  } catch {
    return false // a bare uid without a home
  }
}

/** Others could write here until now. From now on nobody can, so what is found here is what will be used. */
function refusePlanted(stateDir: string, at: string, names: readonly string[]): void {
  for (const name of names.filter(each => ownNames.test(each))) {
    const found = lstatSync(join(at, name), { throwIfNoEntry: false })
    if (found === undefined) continue
    if (found.uid !== process.geteuid?.() || (found.isFile() && found.nlink > 1))
      refuse(join(stateDir, name), 'foreign-file')
  }
}

/** By path, since nobody else can change names in a folder that is closed, and every right here is its owner's. */
function closeFiles(at: string): void {
  for (const name of readdirSync(at)) {
    if (!ownNames.test(name)) continue
    const path = join(at, name)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined || found.uid !== process.geteuid?.()) continue
    if ((found.mode & 0o077) === 0 || !(found.isFile() || found.isDirectory())) continue
    chmodSync(path, found.mode & 0o700)
  }
}
