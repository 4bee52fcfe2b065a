/**
 * What an installed systemd unit gives its process: commands that an owner types see the same settings and the same
 * state as the service does, without being told where they are.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { daemonUnit, pullTimer, pullUnit } from './systemd.ts'
import { readUnitPath, readUnitWord } from './systemd-escape.ts'

/** Where an administrator's units of the computer are: systemd.unit(5). */
export const systemUnitsFolder = '/etc/systemd/system'

/** Of /var/lib: a system unit's `StateDirectory=`, and what `%S` stands for there (systemd.unit(5)). */
const systemState = '/var/lib'

/** Where packages put theirs, which one of the administrator's of the same name covers. */
export const packagedUnitsFolder = '/usr/lib/systemd/system'

/** What [Install] of our units makes of `systemctl enable`. */
const enabledLinks = {
  [daemonUnit]: `multi-user.target.wants/${daemonUnit}`,
  [pullUnit]: `timers.target.wants/${pullTimer}`,
} as const

/**
 * @param folder of the units
 * @param packaged the package's, for tests
 * @returns what the daemon's unit, else the timer's pull, gives its process; undefined where neither is there or can be
 *   read. Of a package's units, which are both there from its installation on, the one that is switched on goes first
 */
export function readInstalledEnv(
  folder: string,
  packaged = packagedUnitsFolder,
): Readonly<Record<string, string>> | undefined {
  const isOn = ([, link]: readonly [string, string]): boolean => isLink(join(folder, link))
  const units = Object.entries(enabledLinks)
  for (const [name] of [...units.filter(isOn), ...units]) {
    const own = readIfThere(join(folder, name))
    const text = own ?? (folder === systemUnitsFolder ? readIfThere(join(packaged, name)) : undefined)
    if (text !== undefined) return readUnitEnv([text, ...readDropIns(join(folder, `${name}.d`))].join('\n'))
  }
  return undefined
}

/** @returns whether a service is there: one of the administrator's or user's own, or the package's switched on */
export const isInstalled = (folder: string): boolean =>
  Object.entries(enabledLinks).some(
    ([name, link]) => readIfThere(join(folder, name)) !== undefined || isLink(join(folder, link)),
  )

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

/** What is added to a unit, in the order of the files' names: systemd.unit(5). */
function readDropIns(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(name => name.endsWith('.conf'))
    return names.sort().flatMap(name => readIfThere(join(folder, name)) ?? [])
  } catch {
    return []
  }
}

/**
 * The variables that a unit of ours sets, and those of its environment file; what is not ours is among them. What EnvironmentFile= says prevails over Environment=:
 * systemd.exec(5).
 * @param prefix in front of the paths of environment files, for tests
 */
export function readUnitEnv(text: string, prefix = ''): Record<string, string> {
  const env: Record<string, string> = {}
  const files: string[] = []
  for (const [, key, value = ''] of text.matchAll(/^(Environment|EnvironmentFile|LoadCredential)=(.*)$/gm)) {
    if (key === 'EnvironmentFile') files.push(readUnitPath(value.replace(/^-/, '')))
    else if (key === 'LoadCredential') {
      const file = /^hikyaku-key:(.+)$/.exec(value)?.[1]
      if (file !== undefined) env.HIKYAKU_KEY_FILE = readUnitPath(file)
    } else {
      const [, name, given = ''] =
        /^([A-Z_]+)=(.*)$/s.exec(readUnitWord(value.replace('%S', systemState))) ?? []
      if (name !== undefined) env[name] = given
    }
  }
  for (const file of files) Object.assign(env, parseEnv(readIfThere(prefix + file) ?? ''))
  return env
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // not there, or not ours to read: then its settings are not ours to see
  }
}
