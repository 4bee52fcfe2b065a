/**
 * npm run package:deb: the Debian package, with its own Node. Made by dpkg-deb from a folder; the same commit gives the
 * same octets.
 *
 *   npm run package:deb                   for amd64, into dist-packages/
 *   npm run package:deb -- --arch arm64
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { constants, gzipSync } from 'node:zlib'
import { makePackagedUnits } from '../../src/service/packaged.ts'
import { writePages } from '../pages.ts'
import { readRepository } from '../repository.ts'
import { readJson } from '../runtime-lock.ts'
import { architectures } from './command.ts'
import { debianVersion, describeLicences, makeChangelog, makeControl } from './deb-texts.ts'
import type { Architecture } from './node-binary.ts'
import type { Order } from './order.ts'
import { isProgramOf, settleFiles, settleFolder, stageProgram } from './stage.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const debian = fileURLToPath(new URL('debian', import.meta.url))
const run = promisify(execFile)
const scripts = ['preinst', 'postinst', 'prerm', 'postrm']

export interface DebianPackageOptions {
  readonly architecture: Architecture
  /** Where the file goes. */
  readonly folder: string
  /** Another one than package.json's, for a test of upgrades. */
  readonly version?: string
  /** `quick` is larger and made in seconds, for tests. */
  readonly compression?: 'small' | 'quick'
}

/** Both, for `npm run package`. @returns the files' names */
export async function makeDebianPackages({ folder }: Order): Promise<readonly string[]> {
  const names: string[] = []
  for (const architecture of architectures)
    names.push(basename(await makeDebianPackage({ architecture, folder })))
  return names
}

/** @returns the file, hikyaku_VERSION_ARCHITECTURE.deb */
export async function makeDebianPackage(options: DebianPackageOptions): Promise<string> {
  const { architecture, folder, compression = 'small' } = options
  const { author, description, version: own } = await readJson('package.json')
  const version: string = options.version ?? own
  const work = await mkdtemp(join(tmpdir(), 'hikyaku-deb-'))
  try {
    const tree = join(work, 'tree')
    const at = (path: string): string => join(tree, path)
    const put = async (path: string, text: string | Buffer): Promise<void> => {
      await mkdir(dirname(at(path)), { recursive: true })
      await writeFile(at(path), text)
    }
    const { epoch } = await stageProgram({ target: at('usr/lib/hikyaku'), architecture })
    if (version !== own) await putVersion(at('usr/lib/hikyaku/package.json'), version)
    await mkdir(at('usr/bin'))
    await symlink('../lib/hikyaku/hikyaku', at('usr/bin/hikyaku'))
    for (const mode of ['daemon', 'timer'] as const)
      for (const { folder: units = '', name, text } of makePackagedUnits(mode))
        await put(join(units, name), text)
    await mkdir(at('etc/hikyaku'), { recursive: true })
    await put('usr/share/lintian/overrides/hikyaku', await readFile(join(debian, 'lintian-overrides')))
    await putPages(work, put, epoch)
    await putDocuments(tree, put, { version, maintainer: maintainerOf(author), epoch })
    const size = await settleFiles(tree, epoch, isProgramOf(at('usr/lib/hikyaku')))

    const control = at('DEBIAN')
    await mkdir(control)
    const homepage = await readRepository()
    const facts = { version, architecture, maintainer: maintainerOf(author), description, homepage, size }
    await writeFile(join(control, 'control'), makeControl(facts))
    await writeFile(join(control, 'md5sums'), await sumFiles(tree))
    for (const name of scripts) await copyFile(join(debian, name), join(control, name))
    await settleFiles(control, epoch, file => scripts.includes(basename(file)))
    await settleFolder(tree, epoch)

    await mkdir(folder, { recursive: true })
    const file = join(folder, `hikyaku_${debianVersion(version)}_${architecture}.deb`)
    // dpkg-deb gives xz blocks of one size, so the octets do not hang on how many threads there are.
    const format = compression === 'small' ? ['-Zxz', '-z6'] : ['-Zzstd', '-z1']
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }
    await run('dpkg-deb', ['--root-owner-group', ...format, '--build', tree, file], { env })
    return file
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Debian wants a way to write to whoever made the package: DEBEMAIL (dch(1)), else an address that leads nowhere. */
const maintainerOf = (author: string): string =>
  author.includes('@') ? author : `${author} <${process.env.DEBEMAIL ?? 'hikyaku@invalid.invalid'}>`

async function putVersion(file: string, version: string): Promise<void> {
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`)
}

type Put = (path: string, text: string | Buffer) => Promise<void>

/** gzip -9n: Debian's policy wants it so, and no name and time in it. */
const compress = (text: string | Buffer): Buffer => gzipSync(text, { level: constants.Z_BEST_COMPRESSION })

/** Manual pages and completions, to where man and the shells look for them. */
async function putPages(work: string, put: Put, epoch: number): Promise<void> {
  const pages = join(work, 'pages')
  await writePages(pages, epoch)
  for (const entry of await readdir(join(pages, 'man'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    await put(`usr/share/man/${relative(join(pages, 'man'), file)}.gz`, compress(await readFile(file)))
  }
  const places = {
    'hikyaku.bash': 'bash-completion/completions/hikyaku',
    _hikyaku: 'zsh/vendor-completions/_hikyaku',
    'hikyaku.fish': 'fish/vendor_completions.d/hikyaku.fish',
  }
  for (const [name, place] of Object.entries(places))
    await put(`usr/share/${place}`, await readFile(join(pages, 'completion', name)))
}

async function putDocuments(
  tree: string,
  put: Put,
  facts: { readonly version: string; readonly maintainer: string; readonly epoch: number },
): Promise<void> {
  const doc = 'usr/share/doc/hikyaku'
  await put(`${doc}/copyright`, await describeLicences(join(tree, 'usr/lib/hikyaku')))
  await put(`${doc}/changelog.gz`, compress(makeChangelog(facts)))
  for (const name of [
    'README.md',
    'README.ja.md',
    'CHANGELOG.md',
    'CHANGELOG.ja.md',
    'SECURITY.md',
    'SECURITY.ja.md',
  ])
    await put(`${doc}/${name}`, await readFile(join(root, name)))
  await put(`${doc}/env.example`, await readFile(join(root, '.env.example')))
  await cp(join(root, 'docs'), join(tree, doc, 'docs'), { recursive: true })
}

/** As `md5sum` prints them; dpkg --verify reads them. */
async function sumFiles(tree: string): Promise<string> {
  const lines: string[] = []
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(tree, file)
    if (!entry.isFile() || /^DEBIAN\//.test(path)) continue
    lines.push(
      `${createHash('md5')
        .update(await readFile(file))
        .digest('hex')}  ${path}\n`,
    )
  }
  return lines.sort((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1)).join('')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: 'amd64' },
      out: { type: 'string', default: join(root, 'dist-packages') },
    },
  })
  if (values.arch !== 'amd64' && values.arch !== 'arm64') throw new Error('--arch: amd64 or arm64')
  const start = performance.now()
  const file = await makeDebianPackage({ architecture: values.arch, folder: values.out })
  const { length } = await readFile(file)
  console.log(
    `${file}: ${(length / 1e6).toFixed(1)} MB, ${((performance.now() - start) / 1000).toFixed(0)} s`,
  )
}
