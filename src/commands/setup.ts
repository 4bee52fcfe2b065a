/** `hikyaku setup [google | mailbox | password]`: from an e-mail address to a running service. The story stands in setup/setup.ts. */
import { PassThrough, type Readable } from 'node:stream'
import { type Clock, systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import { findGivenSecret, readGivenSecret } from '../base/given-secret.ts'
import { homeOf } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import { absolutePath } from '../config/load-paths.ts'
import { discover } from '../discovery/discover.ts'
import { chooseWords } from '../locale/locale.ts'
import { describeReason } from '../locale/reasons.ts'
import { type Answers, type Asker, confirm, SetupLeft, withGiven } from '../setup/asker.ts'
import type { SetupContext } from '../setup/context.ts'
import { offerPull, offerService, type ServiceAnswer, wakeDaemon } from '../setup/go-on.ts'
import { type KeptAnswers, readKeptAnswers } from '../setup/kept-answers.ts'
import { addMissingSecrets } from '../setup/missing-secrets.ts'
import { findPlace, type Place } from '../setup/place.ts'
import { type GivenSecrets, type SetUp, setUpGoogle, setUpMailbox } from '../setup/setup.ts'
import { type SetupWords, setupWords } from '../setup/words.ts'
import { tellNotes } from './configuration.ts'
import { answering, type Invocation, writeJson } from './invocation.ts'

export type SetupPart = 'everything' | 'google' | 'mailbox' | 'password'

export interface SetupFlags {
  readonly part: SetupPart
  /** No questions: the usual answers. */
  readonly yes: boolean
  /** Whether --lang was given: then the language is not asked for. */
  readonly languageGiven: boolean
  /** By question id. */
  readonly answers: Answers
}

/** What a test puts in the place of the network and of a person. */
export interface SetupPorts {
  readonly asker?: Asker
  readonly discover?: SetupContext['discover']
  readonly openBrowser?: SetupContext['openBrowser']
  readonly clock?: Clock
  readonly installService?: SetupContext['installService']
}

export async function setupCommand(
  invocation: Invocation,
  flags: SetupFlags,
  ports: SetupPorts = {},
): Promise<number> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort(new SetupLeft('left'))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  let said = invocation
  try {
    return await answering(invocation, () =>
      run(
        invocation,
        flags,
        ports,
        stop.signal,
        () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
        language => {
          said = { ...invocation, language, words: chooseWords(language) }
        },
      ).catch(thrown => {
        if (!(thrown instanceof SetupLeft)) throw thrown
        return answerLeft(said, flags.part)
      }),
    )
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

function answerLeft(invocation: Invocation, part: SetupPart): number {
  const words = setupWords[invocation.language]
  const left = part === 'google' || part === 'password' ? words.leftUnchanged : words.left
  if (invocation.json) writeJson(invocation, { ok: false, exitCode: exitCodes.temporary, left: true })
  else invocation.stderr.write(`\n${left}\n`)
  return exitCodes.temporary
}

async function run(
  invocation: Invocation,
  flags: SetupFlags,
  ports: SetupPorts,
  signal: AbortSignal,
  letGoOfSignals: () => void,
  onLanguage: (language: Language) => void,
): Promise<number> {
  const { env, cwd, stderr } = invocation
  const place = await findPlace(env, cwd)
  tellNotes(invocation, place.notes)
  const bare = ports.asker ?? (await makeAsker(invocation, flags))
  const language = await askLanguage(bare, invocation, flags)
  onLanguage(language)
  const words = setupWords[language]
  const spoken: Invocation = { ...invocation, language, words: chooseWords(language) }
  const part = await choosePart(bare, words, flags.part, place)
  if (part === undefined) return exitCodes.ok
  bare.tell('title', words.title)
  if (bare.interactive) bare.tell('note', words.leaving)

  // A short conversation is begun again.
  const keeping = part !== 'google' && part !== 'password' && !place.byEnvironment
  const kept = await readKeptAnswers(place.stateDir, place.env)
  const asker = withGiven(bare, {
    options: flags.answers,
    kept: !keeping ? {} : await whatWasKept(bare, words, kept),
    onAnswer: async (id, answer) => {
      // Only a person leaves and comes back; what cannot be kept is asked again.
      if (bare.interactive && keeping) await kept.keep(id, answer).catch(() => {})
    },
  })
  const { openVault } = await import('../vault/open-vault.ts')
  const context: SetupContext = {
    asker,
    language,
    words,
    general: spoken.words,
    options: flags.answers,
    place,
    vault: await openVault({ stateDir: place.stateDir, env: place.env }),
    env,
    cwd,
    clock: ports.clock ?? systemClock,
    signal,
    discover: ports.discover ?? (address => discover(address, { signal })),
    openBrowser:
      ports.openBrowser ??
      (async url => (await import('../google/open-browser.ts')).openBrowser(url, { ...env })),
    pullMailbox: mailbox => pullMailbox(spoken, mailbox),
    installService: ports.installService ?? (() => installService(spoken)),
    plain: line => {
      stderr.write(`${line}\n`)
    },
  }
  // Asked now: once a secret is kept, the answer would only be "as before".
  const { because: reason } = context.vault
  const given = await readGivenSecrets(flags.answers, place, cwd)
  if (part === 'password') {
    const { changePassword } = await import('../setup/password.ts')
    const changed = await changePassword(context, given.password)
    const { choice: vault } = context.vault
    if (invocation.json) writeJson(invocation, { ok: true, exitCode: exitCodes.ok, vault, ...changed })
    return exitCodes.ok
  }
  const setUp = await (part === 'google'
    ? setUpGoogle
    : place.byEnvironment
      ? addMissingSecrets
      : setUpMailbox)(context, given)
  const { account, config } = setUp
  const because = lookUp(words.because, reason) ?? describeReason(reason, language)
  const kind = describeReason(context.vault.kind, language)
  const file = setUp.mailbox === undefined ? undefined : place.configFile
  if (file !== undefined || account.signedIn !== undefined)
    asker.tell('good', words.saved(file, kind, because))
  const running =
    account.signedIn !== undefined &&
    (await wakeDaemon(config.stateDir, account.name, account.signedIn.endsAtMs))
  if (keeping) await kept.forget()
  // From here on the pull and the daemon listen for signals themselves.
  letGoOfSignals()
  return finish(context, spoken, setUp, running)
}

async function pullMailbox(invocation: Invocation, mailbox: string): Promise<object> {
  const { pullCommand } = await import('./pull.ts')
  const flags = { mailboxes: [mailbox], dryRun: false, yes: true, now: true }
  if (!invocation.json) return { exitCode: await pullCommand(invocation, flags) }
  const stdout = new PassThrough()
  await pullCommand({ ...invocation, stdout }, flags)
  return JSON.parse(String(stdout.read() ?? '{}')) as object
}

async function installService(invocation: Invocation): Promise<number> {
  const { serviceCommand } = await import('./service.ts')
  const stdout = invocation.json ? new PassThrough() : invocation.stdout
  return serviceCommand({ ...invocation, json: false, stdout }, 'install')
}

/** @param running whether a daemon was told of the new permission */
async function finish(
  context: SetupContext,
  invocation: Invocation,
  setUp: SetUp,
  running: boolean,
): Promise<number> {
  const { asker, words, place, vault } = context
  const { account, mailbox } = setUp
  const answer = {
    ok: true,
    exitCode: exitCodes.ok,
    config: place.configFile,
    stateDir: place.stateDir,
    vault: vault.choice,
    account: account.address,
    consentEndsAt: account.signedIn?.endsAtMs ?? null,
  }
  if (mailbox === undefined) {
    if (setUp.overruled) asker.tell('warn', words.google.variableWins)
    if (account.signedIn !== undefined)
      asker.tell('info', running ? words.google.goesOn : words.google.takesUpLater)
    if (invocation.json) writeJson(invocation, { ...answer, running })
    return exitCodes.ok
  }
  let pull: object | undefined
  let service: ServiceAnswer = { chosen: 'later', exitCode: exitCodes.ok }
  try {
    pull = await offerPull(context, mailbox.name)
    service = await offerService(context)
  } catch (thrown) {
    // Everything is saved: who leaves now leaves nothing unfinished.
    if (!(thrown instanceof SetupLeft)) throw thrown
  }
  const { chosen, exitCode } = service
  if (invocation.json)
    writeJson(invocation, {
      ...answer,
      ok: exitCode === exitCodes.ok,
      exitCode,
      mailbox: mailbox.name,
      pull: pull ?? null,
      service: chosen,
    })
  if (chosen === 'here') {
    asker.tell('good', words.service.hereNow)
    const { runCommand } = await import('./run.ts')
    return runCommand(invocation)
  }
  asker.tell('good', words.done)
  return exitCode
}

async function makeAsker(invocation: Invocation, { yes }: SetupFlags): Promise<Asker> {
  const { stdin, stderr, language } = invocation
  const words = setupWords[language]
  if (yes || stdin.isTTY !== true || stderr.isTTY !== true) {
    const { askNobody } = await import('../setup/ask-nobody.ts')
    return askNobody(stderr, yes, words.needsOption)
  }
  const { askTerminal } = await import('../setup/ask-terminal.ts')
  return askTerminal({ input: stdin as unknown as Readable, output: stderr }, words.empty)
}

async function askLanguage(asker: Asker, invocation: Invocation, flags: SetupFlags): Promise<Language> {
  const { language, env } = invocation
  if (flags.languageGiven || env.HIKYAKU_LANG || !asker.interactive) return language
  const choices = [
    { value: 'en', label: 'English' },
    { value: 'ja', label: '日本語' },
  ] as const
  return asker.choose<Language>({ id: 'language', message: 'Language / 言語', choices, initial: language })
}

/** @returns undefined where there is nothing to do */
async function choosePart(
  asker: Asker,
  words: SetupWords,
  part: SetupPart,
  { config, byEnvironment }: Place,
): Promise<SetupPart | undefined> {
  if (part !== 'everything' || config === undefined || byEnvironment || !asker.interactive) return part
  const chosen = await asker.choose({
    id: 'what',
    message: words.what.question,
    choices: [
      { value: 'mailbox', label: words.what.mailbox },
      { value: 'google', label: words.what.google },
      { value: 'nothing', label: words.what.nothing },
    ],
    initial: 'mailbox',
  })
  return chosen === 'nothing' ? undefined : chosen
}

async function whatWasKept(asker: Asker, words: SetupWords, kept: KeptAnswers): Promise<Answers> {
  if (Object.keys(kept.answers).length === 0 || !asker.interactive) return {}
  const { question, yes, no } = words.resume
  const resume = await confirm(asker, { id: 'resume', message: question, initial: true, yes, no })
  if (!resume) await kept.forget()
  return resume ? kept.answers : {}
}

/** @throws Fault secret.unreadable (given-secret.ts) */
async function readGivenSecrets(answers: Answers, place: Place, cwd: string): Promise<GivenSecrets> {
  const { env } = place
  const read = async (option: string, variable: string): Promise<string | undefined> => {
    const named = answers[option] || undefined
    const given =
      named === undefined ? findGivenSecret(variable, env) : { variable, value: undefined, file: named }
    const file = given.file === undefined ? undefined : absolutePath(given.file, cwd, homeOf(env))
    return readGivenSecret({ ...given, file }, env)
  }
  return {
    password: await read('password-file', 'MAIL_PASSWORD'),
    refreshToken:
      answers['refresh-token-file'] === undefined ? undefined : await read('refresh-token-file', ''),
  }
}
