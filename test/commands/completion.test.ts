/**
 * Completion as people meet it: each shell itself reads our script, gets keys, and runs what then stands on its line. In
 * place of hikyaku stands a function of that shell that says what it was given.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Language } from '../../src/base/language.ts'
import type { CommandTable } from '../../src/commands/completion/command-table.ts'
import { completions, readTableOf, type Shell } from '../../src/commands/completion/completion.ts'
import { describeProgram } from '../../src/commands/program.ts'
import { hikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { installed } from '../vault/session-bus.ts'

const folder = mkdtempSync(join(tmpdir(), 'hikyaku-test-completion-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'my password.txt'), '')
const tables: Readonly<Record<Language, CommandTable>> = {
  en: readTableOf(describeProgram('en')),
  ja: readTableOf(describeProgram('ja')),
}
const scriptOf = (shell: Shell, language: Language = 'en'): string => {
  const file = join(folder, `${shell}-${language}`)
  writeFileSync(file, completions[shell](tables[language]))
  return file
}

const allNames = tables.en.commands.flatMap(({ names }) => names)
/** `ru` begins two commands, and so ends in none. */
const isOfOne = (begun: string): boolean => allNames.filter(name => name.startsWith(begun)).length === 1

/** What each command and option is, typed but for its last letter. */
const beginnings: readonly (readonly [typed: string, expected: string])[] = tables.en.commands.flatMap(
  ({ names, options }) => [
    ...names
      .filter(name => isOfOne(name.slice(0, -1)))
      .map((name): [string, string] => [`hikyaku ${name.slice(0, -1)}`, name]),
    ...options.flatMap(({ flags }) =>
      flags
        .filter(flag => flag.startsWith('--'))
        .map((flag): [string, string] => [`hikyaku ${names[0]} ${flag.slice(0, -1)}`, `${names[0]} ${flag}`]),
    ),
  ],
)

/** Lines with choices and files. `\t` is the key. */
const lines: readonly (readonly [typed: string, expected: string])[] = [
  ['hikyaku jour\tch\t', 'journal check'],
  ['hikyaku service unin\t', 'service uninstall'],
  ['hikyaku --lang ja stat\t', '--lang ja status'],
  ['hikyaku setup --protocol po\t', 'setup --protocol pop3'],
  ['hikyaku setup --protocol=po\t', 'setup --protocol=pop3'],
  ['hikyaku setup --user shop --provider xserver-b\t', 'setup --user shop --provider xserver-business'],
  ['hikyaku setup --password-file my\t', 'setup --password-file my password.txt'],
  ['hikyaku inspect my\t', 'inspect my password.txt'],
  ['hikyaku completion fi\t', 'completion fish'],
  ['hikyaku help check\t', 'help check-now'],
  // Nothing of ours, and no file, where a name is asked for.
  ['hikyaku pull my\t', 'pull my'],
  ['hikyaku setup --host my\t', 'setup --host my'],
]

/** Types each line into one shell at a terminal. @returns what hikyaku was given by each */
async function type(shell: string, begin: string, typed: readonly string[]): Promise<string[]> {
  const child = spawn('script', ['-qfec', shell, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', TERM: 'dumb', HOME: folder, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let shown = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    for (const look of waiting) look()
  })
  const answer = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(shown)?.[1]
        if (found === undefined) return
        waiting.delete(look)
        clearTimeout(timer)
        resolve(found)
      }
      const timer = setTimeout(
        () => reject(new Error(`${pattern} never came: ${shown.slice(-2000)}`)),
        60_000,
      )
      waiting.add(look)
      look()
    })
  try {
    child.stdin.write(`${begin}\n`)
    await answer(/(\{ready\})/)
    const given: string[] = []
    for (const [index, line] of typed.entries()) {
      child.stdin.write(`N=${index}; ${line}\n`)
      given.push(await answer(new RegExp(`\\{${index}:([^}]*)\\}`)))
    }
    return given
  } finally {
    child.stdin.end('exit\n')
    await once(child, 'close')
  }
}

const expectAll = async (shell: string, begin: string): Promise<void> => {
  const all = [...beginnings.map(([typed, expected]) => [`${typed}\t`, expected] as const), ...lines]
  const given = await type(
    shell,
    begin,
    all.map(([typed]) => typed),
  )
  assert.deepEqual(
    given.map((words, index) => `${all[index]?.[0]} -> ${words.replace(/=$/, '')}`),
    all.map(([typed, expected]) => `${typed} -> ${expected}`),
  )
}

const needs = async (program: string) => ({
  skip: requireServer(program, await installed(program, 'script')),
})
const [bash, zsh, fish] = [await needs('bash'), await needs('zsh'), await needs('fish')]

describe('completion', () => {
  test('has every command, and options with their choices', () => {
    const names = tables.en.commands.map(({ names }) => names[0])
    for (const name of ['setup', 'pull', 'status', 'service', 'completion', 'help'])
      assert.ok(names.includes(name))
    assert.ok(beginnings.length > 90, `${beginnings.length}`)
    const service = tables.en.commands.find(entry => entry.names[0] === 'setup')
    assert.deepEqual(service?.options.find(({ flags }) => flags[0] === '--security')?.choices, [
      'tls',
      'starttls',
      'none',
    ])
  })

  test('in bash: Tab ends what was begun', bash, () =>
    expectAll(
      'bash --norc --noprofile -i',
      `source ${scriptOf('bash')}; hikyaku() { local IFS=' '; echo "{$N:$*}"; }; PS1='$ '; echo {'ready}'`,
    ),
  )

  test('in zsh: Tab ends what was begun', zsh, () =>
    expectAll(
      'zsh -f -i',
      `autoload -U compinit; compinit -u -D; source ${scriptOf('zsh')}; hikyaku() { echo "{$N:$*}" }; PS1='$ '; echo {'ready}'`,
    ),
  )

  test('in zsh: as a file of $fpath, with descriptions in Japanese', zsh, async () => {
    const functions = mkdtempSync(join(folder, 'fpath-'))
    writeFileSync(join(functions, '_hikyaku'), completions.zsh(tables.ja))
    const begin = `fpath=(${functions} $fpath); autoload -U compinit; compinit -u -D; hikyaku() { echo "{$N:$*}" }; PS1='$ '; echo {'ready}'`
    assert.deepEqual(await type('zsh -f -i', begin, ['hikyaku ret\tal\t']), ['retry all'])
  })

  test('in fish: what is offered, each with its description', fish, () => {
    const offered = (language: Language, typed: string): string[] =>
      execFileSync(
        'fish',
        ['--no-config', '-c', `source ${scriptOf('fish', language)}; complete -C ${JSON.stringify(typed)}`],
        {
          cwd: folder,
          env: { PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C.UTF-8' },
          encoding: 'utf8',
        },
      )
        .split('\n')
        .filter(line => line !== '')
    const words = (typed: string): string[] => offered('en', typed).map(line => line.split('\t')[0] ?? '')
    const all = tables.en.commands
    const below = all.flatMap(({ names: [name] }) => (name.includes(' ') ? [name] : []))
    assert.deepEqual(
      words('hikyaku ').sort(),
      all.flatMap(({ names }) => names.filter(name => !below.includes(name))).sort(),
    )
    assert.ok(below.includes('fleet import'))
    assert.deepEqual(
      words('hikyaku fleet ').sort(),
      below
        .filter(name => name.startsWith('fleet '))
        .map(name => name.slice('fleet '.length))
        .sort(),
    )
    assert.deepEqual(words('hikyaku fleet import my'), ['my password.txt'])
    for (const { names, options } of all.filter(({ names }) => names[0] !== 'help'))
      assert.deepEqual(
        words(`hikyaku ${names[0]} --`).sort(),
        options.flatMap(({ flags }) => flags.filter(flag => flag.startsWith('--'))).sort(),
      )
    assert.deepEqual(words('hikyaku setup --protocol '), ['imap', 'pop3'])
    assert.deepEqual(words('hikyaku setup --protocol=p'), ['--protocol=pop3'])
    assert.deepEqual(words('hikyaku journal '), ['check', 'rebuild'])
    assert.deepEqual(words('hikyaku journal check '), [])
    assert.deepEqual(words('hikyaku pull '), [])
    assert.deepEqual(words('hikyaku inspect my'), ['my password.txt'])
    assert.ok(words('hikyaku help ').includes('check-now'))
    assert.match(offered('ja', 'hikyaku setup --arch').join(), /受信トレイ/)
  })

  test('is printed by the command, in the language asked for; another shell is refused', async () => {
    const run = (...args: string[]) => hikyaku(args, { env: {}, cwd: folder })
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const { code, stdout } = await run('completion', shell)
      assert.equal(code, 0)
      assert.equal(stdout, completions[shell](tables.en))
    }
    assert.equal((await run('completion', 'zsh', '--lang', 'ja')).stdout, completions.zsh(tables.ja))
    const asJson = JSON.parse((await run('completion', 'fish', '--json')).stdout) as { script: string }
    assert.equal(asJson.script, completions.fish(tables.en))
    const refused = await run('completion', 'tcsh')
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /“tcsh” is none of: bash, zsh, fish/)
  })
})
