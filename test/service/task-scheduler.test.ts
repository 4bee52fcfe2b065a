/** The task on Windows: as XML held to Microsoft's schema, and installed by a stand-in for schtasks. No Windows has seen it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Language } from '../../src/base/language.ts'
import { type ServiceFlags, serviceCommand } from '../../src/commands/service.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import type { Ran, ServiceMachine } from '../../src/service/machine.ts'
import type { ServiceOptions } from '../../src/service/service.ts'
import { makeTask } from '../../src/service/task-scheduler.ts'
import { requireServer } from '../servers/required.ts'
import { installed } from '../vault/session-bus.ts'

const skip = requireServer('xmllint', await installed('xmllint'))
const schema = fileURLToPath(new URL('task-scheduler.xsd', import.meta.url))
const place = { userName: 'PC-1\\花子 & Co', systemRoot: 'C:\\Windows' }
const options: ServiceOptions = {
  mode: 'daemon',
  scope: 'user',
  nodeFile: 'C:\\Program Files\\nodejs\\node.exe',
  cliFile: 'C:\\Users\\花子\\a & b (x)\\cli.js',
  stateDir: 'C:\\Users\\花子\\AppData\\Local\\hikyaku',
  configFile: "D:\\it's\\config.yaml",
  logFile: 'C:\\Users\\花子\\AppData\\Local\\hikyaku\\hikyaku.log',
}

/** As the file is: UTF-16 with its mark. */
const octetsOf = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')

function lint(octets: Buffer, ...args: string[]) {
  return spawnSync('xmllint', ['--nonet', ...args, '-'], { input: octets, encoding: 'utf8' })
}

/** What an XML reader makes of the element. */
function read(text: string, name: string): string {
  const path = `string(//*[local-name()='${name}'])`
  return lint(octetsOf(text), '--xpath', path).stdout.trimEnd()
}

/** The arguments as the C library of Windows parts them ("Parsing C Command-Line Arguments"), without its rules on \". */
const partArguments = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, q, plain]) => q ?? plain ?? '')

describe('a task of the Task Scheduler', { skip }, () => {
  for (const mode of ['daemon', 'timer'] as const)
    it(`${mode}: is what Microsoft's schema asks for, in UTF-16`, () => {
      const { text, name } = makeTask({ ...options, mode }, place)
      assert.equal(name, mode === 'daemon' ? 'hikyaku.xml' : 'hikyaku-pull.xml')
      const { status, stderr } = lint(octetsOf(text), '--noout', '--schema', schema)
      assert.equal(status, 0, stderr)
      // xmllint does not follow IDREF.
      assert.equal(/Context="(\w+)"/.exec(text)?.[1], /Principal id="(\w+)"/.exec(text)?.[1])
      // The schema can refuse: a pause that is too short, an unknown setting, another way to log on.
      for (const broken of [
        text.replace('<Interval>PT60S', '<Interval>PT59S'),
        text.replace('<Count>10', '<Count>0'),
        text.replace('<StartWhenAvailable>', '<NoSuchThing/><StartWhenAvailable>'),
        text.replace('<LogonType>InteractiveToken', '<LogonType>None'),
      ]) {
        assert.notEqual(broken, text)
        assert.notEqual(lint(octetsOf(broken), '--noout', '--schema', schema).status, 0)
      }
    })

  it('runs as who is logged on, with least rights, without a password, one at a time, for ever, again each minute', () => {
    const { text } = makeTask(options, place)
    assert.equal(
      read(text, 'Principal').replace(/\s+/g, ' ').trim(),
      `${place.userName} InteractiveToken LeastPrivilege`,
    )
    assert.doesNotMatch(text, /Password/)
    assert.equal(read(text, 'MultipleInstancesPolicy'), 'IgnoreNew')
    assert.equal(read(text, 'ExecutionTimeLimit'), 'PT0S')
    for (const trigger of ['LogonTrigger', 'RegistrationTrigger']) assert.match(read(text, trigger), /PT60S/)
    for (const setting of ['DisallowStartIfOnBatteries', 'StopIfGoingOnBatteries'])
      assert.equal(read(text, setting), 'false')
  })

  it('gives cmd.exe the settings, node, hikyaku and the log, whatever stands in their paths', () => {
    const { text } = makeTask(options, place)
    assert.equal(read(text, 'Command'), 'C:\\Windows\\System32\\conhost.exe')
    const line = read(text, 'Arguments')
    const [, inner = ''] =
      /^--headless "C:\\Windows\\System32\\cmd\.exe" \/d \/s \/c "(.*)"$/.exec(line) ?? []
    // cmd.exe /s takes the outer quotation marks away and keeps the rest; && outside of quotation marks parts commands.
    const commands = inner.split(/&& (?=(?:[^"]*"[^"]*")*[^"]*$)/).map(partArguments)
    assert.deepEqual(commands, [
      ['set', `STATE_DIR=${options.stateDir}`],
      ['set', `HIKYAKU_CONFIG=${options.configFile}`],
      [options.nodeFile, options.cliFile, 'run', '>>', options.logFile, '2>&1'],
    ])
    const pull = makeTask(
      {
        ...options,
        mode: 'timer',
        everySeconds: 300,
        stateDir: undefined,
        configFile: undefined,
        logFile: undefined,
      },
      place,
    )
    assert.match(
      read(pull.text, 'Arguments'),
      /\/c ""C:\\Program Files\\nodejs\\node\.exe" ".*cli\.js" pull"$/,
    )
    assert.match(read(pull.text, 'Repetition'), /PT300S/)
  })

  it('refuses a pause that the Task Scheduler does not know, and what no command line can carry', () => {
    const refused = (more: Partial<ServiceOptions>) =>
      assert.throws(() => makeTask({ ...options, ...more }, place), RangeError)
    refused({ mode: 'timer', everySeconds: 59 })
    refused({ mode: 'timer', everySeconds: 60.5 })
    refused({ stateDir: 'C:\\%TEMP%\\x' })
    refused({ cliFile: 'C:\\a" & calc & "b' })
    refused({ configFile: 'C:\\a\nb' })
    refused({ logFile: 'C:\\\u0007' })
  })
})

describe('hikyaku service on Windows', () => {
  let folder: string
  let ran: string[][]
  let answers: Record<string, Ran>
  let tasks: Set<string>
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-windows-'))
    ran = []
    answers = {}
    tasks = new Set()
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** schtasks and PowerShell, as far as we use them. */
  const machine = (): ServiceMachine => ({
    platform: 'win32',
    home: 'C:\\Users\\me',
    uid: 0,
    userName: 'PC-1\\me',
    // A path of Windows is one name here.
    prefix: `${folder}/`,
    nodeFile: 'C:\\node.exe',
    cliFile: 'C:\\hikyaku\\dist\\cli.js',
    userNamespaces: false,
    systemd: false,
    temporaryFolders: [],
    systemRoot: 'C:\\Windows',
    run: async (program, args) => {
      const name = program.split('\\').at(-1) ?? ''
      ran.push([name, ...args])
      const [verb = '', , task = ''] = args
      const answer = answers[verb]
      if (answer !== undefined) return answer
      if (name === 'powershell.exe') return { code: 1, output: 'ObjectNotFound' }
      if (verb === '/Create') tasks.add(task)
      else if (!tasks.has(task))
        return { code: 1, output: 'ERROR: The system cannot find the file specified.' }
      if (verb === '/Delete') tasks.delete(task)
      return { code: 0, output: '' }
    },
  })

  async function run(
    action: 'install' | 'uninstall' | 'status',
    flags: ServiceFlags = {},
    env: Record<string, string> = {},
    language: Language = 'en',
  ) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const words = chooseWords(language)
    const invocation = {
      env,
      cwd: 'C:\\Users\\me',
      stdout,
      stderr,
      stdin: new PassThrough(),
      language,
      words,
      json: false,
    }
    const exitCode = await serviceCommand(invocation, action, flags, machine())
    return { exitCode, said: `${stdout.read() ?? ''}${stderr.read() ?? ''}` }
  }
  const fileName = (name: string): string => `C:\\Users\\me\\AppData\\Local\\hikyaku\\${name}.xml`

  it('writes the definition in UTF-16, registers it, sees it run, and takes both away', async () => {
    const { exitCode, said } = await run('install')
    assert.equal(exitCode, 0, said)
    const octets = await readFile(join(folder, fileName('hikyaku')))
    assert.deepEqual([...octets.subarray(0, 4)], [0xff, 0xfe, 0x3c, 0x00])
    if (!skip) assert.equal(lint(octets, '--noout', '--schema', schema).status, 0)
    assert.match(
      octets.toString('utf16le'),
      /STATE_DIR=C:\\Users\\me\\AppData\\Local\\hikyaku"&amp;&amp; "C:\\node\.exe"/,
    )
    assert.deepEqual(ran, [
      ['schtasks.exe', '/Create', '/TN', '\\hikyaku', '/XML', fileName('hikyaku'), '/F'],
    ])
    assert.match(said, /while you are logged in.*tried/s)

    answers['-NoProfile'] = { code: 0, output: '4 267009' }
    const running = await run('status')
    assert.deepEqual([running.exitCode, /hikyaku: running \(State=4/.test(running.said)], [0, true])
    assert.match(ran.at(-1)?.join(' ') ?? '', /Get-ScheduledTask -TaskPath '\\' -TaskName 'hikyaku'/)
    answers['-NoProfile'] = { code: 0, output: '3 78' }
    const stopped = await run('status', {}, {}, 'ja')
    assert.equal(stopped.exitCode, 69)
    assert.match(stopped.said, /動いていません.*LastTaskResult=78/s)

    ran.length = 0
    assert.equal((await run('uninstall')).exitCode, 0)
    assert.deepEqual(
      ran.map(([, verb]) => verb),
      ['/Query', '/End', '/Delete'],
    )
    assert.equal(tasks.size, 0)
    assert.equal(existsSync(join(folder, fileName('hikyaku'))), false)
    assert.equal((await run('status')).exitCode, 78)
  })

  it('replaces the daemon by timed pulls, which wait between two of them', async () => {
    await run('install')
    assert.equal((await run('install', { timer: true, every: 120 })).exitCode, 0)
    assert.deepEqual([...tasks], ['\\hikyaku-pull'])
    answers['-NoProfile'] = { code: 0, output: '3 0' }
    const { exitCode, said } = await run('status')
    assert.equal(exitCode, 0)
    assert.match(said, /hikyaku-pull: waiting/)
  })

  it('leaves nothing behind where Windows refuses the task, and says what it said', async () => {
    answers['/Create'] = { code: 1, output: 'ERROR: Access is denied.' }
    const { exitCode, said } = await run('install')
    assert.equal(exitCode, 69)
    assert.match(said, /schtasks \/Create.*Access is denied/s)
    assert.deepEqual(
      (await readdir(folder)).filter(name => name.endsWith('.xml')),
      [],
    )
  })

  it('takes what the environment names along, only shows it with --print, and knows no other user', async () => {
    const shown = await run(
      'install',
      { print: true },
      { STATE_DIR: 'D:\\mail', HIKYAKU_CONFIG: 'own.yaml', LOCALAPPDATA: 'E:\\local' },
    )
    assert.equal(shown.exitCode, 0)
    assert.match(shown.said, /^# E:\\local\\hikyaku[\\/]hikyaku\.xml$/m)
    assert.match(
      shown.said,
      /STATE_DIR=D:\\mail".*HIKYAKU_CONFIG=C:\\Users\\me\\own\.yaml".*E:\\local\\hikyaku\\hikyaku\.log/,
    )
    assert.deepEqual([ran, await readdir(folder)], [[], []])
    for (const flags of [{ system: true }, { runAs: 'someone' }]) {
      const { exitCode, said } = await run('install', flags)
      assert.equal(exitCode, 2)
      assert.match(said, /On Windows hikyaku runs while you are logged in/)
    }
    assert.deepEqual(ran, [])
  })
})
