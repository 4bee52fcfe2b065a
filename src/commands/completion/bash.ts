/** Completion for bash, without the package bash-completion: bash(1), "Programmable Completion". */
import { shellWord } from '../../base/shell-word.ts'
import {
  type CommandEntry,
  type CommandOption,
  type CommandTable,
  isBelow,
  listGroups,
} from './command-table.ts'

/** @returns the script: for `source`, or for a file where bash-completion looks for it */
export function writeBashCompletion(table: CommandTable): string {
  const { options, commands } = table
  const groups = [...listGroups(table).keys()]
  const valueCases = [
    ...options.flatMap(option => caseOfValue([''], option)),
    ...commands.flatMap(({ names, options }) => options.flatMap(option => caseOfValue(names, option))),
  ]
  return `# Completion of hikyaku for bash.
_hikyaku() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' options='' words='' files='' i at=0
  # --option=value comes as three words.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = && $COMP_CWORD -ge 2 ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --lang)
        if [[ \${COMP_WORDS[i+1]} == = ]]; then ((i++)); fi
        ((i++))
        ;;
      -*) ;;
      *)
        at=$i
        command=\${command:+$command }\${COMP_WORDS[i]}
        ${groups.length === 0 ? 'break' : `case $command in ${groups.join(' | ')}) ;; *) break ;; esac`}
        ;;
    esac
  done
  COMPREPLY=()
  case $command:$prev in
${valueCases.join('\n')}
  esac
  case $command in
    '')
      options=${wordList(flagsOf(options))}
      words=${wordList(commands.filter(entry => !isBelow(entry)).flatMap(({ names }) => names))}
      ;;
${commands.flatMap(caseOfCommand).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $files ]]; then
    compopt -o default
  elif [[ $at -eq 0 || $at -eq $((COMP_CWORD - 1)) ]]; then
    # The words stand right behind the command.
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -F _hikyaku hikyaku
`
}

const flagsOf = (options: readonly CommandOption[]): string[] => options.flatMap(({ flags }) => flags)
const wordList = (words: readonly string[]): string => shellWord(words.join(' '))

/** What is offered behind an option that takes a value. */
function caseOfValue(
  names: readonly string[],
  { flags, value, choices, takesFile }: CommandOption,
): string[] {
  if (value === undefined) return []
  const patterns = names.flatMap(name => flags.map(flag => shellWord(`${name}:${flag}`)))
  const offered = choices.length > 0 ? [`      COMPREPLY=($(compgen -W ${wordList(choices)} -- "$cur"))`] : []
  const file = takesFile ? ['      compopt -o default'] : []
  return [`    ${patterns.join(' | ')})`, ...offered, ...file, '      return', '      ;;']
}

function caseOfCommand({ names, options, words, takesFile }: CommandEntry): string[] {
  return [
    `    ${names.map(shellWord).join(' | ')})`,
    `      options=${wordList(flagsOf(options))}`,
    ...(words.length > 0 ? [`      words=${wordList(words)}`] : []),
    ...(takesFile ? ['      files=yes'] : []),
    '      ;;',
  ]
}
