/** What the manual pages say beside the tables, in both languages. */
import type { Text } from '../../src/config/settings/setting.ts'

export const titles = {
  name: { en: 'NAME', ja: '名前' },
  synopsis: { en: 'SYNOPSIS', ja: '書式' },
  description: { en: 'DESCRIPTION', ja: '説明' },
  commands: { en: 'COMMANDS', ja: 'コマンド' },
  options: { en: 'OPTIONS', ja: 'オプション' },
  environment: { en: 'ENVIRONMENT', ja: '環境変数' },
  files: { en: 'FILES', ja: 'ファイル' },
  exitStatus: { en: '"EXIT STATUS"', ja: '終了コード' },
  settings: { en: 'SETTINGS', ja: '設定' },
  examples: { en: 'EXAMPLES', ja: '例' },
  seeAlso: { en: '"SEE ALSO"', ja: '関連項目' },
} as const satisfies Record<string, Text>

export const words = {
  program: {
    en: 'pull mail from a rental-server mailbox and import it into Gmail',
    ja: 'レンタルサーバーのメールを Gmail に取り込む',
  },
  configuration: {
    en: 'settings of hikyaku, as variables or in YAML',
    ja: 'hikyaku の設定（変数または YAML）',
  },
  commandWord: { en: 'command', ja: 'コマンド' },
  optionsWord: { en: 'options', ja: 'オプション' },
  begin: {
    en: '`hikyaku setup` asks for what is needed, proves it and saves it. Then `hikyaku run` pulls mail again and again, and `hikyaku status` says what was imported, what waits, what is wrong and what to do. What Gmail refuses stays in the source mailbox and is shown; nothing is deleted there unless the settings say so.',
    ja: '`hikyaku setup` が必要なことを質問し、確かめてから保存します。そのあとは `hikyaku run` がメールを取り込み続け、`hikyaku status` が、取り込んだ数、待っている数、問題とその対処を示します。Gmail が受け付けなかったメールは元のメールボックスに残り、一覧に表示されます。設定しない限り、元のメールボックスからは何も削除しません。',
  },
  everyCommand: { en: 'Of every command:', ja: 'どのコマンドでも使えます。' },
  environment: {
    en: 'Every setting has a variable, which may also stand in a file `.env`: see hikyaku.yaml(5). These are read before all others:',
    ja: '設定にはそれぞれ変数があり、`.env` ファイルにも書けます。hikyaku.yaml(5) を参照してください。次の変数は最初に読み込まれます。',
  },
  yaml: {
    en: 'One mailbox is described by the variables below, in the environment of the process or in a file `.env` in the current folder. Several mailboxes or Gmail accounts stand in a YAML file with the same words: at its top `accounts` and `mailboxes`, lists and both needed, and what concerns the whole program.',
    ja: 'メールボックスが 1 つなら、下の変数をプロセスの環境変数か、現在のフォルダーの `.env` ファイルに書きます。メールボックスや Gmail アカウントが複数あるときは、同じ設定を YAML ファイルに書きます。最上位に、リスト `accounts` と `mailboxes`（どちらも必須）と、全体の設定を書きます。',
  },
  rules: {
    en: 'An unknown key or variable is a problem that is named, not passed over. Paths are relative to the YAML file (in `.env`: to the current folder). A secret never stands in YAML: `hikyaku setup` keeps it, or its key, which ends in `File`, names a file of mode 0600. Both files must belong to you or to root, and nobody else may be able to write them.',
    ja: '知らないキーは問題として知らせます。パスは YAML ファイルから（`.env` では現在のフォルダーから）たどります。パスワードなどの秘密の値は YAML には書きません。`hikyaku setup` が保存するか、`File` で終わるキーにモード 0600 のファイルを指定します。どちらのファイルも、持ち主が自分か root で、ほかの人が書き込めないものでなければなりません。',
  },
  inForce: {
    en: '`hikyaku config show` says what is in force and where each value comes from.',
    ja: '使われている設定とその出どころは `hikyaku config show` で確認できます。',
  },
  needed: { en: 'Needed.', ja: '必須。' },
  yamlOnly: { en: 'In YAML only.', ja: 'YAML のみ。' },
  configFile: {
    en: 'The YAML file, where there is one; of the whole computer: `/etc/hikyaku/config.yaml`.',
    ja: 'YAML ファイル（あれば）。コンピューター全体の設定は `/etc/hikyaku/config.yaml` です。',
  },
  stateFolder: {
    en: 'The journal, the lock and, where there is no keychain, the sealed secrets; of the whole computer: `/var/lib/hikyaku`.',
    ja: '取り込み記録、ロック、キーチェーンがないときは暗号化した秘密の値。コンピューター全体では `/var/lib/hikyaku` です。',
  },
  dotEnv: { en: 'Variables of one mailbox.', ja: 'メールボックスが 1 つのときの変数。' },
} as const satisfies Record<string, Text>

/** Command lines that people begin with. */
export const examples: readonly (readonly [string, Text])[] = [
  ['hikyaku setup', { en: 'Everything, from the beginning.', ja: '最初の設定。' }],
  [
    'hikyaku pull --dry-run',
    { en: 'What would be imported; changes nothing.', ja: '取り込む予定の確認。何も変更しません。' },
  ],
  ['hikyaku status', { en: 'How it stands.', ja: '今の状態。' }],
  ['source <(hikyaku completion bash)', { en: 'Completion in this shell.', ja: 'このシェルでの補完。' }],
]
