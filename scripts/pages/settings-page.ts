/** hikyaku.yaml(5), from the tables of settings. */
import type { Language } from '../../src/base/language.ts'
import type { Setting } from '../../src/config/settings/setting.ts'
import { makeYamlKey, type PartName, sections } from '../../src/config/settings.ts'
import { inYaml, processOnlyText, secretText, usualText } from '../settings.ts'
import type { PageFacts } from './page-facts.ts'
import { bold, example, heading, makePage, paragraph, section, subsection, tagged } from './roff.ts'
import { titles, words } from './words.ts'

/** @param yaml the example file */
export function writeSettingsPage(yaml: string, { language, date, version }: PageFacts): string {
  return makePage({ name: 'hikyaku.yaml', chapter: 5, date, version }, [
    section(titles.name[language], `hikyaku.yaml \\-\n${paragraph(words.configuration[language])}`),
    section(
      titles.description[language],
      [words.yaml, words.rules, words.inForce]
        .map(text => `.PP\n${paragraph(text[language])}`)
        .join('\n')
        .replace('.PP\n', ''),
    ),
    section(titles.settings[language]),
    ...sections.map(({ part, heading: title, settings }) => {
      const all = Object.entries(settings)
      const place = all.every(([, { processOnly }]) => processOnly) ? processOnlyText : inYaml[part]
      return subsection(
        heading(title[language]),
        [
          paragraph(place[language]),
          ...all.map(([key, setting]) => describeSetting(part, key, setting, language)),
        ].join('\n'),
      )
    }),
    filesSection(language),
    section(titles.examples[language], example(yaml)),
    section(titles.seeAlso[language], '.BR hikyaku (1)'),
  ])
}

export function describeSetting(part: PartName, key: string, setting: Setting, language: Language): string {
  const { variable, about, choices = [], more, secret, absent, processOnly } = setting
  const yamlKey = part === 'start' || processOnly ? [] : [makeYamlKey(key, setting)]
  const usual = usualText(setting, language)
  const rest = [
    ...(more === undefined ? [] : [more[language]]),
    ...(secret ? [secretText(variable ?? '', language)] : []),
    ...(absent.is === 'needed' ? [words.needed[language]] : []),
    ...(variable === undefined ? [words.yamlOnly[language]] : []),
    ...(usual === undefined || usual === '``'
      ? []
      : [language === 'ja' ? `初期値: ${usual}。` : `Default: ${usual}.`]),
  ]
  const gap = language === 'ja' ? '' : ' '
  const tag = [...(variable === undefined ? [] : [variable]), ...yamlKey].map(bold).join(', ')
  if (choices.length === 0) return tagged(tag, paragraph([about[language], ...rest].join(gap)))
  const listed = choices.map(choice => tagged(bold(choice.value), paragraph(choice.about[language])))
  return tagged(
    tag,
    [
      paragraph(about[language]),
      '.RS',
      ...listed,
      '.RE',
      ...(rest.length === 0 ? [] : ['.IP', paragraph(rest.join(gap))]),
    ].join('\n'),
  )
}

export function filesSection(language: Language): string {
  return section(
    titles.files[language],
    [
      tagged(bold('~/.config/hikyaku/config.yaml'), paragraph(words.configFile[language])),
      tagged(bold('~/.local/state/hikyaku/'), paragraph(words.stateFolder[language])),
      tagged(bold('.env'), paragraph(words.dotEnv[language])),
    ].join('\n'),
  )
}
