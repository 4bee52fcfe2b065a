/**
 * What is in the image: the program with its Node, and of Debian only the libraries that Node is linked with. No shell,
 * no package manager, nothing that somebody who got in could use.
 */
import { execFile } from 'node:child_process'
import { chmod, chown, lutimes, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Architecture, nodeLibraries } from './node-binary.ts'
import { isProgramOf, type Stage, settleFiles, sourceDateEpoch, stageProgram } from './stage.ts'

const run = promisify(execFile)

/** Debian's release, for the libraries of Node. */
const suite = 'trixie'

/** The user in the image: a number that no system gives to a person. */
export const imageUser = 10_001
/** The volume: settings, journal, secrets. */
export const dataFolder = '/data'
export const programFolder = '/usr/lib/hikyaku'

/** `docker exec hikyaku hikyaku status`, where there is no shell and no env. */
const starter = `#!${programFolder}/node/node
import('${programFolder}/dist/cli.js')
`

const files: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/usr/sbin/nologin\nhikyaku:x:${imageUser}:${imageUser}:hikyaku:${dataFolder}:/usr/sbin/nologin\n`,
  'etc/group': `root:x:0:\nhikyaku:x:${imageUser}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'usr/bin/hikyaku': starter,
}

/** @param folder is made; what it held is removed @throws where Debian's archive or npm's registry cannot be reached */
export async function makeImageRoot(folder: string, architecture: Architecture): Promise<Stage> {
  await rm(folder, { recursive: true, force: true })
  const epoch = await sourceDateEpoch()
  await extractLibraries(folder, architecture, epoch)
  const stage = await stageProgram({ target: join(folder, programFolder), architecture })
  for (const name of ['data', 'dev', 'proc', 'run', 'sys', 'tmp', 'usr/bin'])
    await mkdir(join(folder, name), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const isOfProgram = isProgramOf(join(folder, programFolder))
  const isProgram = (file: string): boolean =>
    file === join(folder, 'usr/bin/hikyaku') || isOfProgram(file) || /\/ld-linux[^/]*\.so\.\d$/.test(file)
  const size = await settleFiles(folder, epoch, isProgram)
  await chmod(join(folder, 'tmp'), 0o1777)
  await chmod(join(folder, dataFolder), 0o700)
  await chown(join(folder, dataFolder), imageUser, imageUser)
  for (const name of ['tmp', dataFolder, '']) await lutimes(join(folder, name), epoch, epoch)
  return { ...stage, size }
}

/** Extracted, not installed: no script of a package runs, so another architecture needs no emulation. */
async function extractLibraries(folder: string, architecture: Architecture, epoch: number): Promise<void> {
  const what = [
    '--variant=extract',
    `--architectures=${architecture}`,
    `--include=${nodeLibraries.join(',')}`,
  ]
  // Without a mirror's address: the release with its security and other updates.
  await run('mmdebstrap', [...what, '--quiet', suite, folder], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    maxBuffer: 16 << 20,
  })
  const lib = join(folder, 'usr/lib')
  for (const name of (await readdir(lib)).filter(entry => entry.endsWith('-linux-gnu'))) {
    // Character sets of iconv, and helpers for debugging: Node uses neither.
    for (const needless of ['gconv', 'audit'])
      await rm(join(lib, name, needless), { recursive: true, force: true })
    for (const file of await readdir(join(lib, name)))
      if (
        /^lib(memusage|pcprofile|c_malloc_debug|BrokenLocale|nss_(compat|hesiod)|nsl|thread_db)\b/.test(file)
      )
        await rm(join(lib, name, file))
  }
  // Of this machine (its name servers!), or of apt and dpkg. Copyrights stay.
  for (const name of ['etc', 'var', 'dev', 'tmp', 'usr/share/gcc', 'usr/share/gdb', 'usr/share/lintian'])
    await rm(join(folder, name), { recursive: true, force: true })
  for (const name of await readdir(join(folder, 'usr/share/doc')))
    for (const file of await readdir(join(folder, 'usr/share/doc', name)))
      if (file !== 'copyright') await rm(join(folder, 'usr/share/doc', name, file), { recursive: true })
  await mkdir(join(folder, 'etc'))
  // Where the loader is looked for by the name in each binary.
  for (const name of (await readdir(join(folder, 'usr'))).filter(entry => /^lib(64)?$/.test(entry))) {
    await rm(join(folder, name), { recursive: true, force: true })
    await symlink(`usr/${name}`, join(folder, name))
  }
}
