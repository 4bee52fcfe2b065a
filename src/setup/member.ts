/**
 * A mailbox that is kept elsewhere than in a file of this computer (a fleet's directory): the questions of the set-up about its
 * server and its login, which is proved, and nothing written. What comes back is an entry as the YAML file has it.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Env } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import type { ProgramConfig } from '../config/config.ts'
import type { Place } from '../config/place.ts'
import { discover } from '../discovery/discover.ts'
import { chooseWords } from '../locale/locale.ts'
import type { OpenedVault } from '../vault/open-vault.ts'
import { askPassword } from './ask-password.ts'
import type { Answers, Asker } from './asker.ts'
import { lookAtCertificate } from './certificate.ts'
import { chooseAsker, type Streams } from './choose-asker.ts'
import type { SetupContext } from './context.ts'
import { askAddress, chooseServer, discoverServers, OtherAddress } from './find-server.ts'
import { withGiven } from './given-answers.ts'
import { makeHistory } from './history.ts'
import type { GateOf } from './login-gate.ts'
import type { ProvedMailbox } from './mailbox.ts'
import { askUser, proveMailbox } from './prove.ts'
import { describeServer } from './save.ts'
import { setupWords } from './words.ts'

export type { GateOf } from './login-gate.ts'

export interface MemberRequest extends Streams {
  readonly language: Language
  readonly env: Env
  readonly cwd: string
  readonly program: ProgramConfig
  readonly clock: Clock
  readonly signal: AbortSignal
  /** By the ids of the set-up's questions. */
  readonly answers: Answers
  /** Given beforehand. */
  readonly password: string | undefined
  /** Whether the login is tried. */
  readonly isProved: boolean
  /** What each login at a mail server passes through. */
  readonly gateOf: GateOf
}

export interface MemberEntry {
  /** Its address; or its user name, where it is known by that alone. */
  readonly address: string
  /** With the keys of `mailboxes:` in the YAML file. */
  readonly settings: Readonly<Record<string, unknown>>
  /** By the key of the setting that each stands for. */
  readonly secrets: Readonly<Record<string, string>>
}

/**
 * @param ask further questions about it, asked in the same conversation
 * @throws SetupLeft where the owner leaves; Fault usage.invalid where nobody can be asked; the faults of the login
 */
export async function askMember<T>(
  request: MemberRequest,
  ask: (asker: Asker, entry: MemberEntry) => Promise<T>,
): Promise<{ readonly entry: MemberEntry; readonly answer: T }> {
  const { language, answers, isProved, password } = request
  const words = setupWords[language]
  const asked = await chooseAsker(request, request.stdin.isTTY !== true, { words })
  // A script needs no advice on what to answer.
  const tell: Asker['tell'] = (tone, text) => {
    if (asked.interactive || tone !== 'note') asked.tell(tone, text)
  }
  const bare = { ...asked, tell }
  const history = makeHistory(() => words.back)
  const used = new Set<string>()
  return history.tell(
    async () => {
      const asker = history.retell(
        withGiven(bare, {
          options: answers,
          kept: () => undefined,
          used,
          onOption: history.noteOption,
          onAnswer: async () => {},
          onSecret: () => {},
        }),
      )
      if (asker.interactive) asker.tell('note', words.change.keys)
      const context = makeContext(request, asker, history.once)
      const mailbox = await findMailbox(context, password, isProved)
      const entry = describeEntry(mailbox)
      return { entry, answer: await ask(asker, entry) }
    },
    async open => {
      for (const id of open) if (answers[id] !== undefined) used.delete(id)
    },
  )
}

async function findMailbox(
  context: SetupContext,
  password: string | undefined,
  isProved: boolean,
): Promise<ProvedMailbox> {
  const { options, words } = context
  for (;;) {
    // Who names server and user needs no address: nothing is looked for by it.
    const isKnown = options.host !== undefined && options.user !== undefined
    const address = options.address ?? (isKnown ? options.user : undefined) ?? (await askAddress(context))
    const given = { password, oauthClientSecret: undefined }
    try {
      const discovery = await discoverServers(context, address, undefined)
      if (isProved) return (await proveMailbox(context, address, discovery, given, undefined)).mailbox
      const server = await chooseServer(context, address, discovery, undefined)
      const user = await askUser(context, address, server, false, undefined)
      const typed = password ?? (await askPassword(context, words.login.password(user)))
      return { address, server, user, password: typed }
    } catch (thrown) {
      if (!(thrown instanceof OtherAddress)) throw thrown
    }
  }
}

function describeEntry({ server, user, password, oauth, address }: ProvedMailbox): MemberEntry {
  const settings = Object.entries({ ...describeServer(server), user, ...oauth?.entry })
  const secrets: Readonly<Record<string, string | undefined>> =
    oauth === undefined
      ? { password }
      : { oauthRefreshToken: oauth.token.value || undefined, oauthClientSecret: oauth.clientSecret }
  return {
    address,
    settings: Object.fromEntries(settings.filter(([, value]) => value !== undefined)),
    secrets: Object.fromEntries(
      Object.entries(secrets).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
  }
}

const keepNothing = async (name: string): Promise<never> => {
  throw new Fault('bug', { facts: { what: `a secret of a fleet in this computer's vault: ${name}` } })
}

/** Nothing of a fleet is kept on this computer. */
const noVault: OpenedVault = {
  kind: 'environment',
  choice: 'environment',
  because: 'asked',
  get: async () => undefined,
  getFor: async () => undefined,
  set: keepNothing,
  setFor: keepNothing,
  delete: keepNothing,
  givenBy: () => undefined,
}

function makeContext(request: MemberRequest, asker: Asker, once: SetupContext['once']): SetupContext {
  const { language, answers, env, cwd, clock, signal, gateOf, stderr, program } = request
  const place: Place = {
    configFile: '',
    stateDir: program.stateDir,
    endpoints: program.endpoints,
    microsoftLoginRoot: program.microsoftLoginRoot,
    env: { ...env },
    config: undefined,
    byEnvironment: false,
    byOwnersFile: false,
    notes: [],
    topByEnvironment: {},
  }
  return {
    ...{ asker, language, place, env, cwd, clock, signal, once, gateOf },
    words: setupWords[language],
    general: chooseWords(language),
    options: answers,
    vault: noVault,
    onLoginProved: async () => {},
    onOtherAddress: async () => {},
    discover: address =>
      once(() =>
        discover(address, { signal, readCertificate: (host, ends) => lookAtCertificate(host, clock, ends) }),
      ),
    openBrowser: async url => (await import('../google/open-browser.ts')).openBrowser(url, { ...env }),
    pullMailbox: async () => ({}),
    installService: async () => 0,
    plain: line => {
      stderr.write(`${line}\n`)
    },
  }
}
