/** What the Debian package says about itself: control, changelog, licences. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { wrapText } from '../../src/base/text-width.ts'
import { chooseLicence } from '../licences.ts'
import { readRuntimeLock } from '../runtime-lock.ts'
import type { Architecture } from './node-binary.ts'

/** deb-version(7): what comes before a release sorts below it. */
export const debianVersion = (version: string): string => version.replace('-', '~')

export interface ControlFacts {
  readonly version: string
  readonly architecture: Architecture
  readonly maintainer: string
  readonly description: string
  readonly homepage: string | undefined
  /** Octets, installed. */
  readonly size: number
}

/**
 * deb-control(5). The versions are those whose symbols Node's own binary asks for (readelf -V): glibc 2.28, GLIBCXX_3.4.21
 * and CXXABI_1.3.11 (GCC 7).
 */
export function makeControl(facts: ControlFacts): string {
  const { version, architecture, maintainer, description, homepage, size } = facts
  return `Package: hikyaku
Version: ${debianVersion(version)}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7), adduser
Recommends: ca-certificates
Section: mail
Priority: optional
${homepage === undefined ? '' : `Homepage: ${homepage}\n`}Description: pull mail from POP3 or IMAP and import it into Gmail
 ${wrapText(description, 78).join('\n ')}
 .
 After installation: sudo hikyaku setup. Nothing is started before that.
 The package brings the version of Node.js that it was tested with.
`
}

/** What changed, in the users' words, stands in the documents; Debian wants a file of this form. */
export function makeChangelog(facts: {
  readonly version: string
  readonly maintainer: string
  readonly epoch: number
}): string {
  const { version, maintainer, epoch } = facts
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  return `hikyaku (${debianVersion(version)}) stable; urgency=medium

  * Release ${version}.

 -- ${maintainer}  ${date}
`
}

/** @param program the folder of the staged program @returns the file that Debian calls `copyright` */
export async function describeLicences(program: string): Promise<string> {
  const { '': _own, ...libraries } = (await readRuntimeLock()).packages
  const lines = Object.entries(libraries)
    .filter(([, { optional }]) => optional !== true)
    .map(
      ([path, { version, license }]) =>
        `${path} ${version}: ${chooseLicence(path, license as string | undefined)}`,
    )
  const own = await readFile(join(program, 'LICENSE'), 'utf8')
  return `hikyaku

${own.trim()}

---

The package also holds Node.js. Its licence, and those of all that is built into it, stand in
/usr/lib/hikyaku/node/LICENSE.

And it holds these libraries; each has its licence in its folder below /usr/lib/hikyaku:

${lines.join('\n')}

Where one of them is under the Apache License 2.0, its text also stands in /usr/share/common-licenses/Apache-2.0.
`
}
