/** What docs/providers.md and docs/providers.ja.md say of each mail host, from the rows in src/discovery/presets/. */
import type { Language } from '../src/base/language.ts'
import { describeProvider, providerWordsFor } from '../src/commands/provider-words.ts'
import { type Preset, presets, regions } from '../src/discovery/presets.ts'

const texts = {
  en: {
    item: 'item',
    value: 'value',
    grade: 'how sure',
    host: 'host',
    option: 'for hikyaku',
    signing: 'Who signs what you send (DKIM), and DMARC',
    signingWhy:
      'For answering from your address: whether your host puts a signature under it. Where a host is missing, it is not known.',
    contents: 'Find your host',
    between: ', ',
  },
  ja: {
    item: '項目',
    value: '内容',
    grade: '根拠',
    host: 'サーバー会社',
    option: 'hikyaku での指定',
    signing: '送信メールの署名（DKIM）と DMARC',
    signingWhy:
      'ご自分のアドレスから返信するときに、サーバー会社が送信メールに署名するかどうかです。表にないサーバー会社については不明です。',
    contents: 'サーバー会社から探す',
    between: '、',
  },
} as const

/** What is left out where it is not known: it would be most of the page. */
const onlyWhereKnown = ['limit', 'dkim', 'dmarc'] as const

const regionNames = Object.keys(regions) as (keyof typeof regions)[]

/** The generated part of a page: contents, signatures, and a block for each host. */
export function providersText(language: Language): string {
  const { contents } = texts[language]
  const words = providerWordsFor(language)
  const lists = regionNames.map(region => {
    const links = regions[region].map(({ name }) => `[${name[language]}](#${anchorOf(name[language])})`)
    return `- **${words.regions[region]}**: ${links.join(' · ')}`
  })
  const blocks = regionNames.map(
    region =>
      `## ${words.regions[region]}\n\n${regions[region].map(row => hostText(row, language)).join('\n')}`,
  )
  return `## ${contents}\n\n${lists.join('\n')}\n\n${signingText(language)}\n${blocks.join('\n')}`
}

/** As GitHub names the place of a heading. */
function anchorOf(heading: string): string {
  const plain = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
  return plain.trim().replace(/\s/g, '-')
}

function signingText(language: Language): string {
  const { signing, signingWhy, host } = texts[language]
  const { labels, unknown } = providerWordsFor(language)
  const rows = presets
    .filter(({ dkim, dmarc }) => dkim !== undefined || dmarc !== undefined)
    .map(({ name, dkim, dmarc }) => {
      const link = `[${name[language]}](#${anchorOf(name[language])})`
      return `| ${link} | ${dkim?.[language] ?? unknown} | ${dmarc?.[language] ?? unknown} |`
    })
  return `## ${signing}\n\n${signingWhy}\n\n| ${host} | ${labels.dkim} | ${labels.dmarc} |\n|---|---|---|\n${rows.join('\n')}\n`
}

function hostText(preset: Preset, language: Language): string {
  const { item, value, grade: gradeWord, option, between } = texts[language]
  const words = providerWordsFor(language)
  const left: readonly string[] = onlyWhereKnown.map(name => words.labels[name])
  const rows = describeProvider(preset, language)
    .filter(({ label, text }) => text !== words.unknown || !left.includes(label))
    .map(({ label, text, grade }) => `| ${label} | ${markdownOf(text)} | ${grade ?? ''} |`)
  const sources = preset.sources.map(({ page, date }) => {
    const name = page === undefined ? words.seenIn : `[${new URL(page).hostname}](${page})`
    return `${name} ${date}`
  })
  const lines = [
    `### ${preset.name[language]}`,
    '',
    `| ${item} | ${value} | ${gradeWord} |`,
    '|---|---|---|',
    ...rows,
    `| ${option} | \`--provider ${preset.id}\` | |`,
    '',
    ...preset.notes.map(note => `- ${markdownOf(note[language])}`),
    ...(preset.notes.length === 0 ? [] : ['']),
    `${words.sources}: ${[...new Set(sources)].join(between)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Names of servers as code; nothing that a page would take for a tag or a column. */
const markdownOf = (text: string): string =>
  text
    .replace(
      /(?:[a-z]*…\.|sv番号\.|〇〇\.|[a-z]*<[a-z]+>\.)?(?:[a-z0-9-]+\.)+(?:<[^>]+>|（[^）]+）|[a-z]{2,})(?!\w|\.\w)/g,
      name => `\`${name}\``,
    )
    .replace(/`[^`]*`|<|\|/g, part => (part === '<' ? '&lt;' : part === '|' ? '\\|' : part))
