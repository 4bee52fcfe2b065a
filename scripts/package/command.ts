/** What the scripts that make packages share on the command line. */
import { parseArgs } from 'node:util'
import type { Architecture } from './node-binary.ts'

export const architectures: readonly Architecture[] = ['amd64', 'arm64']

/** `--arch`, else this machine's. @throws where it is none that packages are made for */
export function chooseArchitecture(): Architecture {
  const { values } = parseArgs({
    options: { arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' } },
  })
  if (values.arch === 'amd64' || values.arch === 'arm64') return values.arch
  throw new Error(`--arch ${values.arch}: amd64 or arm64`)
}

/** One line a file, then what it comes to. @param files with their octets */
export function sayPackage(
  files: readonly (readonly [string, number])[],
  unpacked: number,
  beganMs: number,
): void {
  const size = (octets: number): string => `${(octets / 1e6).toFixed(1)} MB`
  for (const [file, octets] of files) console.log(`${file}  ${size(octets)}`)
  console.log(`${size(unpacked)} unpacked, ${((performance.now() - beganMs) / 1000).toFixed(0)} s`)
}
