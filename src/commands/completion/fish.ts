/** Completion for fish: complete(1) of fish. */
import {
  type CommandEntry,
  type CommandOption,
  type CommandTable,
  isBelow,
  lastWord,
  listGroups,
} from './command-table.ts'

/** @returns the script: for `source`, or a file hikyaku.fish among fish's completions */
export function writeFishCompletion(table: CommandTable): string {
  const { options, commands } = table
  const groups = listGroups(table)
  return `# Completion of hikyaku for fish.
function __hikyaku_words
    # The command and what stands behind it, without options.
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
        else if test "$word" = --lang
            set skip yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function __hikyaku_in
    set -l words (__hikyaku_words)
    contains -- "$words[1]" $argv
end
function __hikyaku_right_behind
    test (count (__hikyaku_words)) -eq 1; and __hikyaku_in $argv
end
function __hikyaku_below
    # A command that stands below another one.
    set -l words (__hikyaku_words)
    test "$words[1] $words[2]" = "$argv"
end
function __hikyaku_right_behind_below
    test (count (__hikyaku_words)) -eq 2; and __hikyaku_below $argv
end
complete -c hikyaku -e
complete -c hikyaku -f
${[
  ...options.map(option => completeOption("'not count (__hikyaku_words) >/dev/null'", option)),
  ...commands.flatMap(entry => linesOfCommand(entry, groups.has(entry.names[0]))),
].join('\n')}
`
}

/** A word of fish, where \\ and ' are the only characters that mean something between single quotes. */
const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** @param hasBelow the commands below it are offered each by itself */
function linesOfCommand(entry: CommandEntry, hasBelow: boolean): string[] {
  const { names, about, options, words, takesFile } = entry
  const [name] = names
  const inside = isBelow(entry) ? `'__hikyaku_below ${name}'` : `'__hikyaku_in ${names.join(' ')}'`
  const behind = isBelow(entry) ? '__hikyaku_right_behind_below' : '__hikyaku_right_behind'
  const before = isBelow(entry)
    ? `'__hikyaku_right_behind ${name.split(' ')[0]}'`
    : "'not count (__hikyaku_words) >/dev/null'"
  return [
    ...names.map(word => `complete -c hikyaku -n ${before} -a ${lastWord(word)} -d ${quote(about)}`),
    ...(words.length > 0 && !hasBelow
      ? [`complete -c hikyaku -n '${behind} ${names.join(' ')}' -a ${quote(words.join(' '))}`]
      : []),
    ...(takesFile ? [`complete -c hikyaku -n ${inside} -F`] : []),
    ...options.map(option => completeOption(inside, option)),
  ]
}

function completeOption(
  condition: string,
  { flags, about, value, choices, takesFile }: CommandOption,
): string {
  const names = flags.map(flag => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const values =
    value === undefined
      ? []
      : choices.length > 0
        ? ['-x', '-a', quote(choices.join(' '))]
        : [takesFile ? '-r -F' : '-x']
  return ['complete -c hikyaku -n', condition, ...names, ...values, '-d', quote(about)].join(' ')
}
