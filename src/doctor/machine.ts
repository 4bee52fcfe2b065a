/** This machine: Node and the data folder. Nothing is made or written to find out. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exitCodes, Fault } from '../base/fault.ts'
import { shellWord } from '../base/shell-word.ts'
import { folderFault, refuseUnusablePlace } from '../base/state-place.ts'
import { printable } from '../base/untrusted.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, failCheck, noteCheck, passCheck } from './finding.ts'

const leastNode = [22, 13] as const

export function checkNode({ nodeVersion, words }: DoctorContext): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const newEnough = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])
  const place = { check: 'node' } as const
  if (newEnough) return passCheck(place, words.node(nodeVersion))
  return failCheck(
    place,
    'node.too-old',
    words.oldNode(nodeVersion, leastNode.join('.')),
    exitCodes.configuration,
  )
}

/** Variables by which Node or OpenSSL trusts more, tells more or does more than it would by itself. */
export function checkEnvironment({ env, words }: DoctorContext): readonly Finding[] {
  const place = { check: 'node' } as const
  const findings: Finding[] = []
  const given = (names: readonly string[]): readonly string[] =>
    names.filter(name => (env[name] ?? '') !== '')
  const settings = (names: readonly string[]): readonly string[] =>
    names.map(name => `${name}=${printable(env[name] ?? '', 200)}`)
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    findings.push(
      noteCheck(place, 'environment.unverified', words.unverifiedTls('NODE_TLS_REJECT_UNAUTHORIZED=0')),
    )
  const authorities = given(['NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
  if (authorities.length > 0)
    findings.push(noteCheck(place, 'environment.authorities', words.moreAuthorities(settings(authorities))))
  const keyLog = given(['SSLKEYLOGFILE'])
  if (keyLog.length > 0)
    findings.push(noteCheck(place, 'environment.key-log', words.keyLog(settings(keyLog))))
  const options = given(['NODE_OPTIONS', 'OPENSSL_CONF'])
  if (options.length > 0)
    findings.push(noteCheck(place, 'environment.options', words.foreignOptions(settings(options))))
  return findings
}

/** Less than this holds neither a journal's growth nor one usual message. */
const leastOctets = 16 * 1024 * 1024
/** Gmail's largest message is 150 MB, and large ones go through a temporary file. */
const comfortableOctets = 200 * 1024 * 1024

/** Who may read and write the data folder, and the room that is left there. */
export async function checkState(stateDir: string, context: DoctorContext): Promise<readonly Finding[]> {
  const { words, language } = context
  const place = { check: 'state' } as const
  try {
    await refuseUnusablePlace(stateDir)
    const folder = await nearestFolder(stateDir)
    await access(folder, constants.W_OK | constants.X_OK)
    const findings: Finding[] = []
    if (folder === stateDir && process.platform !== 'win32') {
      const { mode, uid } = await stat(folder)
      if ((mode & 0o077) !== 0)
        findings.push(
          noteCheck(place, 'state.open', words.stateOpen(stateDir, `chmod 700 ${shellWord(stateDir)}`)),
        )
      if (uid !== context.machine.uid)
        findings.push(noteCheck(place, 'state.foreign-owner', words.stateForeign(stateDir, uid)))
    }
    const { freeOctets, freeFiles } = await context.room(folder)
    if (freeOctets < leastOctets || freeFiles === 0) {
      const fault = new Fault('state.disk-full', { facts: { file: folder, octets: freeOctets } })
      return [...findings, failByFault(place, fault, language)]
    }
    if (freeOctets < comfortableOctets)
      findings.push(noteCheck(place, 'state.little-room', words.littleRoom(folder, freeOctets)))
    if (findings.length > 0) return findings
    return [
      passCheck(place, folder === stateDir ? words.state(stateDir, freeOctets) : words.stateToCome(stateDir)),
    ]
  } catch (thrown) {
    return [failByFault(place, folderFault(thrown, stateDir), language)]
  }
}

/** The folder, or the closest one above it that is there: where it will be made. */
async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      if ((await stat(folder)).isDirectory()) return folder
      throw new Fault('state.no-folder', { facts: { file: folder, reason: 'ENOTDIR' } })
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw thrown
    }
  }
}
