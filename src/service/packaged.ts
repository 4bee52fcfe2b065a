/**
 * The units that the Debian package brings: made from the same text as those that `hikyaku service install` writes
 * (systemd.ts), with a user and folders that the package made. What an installation adds to them is a drop-in
 * (systemd.unit(5)), so that a new version of the package brings its units along.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packagedUnitsFolder } from './installed.ts'
import type { ServiceMachine } from './machine.ts'
import type { ServiceFile, ServiceMode, ServiceOptions } from './service.ts'
import { daemonUnit, makeUnits, pullTimer, writtenByInstall } from './systemd.ts'
import { unitCommand } from './systemd-escape.ts'

/** Where the package has the program, and whom it made for it. */
export const packagedProgram = {
  nodeFile: '/usr/lib/hikyaku/node/node',
  cliFile: '/usr/lib/hikyaku/dist/cli.js',
  user: 'hikyaku',
} as const

/** The units of the package as text; the one to be enabled stands last. */
export const makePackagedUnits = (mode: ServiceMode): readonly ServiceFile[] =>
  makeUnits({
    ...packagedProgram,
    mode,
    scope: 'system',
    envFile: '/etc/hikyaku/hikyaku.env',
    packaged: true,
  }).map(unit => ({ ...unit, folder: packagedUnitsFolder }))

/**
 * @returns the user of the package's units, where they are here and start this very program; undefined where a service
 *   needs units of its own
 */
export function findPackagedUser({ prefix, nodeFile, cliFile }: ServiceMachine): string | undefined {
  try {
    const unit = readFileSync(join(prefix + packagedUnitsFolder, daemonUnit), 'utf8')
    const own = unit.includes(`\nExecStart=${unitCommand([nodeFile, cliFile, 'run'])}\n`)
    return own ? packagedProgram.user : undefined
  } catch {
    return undefined // no package's unit is here, or one that cannot be read
  }
}

const dropInName = (unit: string): string => `${unit}.d/10-hikyaku-service-install.conf`

/** The drop-ins that an installation may have written. */
export const dropInsOf = (mode: ServiceMode): readonly string[] =>
  makePackagedUnits(mode).map(({ name }) => dropInName(name))

/** @returns what `options` want beyond the package's units, as files below the administrator's folder of units */
export function makeDropIns(options: ServiceOptions): readonly ServiceFile[] {
  const packaged = makePackagedUnits(options.mode)
  return makeUnits({ ...options, packaged: true }).flatMap(({ name, text }, index) => {
    const known = new Set(packaged[index]?.text.split('\n'))
    const more = text.split('\n').filter(line => !known.has(line) && !line.startsWith('Description='))
    if (more.length === 0) return []
    // An empty time takes back all of the package's times: systemd.timer(5).
    const section =
      name === pullTimer ? ['[Timer]', 'OnActiveSec=', 'OnActiveSec=5s', ...more] : ['[Service]', ...more]
    const lines = [writtenByInstall, ...section, '']
    return [{ name: dropInName(name), text: lines.join('\n') }]
  })
}
