/** Completion for zsh by `_arguments` and `_describe`: zshcompsys(1). */
import { shellWord } from '../../base/shell-word.ts'
import {
  type CommandEntry,
  type CommandOption,
  type CommandTable,
  isBelow,
  lastWord,
  listGroups,
} from './command-table.ts'

/** @returns the script: a file `_hikyaku` in a folder of $fpath, or for `source` behind compinit */
export function writeZshCompletion(table: CommandTable): string {
  const { options } = table
  const commands = table.commands.filter(entry => !isBelow(entry))
  const groups = listGroups(table)
  return `#compdef hikyaku
# Completion of hikyaku for zsh.
_hikyaku() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${options.map(option => `    ${specOf(option)} \\`).join('\n')}
    '1: :->command' \\
    '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${describeAll(commands)}
      )
      _describe -t commands command commands
      ;;
    rest)
      curcontext=\${curcontext%:*:*}:hikyaku-$words[1]:
      case $words[1] in
${commands.flatMap(entry => caseOfCommand(entry, groups.get(entry.names[0]) ?? [])).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _hikyaku ]]; then
  _hikyaku "$@"
else
  compdef _hikyaku hikyaku
fi
`
}

const escapeColons = (text: string): string => text.replace(/[\\:]/g, '\\$&')
const escapeBrackets = (text: string): string => text.replace(/[\\[\]]/g, '\\$&')

const describeAll = (commands: readonly CommandEntry[]): string =>
  commands
    .flatMap(({ names, about }) =>
      names.map(name => `        ${shellWord(`${lastWord(name)}:${escapeColons(about)}`)}`),
    )
    .join('\n')

/** @param below the commands that stand below it */
function caseOfCommand(
  { names, options, words, takesFile }: CommandEntry,
  below: readonly CommandEntry[],
): string[] {
  if (below.length > 0)
    return [
      `        ${names.join('|')})`,
      `          _arguments -C ${[...options.map(specOf), "'1: :->below'", "'*:: :->further'"].join(' \\\n            ')}`,
      '          case $state in',
      '            below)',
      '              local -a below=(',
      describeAll(below),
      '              )',
      '              _describe -t commands command below',
      '              ;;',
      '            further)',
      `              curcontext=\${curcontext%:*:*}:hikyaku-${names[0]}-$words[1]:`,
      '              case $words[1] in',
      ...below.flatMap(entry => caseOfCommand({ ...entry, names: [lastWord(entry.names[0])] }, [])),
      '              esac',
      '              ;;',
      '          esac',
      '          ;;',
    ]
  const rest = takesFile ? ["'*: :_files'"] : words.length > 0 ? [shellWord(`1: :(${words.join(' ')})`)] : []
  return [
    `        ${names.join('|')})`,
    `          _arguments ${[...options.map(specOf), ...rest].join(' \\\n            ')}`,
    '          ;;',
  ]
}

/** One optspec; of several flags each rules out the others. */
function specOf({ flags, about, value, choices, takesFile }: CommandOption): string {
  const long = flags.length > 1 ? `(${flags.join(' ')})` : ''
  // -o value and --option value or --option=value.
  const names = flags.map(flag => (value !== undefined && flag.startsWith('--') ? `${flag}=` : flag))
  const several = value?.includes('...') ? '*' : long
  const offered = choices.length > 0 ? `(${choices.join(' ')})` : takesFile ? '_files' : ' '
  const rest = `[${escapeBrackets(about)}]${value === undefined ? '' : `: :${offered}`}`
  if (names.length === 1) return shellWord(`${several}${names[0]}${rest}`)
  return `${shellWord(several)}{${names.join(',')}}${shellWord(rest)}`
}
