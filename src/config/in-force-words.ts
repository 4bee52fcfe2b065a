/** What `config show` and the page say of the settings in force, in both languages. Names and paths arrive printable. */
import { basename } from 'node:path'
import type { Language } from '../base/language.ts'
import type { Origin } from './in-force.ts'

const en = {
  file: (file: string | undefined) =>
    file === undefined
      ? 'The settings come from variables and, where it is there, from .env in this folder.'
      : `The settings come from ${file}, and from variables where it says so.`,
  part: {
    top: (_name: string) => 'The whole program',
    account: (name: string) => `Gmail account ${name}`,
    mailbox: (name: string) => `Mailbox ${name}`,
  },
  /** In a word or two: it stands in a column. */
  origin(origin: Origin, yaml: boolean): string {
    switch (origin.from) {
      case 'process':
        return yaml ? `$${origin.variable}` : 'environment'
      case '.env':
        return `${basename(origin.file)}:${origin.line ?? '?'}`
      case 'yaml':
        return origin.line === undefined ? 'file' : `line ${origin.line}`
      case 'vault':
        return 'vault'
      case 'default':
        return 'default'
    }
  },
  secretsElsewhere: 'Secrets are not read here: whether they are there and fit, `hikyaku doctor` says.',
  logged: (settings: string) => `settings other than the defaults: ${settings === '' ? 'none' : settings}`,
}

export type ConfigWords = typeof en

const ja: ConfigWords = {
  file: file =>
    file === undefined
      ? '設定は環境変数と、現在のフォルダーの .env（あれば）から読み込みました。'
      : `設定は ${file} から読み込みました。環境変数から読み込んだものは、そのように示します。`,
  part: {
    top: () => 'プログラム全体',
    account: name => `Gmail アカウント ${name}`,
    mailbox: name => `メールボックス ${name}`,
  },
  origin(origin, yaml) {
    switch (origin.from) {
      case 'process':
        return yaml ? `$${origin.variable}` : '環境変数'
      case '.env':
        return `${basename(origin.file)}:${origin.line ?? '?'}`
      case 'yaml':
        return origin.line === undefined ? 'ファイル' : `${origin.line} 行目`
      case 'vault':
        return '保管場所'
      case 'default':
        return '初期値'
    }
  },
  secretsElsewhere:
    '秘密の値はここでは読み取りません。そろっていて使えるかどうかは `hikyaku doctor` でわかります。',
  logged: settings => `初期値と異なる設定: ${settings === '' ? 'なし' : settings}`,
}

export const configWordsFor = (language: Language): ConfigWords => (language === 'ja' ? ja : en)
