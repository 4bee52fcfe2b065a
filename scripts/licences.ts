/**
 * Prints the licence of every library that hikyaku is given away with, name and text, from package-lock.json and what is
 * installed: `npm run licences`. A licence that this file does not know stops it, and so does one that would bind
 * whoever passes hikyaku on.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson, readRuntimeLock } from './runtime-lock.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Licences that ask for no more than their text beside the program, by their names in SPDX. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'] as const

/** Where a package names its licence in no word of SPDX: url-template writes BSD and brings this text. */
export const licencesOwed: Readonly<Record<string, string>> = { 'node_modules/url-template': 'BSD-3-Clause' }

/**
 * @param written as package.json has it
 * @returns the licence that we take: of several to choose from the first that asks for no more than its text
 * @throws where there is none
 */
export function chooseLicence(path: string, written: string | undefined): string {
  const name = licencesOwed[path] ?? written
  const offered = (name ?? '').replace(/^\(|\)$/g, '').split(' OR ')
  const chosen = offered.find(one => (permissive as readonly string[]).includes(one))
  if (chosen === undefined)
    throw new Error(`${path} has the licence ${name ?? '(none)'}, which scripts/licences.ts does not know`)
  return chosen
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly author?: string | { readonly name?: string }
}

interface Library {
  readonly title: string
  readonly licence: string
  readonly text: string
}

/** @returns every library, in the order of the lock; but the keychain's binaries */
async function readLibraries(): Promise<Library[]> {
  const { '': _own, ...runtime } = (await readRuntimeLock()).packages
  const libraries: Library[] = []
  for (const [path, { license, optional }] of Object.entries(runtime)) {
    const chosen = chooseLicence(path, license as string | undefined)
    // A binary of @napi-rs/keyring, which is in the list; only one of them is installed.
    if (path.startsWith('node_modules/@napi-rs/keyring-') && optional === true) continue
    const names = await readdir(join(root, path))
    const manifest = (await readJson(`${path}/package.json`)) as Manifest
    if (manifest.license !== license)
      throw new Error(
        `${path} has the licence ${manifest.license}, package-lock.json says ${license}: run npm ci`,
      )
    const text = (await readTexts(path, names, chosen)) ?? standardText(manifest, chosen)
    if (text === undefined) throw new Error(`${path} brings no text of its licence ${chosen}`)
    libraries.push({ title: `${manifest.name} ${manifest.version}`, licence: chosen, text })
  }
  return libraries
}

/** The files of the licence (of several licences that of the chosen one) and of notices that have to go with it. */
async function readTexts(
  path: string,
  names: readonly string[],
  chosen: string,
): Promise<string | undefined> {
  const files = names.filter(name => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(name))
  const own = names.filter(name => name.toUpperCase() === `LICENSE.${chosen}`.toUpperCase())
  const texts: string[] = []
  for (const name of [...files, ...own].sort())
    texts.push((await readFile(join(root, path, name), 'utf8')).replaceAll('\r\n', '\n').trim())
  if (texts.length > 0) return texts.join('\n\n')
  const readme = await readFile(join(root, path, 'README.md'), 'utf8').catch(() => '')
  const [, said] = /^#* ?licen[cs]e\n[\s\S]*?(Copyright \(c\)[\s\S]*)$/im.exec(readme) ?? []
  return said === undefined ? undefined : said.trim()
}

/** A library that names its licence and brings no text: the licence's own, with the author whom its manifest names. */
function standardText({ author }: Manifest, licence: string): string | undefined {
  const holder = typeof author === 'string' ? author : author?.name
  if (licence === 'Apache-2.0')
    return 'Licensed under the Apache License, Version 2.0, the text of which is in this list.'
  return licence === 'MIT' && holder !== undefined ? `Copyright (c) ${holder}\n\n${mitText}` : undefined
}

const mitText = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** @returns the whole list: each text once, under the libraries that have it */
export async function makeLicenceList(): Promise<string> {
  const libraries = await readLibraries()
  const byText = Map.groupBy(libraries, ({ licence, text }) => `${licence}\n\n${text}`)
  // The long text of Apache 2.0 has to be somewhere.
  const isWhole = (text: string): boolean => /^\s*Apache License\s+Version 2\.0/m.test(text)
  if (libraries.some(({ licence }) => licence === 'Apache-2.0') && ![...byText.keys()].some(isWhole))
    throw new Error('no library brings the text of the Apache License 2.0')
  const rule = '='.repeat(100)
  const parts = [...byText].map(
    ([text, having]) => `${rule}\n${having.map(({ title }) => title).join('\n')}\n${rule}\n${text}\n`,
  )
  return `hikyaku itself is under the licence in LICENSE. It is given away together with these ${libraries.length} libraries.\n\n${parts.join('\n')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(await makeLicenceList())
