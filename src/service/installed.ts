/**
 * What an installed systemd unit gives its process: commands that an owner types see the same settings and the same
 * state as the service does, without being told where they are.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { daemonUnit, pullUnit } from './systemd.ts'
import { readUnitPath, readUnitWord } from './systemd-escape.ts'

/** Where an administrator's units of the computer are: systemd.unit(5). */
export const systemUnitsFolder = '/etc/systemd/system'

/** Of /var/lib: a system unit's `StateDirectory=`, and what `%S` stands for there (systemd.unit(5)). */
const systemState = '/var/lib'

/**
 * @param folder of the units
 * @returns what the daemon's unit, else the timer's pull, gives its process; undefined where neither is there or can be
 *   read
 */
export function readInstalledEnv(folder: string): Readonly<Record<string, string>> | undefined {
  for (const name of [daemonUnit, pullUnit]) {
    const text = readIfThere(join(folder, name))
    if (text !== undefined) return readUnitEnv(text)
  }
  return undefined
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
