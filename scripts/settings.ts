/**
 * Writes what the manuals say of the settings from the tables in src/config/settings/: .env.example and its Japanese
 * sister behind their introductions, and the marked part of docs/configuration.md and docs/configuration.ja.md; and of mail hosts that of
 * docs/providers.md and docs/providers.ja.md (providers.ts). `npm run manuals`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Language } from '../src/base/language.ts'
import { measureWidth, wrapText } from '../src/base/text-width.ts'
import type { Setting, Text } from '../src/config/settings/setting.ts'
import { makeYamlKey, type PartName, sections } from '../src/config/settings.ts'
import { providersText } from './providers.ts'

const root = new URL('../', import.meta.url)
const columns = 104

/** The files with generated parts, and how each is made from its text before. */
export const manuals: Readonly<Record<string, (before: string) => string>> = {
  '.env.example': before => `${before.slice(0, before.indexOf('# --- '))}${exampleText('en')}`,
  'docs/env.example.ja': before => `${before.slice(0, before.indexOf('# --- '))}${exampleText('ja')}`,
  'docs/configuration.md': before => betweenMarks(before, 'settings', manualText('en')),
  'docs/configuration.ja.md': before => betweenMarks(before, 'settings', manualText('ja')),
  'docs/providers.md': before => betweenMarks(before, 'providers', providersText('en')),
  'docs/providers.ja.md': before => betweenMarks(before, 'providers', providersText('ja')),
}

function betweenMarks(before: string, part: string, text: string): string {
  const firstMark = `<!-- ${part}: written by \`npm run manuals\` -->`
  const lastMark = `<!-- /${part} -->`
  const [begin, end] = [before.indexOf(firstMark), before.indexOf(lastMark)]
  if (begin < 0 || end < begin) throw new Error('the marks of the generated part are gone')
  return `${before.slice(0, begin + firstMark.length)}\n\n${text}\n${before.slice(end)}`
}

/** What holds where it is not set; undefined: nothing to say. */
export function usualText({ absent, otherwise, write }: Setting, language: Language): string | undefined {
  if (otherwise !== undefined) return otherwise[language]
  return absent.is === 'value' && absent.value !== undefined ? `\`${write(absent.value)}\`` : undefined
}

function exampleText(language: Language): string {
  const blocks = sections.flatMap(({ heading, settings }) => {
    const entries = Object.values(settings).filter(
      ({ variable, processOnly }) => variable !== undefined && !processOnly,
    )
    const line = `# --- ${heading[language]} `
    const rule = '-'.repeat(Math.max(3, 100 - measureWidth(line)))
    return entries.length === 0
      ? []
      : [`${line}${rule}\n`, ...entries.map(setting => exampleEntry(setting, language))]
  })
  return blocks.join('\n')
}

function exampleEntry(setting: Setting, language: Language): string {
  const japanese = language === 'ja'
  const { variable = '', about, choices = [], more, secret, example, absent } = setting
  const said = [
    about[language],
    ...(secret ? [secretText(variable, language)] : []),
    ...(setting.otherwise === undefined
      ? []
      : [japanese ? `初期値: ${setting.otherwise.ja}。` : `Default: ${setting.otherwise.en}.`]),
    ...(example === undefined || absent.is === 'decided' ? [] : [japanese ? '（例）' : '(example)']),
  ]
  const width = Math.max(0, ...choices.map(({ value }) => value.length)) + 3
  const lines = [
    ...wrapLines(said.join(japanese ? '' : ' '), columns, language).map(line => `# ${line}`),
    ...choices.flatMap(choice =>
      wrapLines(choice.about[language], columns - width - 2, language).map(
        (line, index) => `#   ${(index === 0 ? choice.value : '').padEnd(width)}${line}`,
      ),
    ),
    ...(more === undefined ? [] : wrapLines(more[language], columns, language)).map(line => `# ${line}`),
  ]
  const usual = absent.is === 'value' && absent.value !== undefined ? setting.write(absent.value) : ''
  // What is to be filled in stands ready; everything else is off.
  const off = absent.is === 'needed' || isOfFirstSteps(variable) ? '' : '#'
  return `${lines.join('\n')}\n${off}${variable}=${example ?? usual}\n`
}

/** Not needed by themselves (the vault or a service account may stand in), but what most people fill in. */
function isOfFirstSteps(variable: string): boolean {
  return ['MAIL_PASSWORD', 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'].includes(
    variable,
  )
}

export function secretText(variable: string, language: Language): string {
  return language === 'ja'
    ? `秘密の値。\`${variable}_FILE\` でも指定できます。`
    : `A secret; also \`${variable}_FILE\`.`
}

function wrapLines(markdown: string, width: number, language: Language): string[] {
  return language === 'ja' ? wrapText(markdown.replaceAll('`', ''), width) : wrapWords(markdown, width)
}

/** Plain text of at most so many characters a line; what stands in backticks is not parted. */
function wrapWords(markdown: string, width: number): string[] {
  const held = markdown.replace(/`[^`]*`/g, code => code.replaceAll(' ', '\0'))
  const lines = ['']
  for (const word of held.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map(line =>
    line
      .replaceAll('\0', ' ')
      .replace(/`([^` ]*)`/g, '$1')
      .replace(/[“”]/g, '"')
      .replace(/[‘’]/g, "'"),
  )
}

export const inYaml: Readonly<Record<PartName, Text>> = {
  mailbox: { en: 'In YAML: of each of the `mailboxes`.', ja: 'YAML では `mailboxes` の各項目に書きます。' },
  account: { en: 'In YAML: of each of the `accounts`.', ja: 'YAML では `accounts` の各項目に書きます。' },
  top: { en: 'In YAML: at the top of the file.', ja: 'YAML ではファイルの最上位に書きます。' },
  start: { en: 'Variables only.', ja: '変数でだけ指定できます。' },
}
export const processOnlyText: Text = {
  en: 'Of the environment of the process alone: neither `.env` nor a YAML file may say it.',
  ja: 'プロセスの環境変数でだけ指定できます。`.env` にも YAML ファイルにも書けません。',
}

function manualText(language: Language): string {
  return sections
    .map(({ part, heading, settings }) => {
      const all = Object.entries(settings)
      const place = all.every(([, { processOnly }]) => processOnly) ? processOnlyText : inYaml[part]
      const entries = all.map(([key, setting]) => manualEntry(part, key, setting, language))
      return `### ${heading[language]}\n\n${place[language]}\n\n${entries.join('\n')}\n`
    })
    .join('\n')
}

function manualEntry(part: PartName, key: string, setting: Setting, language: Language): string {
  const { variable, about, choices = [], more, secret, absent, processOnly } = setting
  const japanese = language === 'ja'
  const yamlKey = part === 'start' || processOnly ? undefined : `\`${makeYamlKey(key, setting)}\``
  const names = [
    ...(variable === undefined ? [] : [`**\`${variable}\`**`]),
    ...(yamlKey === undefined ? [] : [variable === undefined ? `**${yamlKey}**` : yamlKey]),
  ]
  const usual = usualText(setting, language)
  const rest = [
    ...(secret ? [secretText(variable ?? '', language)] : []),
    ...(absent.is === 'needed' ? [japanese ? '必須。' : 'Needed.'] : []),
    ...(variable === undefined ? [japanese ? 'YAML のみ。' : 'In YAML only.'] : []),
    ...(usual === undefined || usual === '``'
      ? []
      : [japanese ? `初期値: ${usual}。` : `Default: ${usual}.`]),
  ]
  const sentences = [about[language], ...(choices.length > 0 ? [] : rest)]
  const gap = japanese ? '' : ' '
  const lines = [
    `- ${names.join(', ')}: ${sentences.join(gap)}`,
    ...choices.map(choice => `  - \`${choice.value}\`: ${choice.about[language]}`),
  ]
  if (choices.length > 0) lines.push('', `  ${[...(more ? [more[language]] : []), ...rest].join(gap)}`)
  return lines.join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of Object.entries(manuals)) {
    const file = new URL(name, root)
    const before = await readFile(file, 'utf8')
    const after = make(before)
    if (after === before) continue
    await writeFile(file, after)
    process.stdout.write(`${name} written\n`)
  }
}
