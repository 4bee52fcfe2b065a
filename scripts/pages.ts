/**
 * Writes what a system wants to find beside the program, from the tables of commands and settings: manual pages in both
 * languages and the completion of three shells. They are made by each build and by each package; none is committed.
 *
 *     man/man1/hikyaku.1  man/man5/hikyaku.yaml.5  man/ja/man1/...  man/ja/man5/...
 *     completion/hikyaku.bash  completion/_hikyaku  completion/hikyaku.fish
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '../src/base/fault.ts'
import { completions, readTableOf, type Shell } from '../src/commands/completion/completion.ts'
import { describeProgram } from '../src/commands/program.ts'
import { writeCommandPage } from './pages/command-page.ts'
import { writeSettingsPage } from './pages/settings-page.ts'
import { readJson } from './runtime-lock.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** As each shell wants the file to be called. */
const completionFiles: Readonly<Record<Shell, string>> = {
  bash: 'hikyaku.bash',
  zsh: '_hikyaku',
  fish: 'hikyaku.fish',
}

/** @param date of the pages, as 2026-11-26 @returns each file's name, below the folder that it is put in, and its text */
export async function makePages(date: string): Promise<ReadonlyMap<string, string>> {
  const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8')
  const { version } = (await readJson('package.json')) as { version: string }
  const files = new Map<string, string>()
  for (const language of ['en', 'ja'] as const) {
    const [folder, commandsPage, yaml] =
      language === 'en'
        ? ['man', 'docs/commands.md', 'docs/hikyaku.example.yaml']
        : ['man/ja', 'docs/commands.ja.md', 'docs/hikyaku.example.ja.yaml']
    const facts = { language, date, version }
    const codes = readExitCodes(await read(commandsPage))
    const table = readTableOf(describeProgram(language))
    files.set(`${folder}/man1/hikyaku.1`, writeCommandPage(table, codes, facts))
    files.set(`${folder}/man5/hikyaku.yaml.5`, writeSettingsPage(await read(yaml), facts))
  }
  // A folder of completions knows no languages; `hikyaku completion` writes them in the owner's.
  const table = readTableOf(describeProgram('en'))
  for (const shell of Object.keys(completionFiles) as Shell[])
    files.set(`completion/${completionFiles[shell]}`, completions[shell](table))
  return files
}

/** The page on the commands is where the codes are explained. */
function readExitCodes(page: string): (readonly [code: string, meaning: string])[] {
  return Object.values(exitCodes)
    .sort((a, b) => a - b)
    .map(code => {
      const meaning = new RegExp(`^\\| ${code} \\| (.+) \\|$`, 'm').exec(page)?.[1]
      if (meaning === undefined) throw new Error(`docs/commands.md does not explain exit code ${code}`)
      return [String(code), meaning]
    })
}

/** @param folder that `man` and `completion` are put in @param epoch seconds since 1970: the date of the pages */
export async function writePages(folder: string, epoch: number): Promise<void> {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10)
  for (const [name, text] of await makePages(date)) {
    const file = join(folder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { SOURCE_DATE_EPOCH } = process.env
  const epoch = SOURCE_DATE_EPOCH === undefined ? Date.now() / 1000 : Number(SOURCE_DATE_EPOCH)
  await writePages(resolve(process.argv[2] ?? join(root, 'dist')), epoch)
}
