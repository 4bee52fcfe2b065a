/** Step 1: from an address to a server. What was found is shown with where it comes from; the rest is asked. */

import { Fault } from '../base/fault.ts'
import { homeOf } from '../base/home.ts'
import { isLoopback } from '../base/loopback.ts'
import { printable } from '../base/untrusted.ts'
import type { MailboxConfig, MailSecurity } from '../config/config.ts'
import { resolveWrittenPath } from '../config/load-paths.ts'
import { Complaint, readHost, readPort, readSha256 } from '../config/readers.ts'
import {
  type Discovery,
  domainOf,
  type Found,
  listPresetServers,
  namesOf,
  serverKey,
} from '../discovery/discover.ts'
import {
  findNearestPresets,
  findPreset,
  type Preset,
  presetById,
  presetForServer,
  presets,
  userFormOf,
} from '../discovery/presets.ts'
import { confirm, SetupLeft } from './asker.ts'
import type { SetupContext } from './context.ts'
import type { FoundServer } from './mailbox.ts'
import { presentServer } from './present.ts'

/** The owner saw that the address was a slip, and wants to type another one. */
export class OtherAddress extends Error {
  override readonly name = 'OtherAddress'
}

/** Asks for the address of the mailbox. */
export function askAddress({ asker, words }: SetupContext): Promise<string> {
  return asker.text({
    id: 'address',
    message: words.address.question,
    check: answer => (domainOf(answer) === undefined ? words.address.wrong : undefined),
  })
}

/** @param present the mailbox as it is configured, where it is changed @throws OtherAddress */
export async function discoverServers(
  context: SetupContext,
  address: string,
  present: MailboxConfig | undefined,
): Promise<Discovery> {
  const { asker, words, options } = context
  const chosen = options.provider === undefined ? undefined : findPreset(options.provider)
  if (options.provider !== undefined && chosen === undefined) {
    const nearest = findNearestPresets(options.provider)
    const what = `--provider: ${words.server.noSuchProvider(printable(options.provider, 60), nearest)}`
    if (!asker.interactive) throw new Fault('usage.invalid', { facts: { what } })
    asker.tell('warn', what)
  }
  const domain = domainOf(address) ?? ''
  const nothing: Discovery = {
    ...{ candidates: [], preset: undefined, evidence: undefined, unanswered: [] },
    names: namesOf(domain),
  }
  // Who names the server wants no look-up.
  if (options.host !== undefined) return { ...nothing, preset: chosen }
  // A named host needs one where its servers are its customers' own.
  if (chosen !== undefined && chosen.ownServer === undefined) return takeHost(nothing, chosen)
  asker.tell('info', words.server.looking(printable(domain)))
  const discovery = await context.discover(address)
  if (chosen !== undefined) return takeHost(discovery, chosen)
  if (discovery.preset !== undefined || discovery.candidates.length > 0 || present !== undefined)
    return discovery
  asker.tell('note', discovery.unanswered.length > 0 ? words.server.unanswered : words.server.nothingFound)
  const other = { value: 'other', label: words.server.otherProvider }
  const rows = presets.map(({ id, name }) => ({ value: id, label: name[context.language] }))
  const slip = { value: 'other-address', label: words.change.address }
  const id = await asker.choose({
    id: 'provider',
    message: words.server.provider,
    choices: [other, ...(asker.interactive ? [slip] : []), ...rows],
    initial: 'other',
  })
  if (id === slip.value) throw new OtherAddress()
  const preset = presetById(id)
  return preset === undefined ? discovery : takeHost(discovery, preset)
}

/** The servers of a host that the owner named, with what the domain says of the customer's own. */
const takeHost = ({ names, unanswered }: Discovery, preset: Preset): Discovery => ({
  candidates: listPresetServers(preset, names),
  preset,
  evidence: undefined,
  names,
  unanswered,
})

type Server = Pick<Found, 'protocol' | 'host' | 'port' | 'security'>

/**
 * @param again the server that did not work, to begin from; undefined at the first time
 * @throws SetupLeft, OtherAddress, Fault source.login-method where the host takes no password at all
 */
export async function chooseServer(
  context: SetupContext,
  address: string,
  discovery: Discovery,
  again: FoundServer | undefined,
  present?: MailboxConfig,
): Promise<FoundServer> {
  const { asker, words, language } = context
  const { preset, candidates } = discovery
  const now = present && presentServer(present, address)
  if (again === undefined) tellHost(context, discovery)
  for (const refused of candidates.filter(({ unusable }) => unusable === 'no-tls'))
    asker.tell('warn', words.server.noTls(refused.host, refused.port))
  const usable = candidates.filter(({ unusable }) => unusable === undefined)
  const [closed] = candidates.filter(({ unusable }) => unusable === 'no-password')
  if (usable.length === 0 && now === undefined && closed !== undefined && again === undefined)
    await stopAtOauth(context, closed, preset?.name[language] ?? closed.host)
  const offered = usable.filter(candidate => now === undefined || serverKey(candidate) !== serverKey(now))
  if (offered.length > 0 || (now !== undefined && !namesServer(context))) {
    const choices = offered.map(candidate => ({
      value: serverKey(candidate),
      label: words.server.found(candidate),
      hint: hintOf(context, candidate, discovery),
    }))
    const asNow =
      now === undefined
        ? []
        : [{ value: serverKey(now), label: words.server.found(now), hint: words.change.asNow }]
    const slip = asker.interactive ? [{ value: 'other-address', label: words.change.address }] : []
    // What the owner has to confirm is never taken for the usual answer.
    const usual = [
      ...(now === undefined ? [] : [now]),
      ...offered.filter(({ confirm }) => confirm === undefined),
    ]
    const [first] = usual.filter(server => fitsOptions(context, server))
    const chosen = await asker.choose({
      id: 'server',
      message: words.server.which,
      choices: [...asNow, ...choices, { value: 'by-hand', label: words.server.byHand }, ...slip],
      initial: first === undefined ? 'by-hand' : serverKey(first),
    })
    if (chosen === 'other-address') throw new OtherAddress()
    if (now !== undefined && serverKey(now) === chosen) return { ...now, ...(await readTrust(context, now)) }
    const server = offered.find(candidate => serverKey(candidate) === chosen)
    if (server !== undefined && (await isConfirmed(context, server, discovery)))
      return { ...server, preset: server.preset ?? preset, ...(await readTrust(context)) }
  }
  return askServer(context, address, preset, again ?? now)
}

const ofServer = ['protocol', 'host', 'port', 'security'] as const

/** Whether an option says something of the server. */
const namesServer = ({ options }: SetupContext): boolean => ofServer.some(id => options[id] !== undefined)

/** Whether it is a server as the options say. */
const fitsOptions = ({ options }: SetupContext, server: Server): boolean =>
  ofServer.every(id => options[id] === undefined || options[id] === String(server[id]))

/** Whose server it is, and what says so. */
function tellHost({ asker, words, language }: SetupContext, discovery: Discovery): void {
  const { preset, candidates, names } = discovery
  if (preset === undefined) return
  const { evidence } = candidates.find(candidate => candidate.preset?.id === preset.id) ?? discovery
  const shown = evidence && words.server.evidence[evidence.by](names.domain, evidence.name)
  asker.tell('good', [words.server.known(preset.name[language]), shown].filter(Boolean).join('\n'))
  if (candidates.some(({ confirm }) => confirm === 'mx-elsewhere'))
    asker.tell('warn', words.server.elsewhere(names.domain, names.exchangers[0] ?? ''))
  for (const note of preset.notes) asker.tell('note', note[language])
}

function hintOf({ words, language }: SetupContext, found: Found, { preset }: Discovery): string {
  const isOtherProduct = found.preset !== undefined && found.preset.id !== preset?.id
  return isOtherProduct ? found.preset.name[language] : words.server.origins[found.origin]
}

/** RFC 6186 section 6: a server outside the domain that only DNS names is used by the owner's word alone. */
async function isConfirmed(
  { asker, words }: SetupContext,
  { confirm: reason, host }: Found,
  { names }: Discovery,
): Promise<boolean> {
  if (reason !== 'other-domain') return true
  return confirm(asker, {
    id: 'other-domain',
    message: words.server.otherDomain(host, names.domain),
    initial: false,
    yes: words.server.isMine,
    no: words.server.byHand,
  })
}

/** A host that takes no passwords: nobody types one in vain. Goes on where the owner has a server elsewhere. */
async function stopAtOauth(
  { asker, words }: SetupContext,
  { host }: Pick<Found, 'host'>,
  name: string,
): Promise<void> {
  if (!asker.interactive) throw new Fault('source.login-method', { facts: { host, oauthOnly: name } })
  asker.tell('bad', words.server.oauthOnly(name))
  const goOn = await confirm(asker, {
    id: 'oauth-only',
    message: words.server.oauthQuestion,
    initial: false,
    yes: words.server.byHand,
    no: words.server.leave,
  })
  if (!goOn) throw new SetupLeft('left')
}

/** A server's name in full, where the owner wrote it as the host's panel does: `123` for sv123.xserver.jp. */
function nameServer(preset: Preset | undefined, text: string): string {
  const [written, host] = preset?.shortServers.find(([form]) => form.test(text)) ?? []
  return written === undefined || host === undefined ? text : text.replace(written, host)
}

async function askServer(
  context: SetupContext,
  address: string,
  known: Preset | undefined,
  again: FoundServer | undefined,
): Promise<FoundServer> {
  const { asker, words, language } = context
  if (known === undefined && again === undefined) asker.tell('note', words.server.panel)
  const protocol = await asker.choose({
    id: 'protocol',
    message: words.server.protocol,
    choices: [
      { value: 'imap', label: words.server.imap },
      { value: 'pop3', label: words.server.pop3 },
    ],
    initial: again?.protocol ?? (known?.imap === undefined && known?.pop3 !== undefined ? 'pop3' : 'imap'),
  })
  const whole = (text: string): string => nameServer(known, text)
  const host = await asker.text({
    id: 'host',
    message: known?.askHost?.[language] ?? words.server.host,
    initial: again?.host,
    check: answer => (readHost(whole(answer)) instanceof Complaint ? words.server.hostWrong : undefined),
  })
  const read = readHost(whole(host))
  const name = read instanceof Complaint ? host : read
  const preset = known ?? presetForServer(name)
  if (known === undefined && preset?.password === 'oauth-only' && preset.signIn === undefined)
    await stopAtOauth(context, { host: name }, preset.name[language])
  const server = preset?.[protocol]
  // Without TLS only this computer itself is reached, where nobody can listen.
  const plain = isLoopback(name)
  const security = (await asker.choose({
    id: 'security',
    message: words.server.security,
    choices: [
      { value: 'tls', label: words.server.tls },
      { value: 'starttls', label: words.server.starttls },
      ...(plain ? [{ value: 'none', label: words.server.none }] : []),
    ],
    initial: again?.security ?? server?.security ?? 'tls',
  })) as MailSecurity
  const usual = { imap: { tls: 993, starttls: 143, none: 143 }, pop3: { tls: 995, starttls: 110, none: 110 } }
  const asAgain =
    again?.host === name && again.protocol === protocol && again.security === security ? again : undefined
  const port = await asker.text({
    id: 'port',
    message: words.server.port,
    initial: String(
      asAgain?.port ?? (server?.security === security ? server.port : usual[protocol][security]),
    ),
    check: answer => (readPort(answer) instanceof Complaint ? words.server.portWrong : undefined),
  })
  return {
    protocol,
    host: name,
    port: Number(port),
    security,
    userForm: preset && userFormOf(preset, domainOf(address) ?? ''),
    preset,
    provider: again?.host === name ? again.provider : undefined,
    ...(await readTrust(context, asAgain?.port === Number(port) ? asAgain : undefined)),
  }
}

/**
 * Additional trust comes by option only, or by the owner's word when a certificate is shown.
 * @param now the very server as it is trusted already
 */
async function readTrust({ options, asker, words, cwd, env }: SetupContext, now?: FoundServer) {
  const digest = options['cert-sha256']
  const pinned = digest === undefined ? undefined : readSha256(digest)
  if (pinned instanceof Complaint) asker.tell('warn', words.server.digestWrong)
  const caFile = options['ca-file']
  return {
    caFile: caFile === undefined ? now?.caFile : resolveWrittenPath(caFile, cwd, homeOf(env)),
    pinned: pinned instanceof Complaint ? undefined : (pinned ?? now?.pinned),
  }
}
