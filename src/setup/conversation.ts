/**
 * The set-up as a conversation: which language, which part, what was given beforehand or kept from last time, then that
 * part's own story (setup.ts, missing-secrets.ts, password.ts), and what comes after it (go-on.ts).
 */
import type { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import { findGivenSecret, readGivenSecret } from '../base/given-secret.ts'
import { type Env, homeOf } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import type { Problem } from '../base/problem.ts'
import { resolveWrittenPath } from '../config/load-paths.ts'
import { findPlace, type Place } from '../config/place.ts'
import { discover } from '../discovery/discover.ts'
import { chooseWords } from '../locale/locale.ts'
import { describeReason } from '../locale/reasons.ts'
import { openVault } from '../vault/open-vault.ts'
import { type Answers, type Asker, confirm, SetupLeft, withGiven } from './asker.ts'
import { lookAtCertificate } from './certificate.ts'
import type { SetupContext } from './context.ts'
import { offerPull, offerService, type ServiceAnswer, wakeDaemon } from './go-on.ts'
import { type KeptAnswers, readKeptAnswers } from './kept-answers.ts'
import { makeGates } from './login-gate.ts'
import { addMissingSecrets } from './missing-secrets.ts'
import { tellReplying } from './replying.ts'
import { type GivenSecrets, type SetUp, setUpGoogle, setUpMailbox } from './setup.ts'
import { type SetupWords, setupWords } from './words.ts'

export { SetupLeft } from './asker.ts'

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

export interface SetupRequest {
  readonly flags: SetupFlags
  readonly ports: SetupPorts
  readonly env: Env
  readonly cwd: string
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Until the owner chose another one. */
  readonly language: Language
  readonly signal: AbortSignal
  readonly onNotes: (notes: readonly Problem[]) => void
  readonly onLanguage: (language: Language) => void
  /** Everything is saved: from here on a pull and a daemon listen for signals themselves. */
  readonly onSaved: () => void
  readonly pullMailbox: SetupContext['pullMailbox']
  readonly installService: SetupContext['installService']
}

export interface SetupOutcome {
  readonly exitCode: number
  /** For `--json`; undefined where there was nothing to do. */
  readonly answer: object | undefined
  /** The owner wants the daemon here and now. */
  readonly runHere: boolean
}

/** @throws SetupLeft where the owner leaves; Fault, ConfigFault */
export async function converse(request: SetupRequest): Promise<SetupOutcome> {
  const { flags, ports, env, cwd, stderr, signal } = request
  const place = await findPlace(env, cwd)
  request.onNotes(place.notes)
  const bare = ports.asker ?? (await makeAsker(request))
  const kept = await readKeptAnswers(place.stateDir, place.env)
  const language = await askLanguage(bare, request, place.config?.language ?? kept.language)
  request.onLanguage(language)
  const words = setupWords[language]
  const part = await choosePart(bare, words, flags.part, place)
  if (part === undefined) return { exitCode: exitCodes.ok, answer: undefined, runHere: false }
  bare.tell('title', words.title)
  if (bare.interactive) bare.tell('note', words.leaving)

  // A short conversation is begun again.
  const keeping = part !== 'google' && part !== 'password' && !place.byEnvironment
  let earlier = keeping ? await whatWasKept(bare, words, kept) : {}
  // Only a person leaves and comes back; what cannot be kept is asked again.
  const whileKeeping = async (keep: () => Promise<void>): Promise<void> => {
    if (bare.interactive && keeping) await keep().catch(() => {})
  }
  const asker = withGiven(bare, {
    options: flags.answers,
    kept: id => earlier[id],
    onAnswer: (id, answer) => whileKeeping(() => kept.keep(id, answer, language)),
    onSecret: kept.noteSecret,
  })
  const clock = ports.clock ?? systemClock
  const context: SetupContext = {
    asker,
    language,
    words,
    general: chooseWords(language),
    options: flags.answers,
    place,
    vault: await openVault({ stateDir: place.stateDir, env: place.env }),
    env,
    cwd,
    clock,
    signal,
    onLoginProved: () => whileKeeping(kept.keepProved),
    onOtherAddress: async () => {
      earlier = {}
      await whileKeeping(kept.forget)
    },
    gateOf: makeGates(place.stateDir, place.env, clock),
    discover:
      ports.discover ??
      (address =>
        discover(address, { signal, readCertificate: (host, ends) => lookAtCertificate(host, clock, ends) })),
    openBrowser:
      ports.openBrowser ??
      (async url => (await import('../google/open-browser.ts')).openBrowser(url, { ...env })),
    pullMailbox: request.pullMailbox,
    installService: ports.installService ?? request.installService,
    plain: line => {
      stderr.write(`${line}\n`)
    },
  }
  // Asked now: once a secret is kept, the answer would only be "as before".
  const { because: reason } = context.vault
  const given = await readGivenSecrets(flags.answers, place, cwd)
  if (given.password !== undefined) kept.noteSecret(given.password)
  if (part === 'password') {
    const { changePassword } = await import('./password.ts')
    const changed = await changePassword(context, given.password)
    const answer = { ok: true, exitCode: exitCodes.ok, vault: context.vault.choice, ...changed }
    return { exitCode: exitCodes.ok, answer, runHere: false }
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
  request.onSaved()
  return goOn(context, setUp, running)
}

/** @param running whether a daemon was told of the new permission */
async function goOn(context: SetupContext, setUp: SetUp, running: boolean): Promise<SetupOutcome> {
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
    return { exitCode: exitCodes.ok, answer: { ...answer, running }, runHere: false }
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
  const runHere = chosen === 'here'
  tellReplying(context, mailbox.proved)
  asker.tell('good', runHere ? words.service.hereNow : words.done)
  return {
    exitCode,
    answer: {
      ...answer,
      ok: exitCode === exitCodes.ok,
      exitCode,
      mailbox: mailbox.name,
      pull: pull ?? null,
      service: chosen,
    },
    runHere,
  }
}

async function makeAsker({ stdin, stderr, language, flags: { yes } }: SetupRequest): Promise<Asker> {
  const words = setupWords[language]
  if (yes || stdin.isTTY !== true || stderr.isTTY !== true) {
    const { askNobody } = await import('./ask-nobody.ts')
    return askNobody(stderr, yes, words.needsOption)
  }
  const { askTerminal } = await import('./ask-terminal.ts')
  return askTerminal({ input: stdin, output: stderr }, words.empty)
}

/** @param known it was settled before: in the configuration, or in a set-up that was left */
async function askLanguage(
  asker: Asker,
  { language, env, flags }: SetupRequest,
  known: Language | undefined,
): Promise<Language> {
  if (flags.languageGiven || env.HIKYAKU_LANG || !asker.interactive) return language
  if (known !== undefined) return known
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
    const file = given.file === undefined ? undefined : resolveWrittenPath(given.file, cwd, homeOf(env))
    return readGivenSecret({ ...given, file }, env)
  }
  return {
    password: await read('password-file', 'MAIL_PASSWORD'),
    refreshToken:
      answers['refresh-token-file'] === undefined ? undefined : await read('refresh-token-file', ''),
  }
}
