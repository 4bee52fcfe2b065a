/**
 * The set-up as a conversation: which language, which part, what was given beforehand or kept from last time, then that
 * part's own story (setup.ts, missing-secrets.ts, password.ts), and what comes after it (go-on.ts).
 */

import type { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import type { Env } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import { lookUp } from '../base/look-up.ts'
import type { Problem } from '../base/problem.ts'
import { timeJson } from '../base/time-json.ts'
import { findPlace, type Place } from '../config/place.ts'
import { discover } from '../discovery/discover.ts'
import { chooseWords } from '../locale/locale.ts'
import { describeReason } from '../locale/reasons.ts'
import { openVault } from '../vault/open-vault.ts'
import { type Answers, type Asker, confirm, SetupLeft } from './asker.ts'
import { lookAtCertificate } from './certificate.ts'
import { chooseAsker } from './choose-asker.ts'
import type { SetupContext } from './context.ts'
import { withGiven } from './given-answers.ts'
import { readGivenSecrets } from './given-secrets.ts'
import { offerPull, offerService, type ServiceAnswer, wakeDaemon } from './go-on.ts'
import { type History, makeHistory } from './history.ts'
import { type KeptAnswers, readKeptAnswers } from './kept-answers.ts'
import { makeGates } from './login-gate.ts'
import { addMissingSecrets } from './missing-secrets.ts'
import { tellReplying } from './replying.ts'
import { type SetUp, setUpGoogle, setUpMailbox } from './setup.ts'
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

/** Who takes the place of the terminal (a page), and what a test puts in the place of the network and of a person. */
export interface SetupPorts {
  readonly asker?: Asker
  /** What is said otherwise than on a terminal. */
  readonly words?: Readonly<Record<Language, SetupWords>>
  /** A line as it is: SetupContext.plain */
  readonly plain?: SetupContext['plain']
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
  const { flags, ports, env, cwd } = request
  const place = await findPlace(env, cwd)
  request.onNotes(place.notes)
  const kept = await readKeptAnswers(place.stateDir, place.env)
  let language = request.language
  const spoken: Spoken = {
    get words() {
      return (ports.words ?? setupWords)[language]
    },
  }
  const bare = ports.asker ?? (await chooseAsker(request, flags.yes, spoken))
  const vault = await openVault({ stateDir: place.stateDir, env: place.env })
  // Asked now: once a secret is kept, the answer would only be "as before".
  const { because: reason } = vault
  const given = await readGivenSecrets(flags.answers, place, cwd)
  for (const secret of [given.password, given.appPassword])
    if (secret !== undefined) void kept.noteSecret(secret)
  const history = makeHistory(() => spoken.words.back, kept.offered)
  const used = new Set<string>()

  const story = async (): Promise<SetupOutcome | Saved> => {
    const asker = history.retell(bare)
    // The frame is opened before the first question, whatever its language.
    if (asker.interactive) asker.tell('title', 'hikyaku')
    language = await askLanguage(asker, request, place.config?.language ?? kept.language)
    request.onLanguage(language)
    const part = await choosePart(asker, spoken.words, flags.part, place)
    if (part === undefined) return { exitCode: exitCodes.ok, answer: undefined, runHere: false }
    const { title, leaving } = spoken.words
    if (asker.interactive) asker.tell('note', `${title}\n${leaving}`)
    else asker.tell('title', title)
    // A short conversation is begun again.
    const keeping = part !== 'google' && part !== 'password' && !place.byEnvironment
    let earlier = keeping ? await whatWasKept(asker, spoken.words, kept, history) : {}
    // Only a person leaves and comes back; what cannot be kept is asked again.
    const whileKeeping = async (keep: () => Promise<void>): Promise<void> => {
      if (bare.interactive && keeping) await keep().catch(() => {})
    }
    const answering = withGiven(bare, {
      options: flags.answers,
      kept: id => earlier[id],
      used,
      onOption: history.noteOption,
      onAnswer: (id, answer) => whileKeeping(() => kept.keep(id, answer, language)),
      onSecret: secret => void whileKeeping(() => kept.noteSecret(secret)),
    })
    const context = makeContext(request, {
      ...{ place, vault, language, asker: history.retell(answering), once: history.once },
      onLoginProved: () => whileKeeping(kept.keepProved),
      onOtherAddress: async () => {
        earlier = {}
        await history.once(async () => {
          history.forgetEarlier()
          await whileKeeping(kept.forget)
        })
      },
    })
    if (part === 'password') {
      const { changePassword } = await import('./password.ts')
      const changed = await changePassword(context, given)
      const answer = { ok: true, exitCode: exitCodes.ok, vault: context.vault.choice, ...changed }
      return { exitCode: exitCodes.ok, answer, runHere: false }
    }
    const ask = part === 'google' ? setUpGoogle : place.byEnvironment ? addMissingSecrets : setUpMailbox
    return { setUp: await ask(context, given), context, answering, keeping }
  }
  const told = await history.tell(story, async open => {
    for (const id of open) if (flags.answers[id] !== undefined) used.delete(id)
    // Whether the answers of last time are taken is open, too.
    if (open.includes('resume')) used.clear()
    await kept.setAside(open).catch(() => {})
  })
  if (!('setUp' in told)) return told

  const { setUp, context, answering, keeping } = told
  const { account, config } = setUp
  const because = lookUp(spoken.words.because, reason) ?? describeReason(reason, language)
  const kind = describeReason(vault.kind, language)
  const file = setUp.mailbox === undefined ? undefined : place.configFile
  if (file !== undefined || account.signedIn !== undefined)
    context.asker.tell('good', spoken.words.saved(file, kind, because))
  const running =
    account.signedIn !== undefined &&
    (await wakeDaemon(config.stateDir, account.name, account.signedIn.endsAtMs))
  if (keeping) await kept.forget()
  request.onSaved()
  // What is saved stays: there is no way back over it.
  const after = makeHistory(() => spoken.words.back)
  const goingOn = { ...context, asker: after.retell(answering), once: after.once }
  return after.tell(() => goOn(goingOn, setUp, running))
}

/** Everything is saved. */
interface Saved {
  readonly setUp: SetUp
  readonly context: SetupContext
  /** Whom to ask what comes after it. */
  readonly answering: Asker
  /** Whether answers were kept for the next time. */
  readonly keeping: boolean
}

type OwnOfContext = Pick<
  SetupContext,
  'place' | 'vault' | 'language' | 'asker' | 'once' | 'onLoginProved' | 'onOtherAddress'
>

function makeContext(request: SetupRequest, own: OwnOfContext): SetupContext {
  const { flags, ports, env, cwd, stderr, signal } = request
  const { language, place } = own
  const clock = ports.clock ?? systemClock
  const lookUpServers =
    ports.discover ??
    ((address: string) =>
      discover(address, { signal, readCertificate: (host, ends) => lookAtCertificate(host, clock, ends) }))
  return {
    ...own,
    words: (ports.words ?? setupWords)[language],
    general: chooseWords(language),
    options: flags.answers,
    env,
    cwd,
    clock,
    signal,
    gateOf: makeGates(place.stateDir, place.env, clock),
    discover: address => own.once(() => lookUpServers(address)),
    openBrowser:
      ports.openBrowser ??
      (async url => (await import('../google/open-browser.ts')).openBrowser(url, { ...env })),
    pullMailbox: request.pullMailbox,
    installService: ports.installService ?? request.installService,
    plain:
      ports.plain ??
      (line => {
        stderr.write(`${line}\n`)
      }),
  }
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
    ...timeJson('consentEndsAt', account.signedIn?.endsAtMs),
  }
  if (mailbox === undefined) {
    if (setUp.overruled) asker.tell('warn', words.google.variableWins)
    if (running && setUp.otherWay === true) asker.tell('warn', words.way.restart)
    else if (account.signedIn !== undefined)
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

/** In the language of the moment: the owner may choose another one. */
interface Spoken {
  readonly words: SetupWords
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

async function whatWasKept(
  asker: Asker,
  words: SetupWords,
  kept: KeptAnswers,
  { once, forgetEarlier }: History,
): Promise<Answers> {
  if (Object.keys(kept.answers).length === 0 || !asker.interactive) return {}
  const { question, yes, no } = words.resume
  if (await confirm(asker, { id: 'resume', message: question, initial: true, yes, no })) {
    await once(kept.takeUp)
    return kept.answers
  }
  await once(async () => {
    forgetEarlier()
    await kept.forget()
  })
  return {}
}
