/** Step 6: what was found out becomes a YAML file, and the secrets go into the vault. Whole or not at all. */
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../base/as-owner.ts'
import { readBounded } from '../base/bounded-file.ts'
import { diskFault } from '../base/disk-fault.ts'
import { removeFile, replaceFile } from '../base/durable-file.ts'
import { Fault } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import type {
  Config,
  FolderConfig,
  GoogleEndpoints,
  MailboxConfig,
  MailCredential,
} from '../config/config.ts'
import {
  makeGmailImapDestination,
  makeGoogleDestination,
  makeMailboxDestination,
} from '../config/destinations.ts'
import { editYaml } from '../config/edit-yaml.ts'
import { loadConfig, vaultNames } from '../config/load.ts'
import { computerFolders } from '../config/load-paths.ts'
import { revealPassword } from '../config/mail-credential.ts'
import type { Place } from '../config/place.ts'
import { writeAfterImport, writeStartFrom } from '../config/writers.ts'
import { presetForServer } from '../discovery/presets.ts'
import { writeIdentity } from '../google/identity.ts'
import type { OpenedVault } from '../vault/open-vault.ts'
import { configuredServer, type FoundServer, type ProvedMailbox, type Wishes } from './mailbox.ts'
import { signedInBefore } from './oauth-client.ts'
import { keepSignIn } from './oauth-kept.ts'
import { type MailboxEntry, mergeMailbox } from './present.ts'
import type { SignedIn } from './sign-in.ts'

export interface AccountToSave {
  readonly name: string
  readonly address: string
  /** Undefined: it stands in the configuration already and stays as it is. */
  readonly signedIn: SignedIn | undefined
}

export interface MailboxToSave {
  readonly name: string
  readonly proved: ProvedMailbox
  readonly wishes: Wishes
}

/**
 * First the secrets, then the file that makes them be used. A run that ends in between leaves nothing half. Each is
 * kept with the destination that it was proved at.
 */
export async function keepSecrets(
  vault: OpenedVault,
  endpoints: GoogleEndpoints,
  account: AccountToSave,
  mailbox: MailboxToSave | undefined,
): Promise<void> {
  if (mailbox?.proved.oauth !== undefined) {
    const { server, oauth } = mailbox.proved
    const { entry, credential, token, clientSecret } = oauth
    const to = { name: mailbox.name, server: configuredServer(server) }
    const refreshToken = token.value === '' ? undefined : token.value
    if (entry !== undefined) await keepSignIn({ vault }, to, credential, { refreshToken, clientSecret })
  } else if (mailbox !== undefined) {
    const { password, server } = mailbox.proved
    const destination = makeMailboxDestination(configuredServer(server))
    await vault.setFor(vaultNames.password(mailbox.name), password, destination)
  }
  const { signedIn, name } = account
  if (signedIn?.client.kind === 'app-password')
    await vault.setFor(
      vaultNames.appPassword(name),
      signedIn.client.password,
      makeGmailImapDestination(endpoints),
    )
  if (signedIn?.client.kind !== 'desktop' || signedIn.refreshToken === undefined) return
  const google = makeGoogleDestination(endpoints)
  await vault.setFor(vaultNames.clientSecret(name), signedIn.client.client.secret, google)
  const { identity } = signedIn
  // Before the permission: a daemon that reads in between finds two that do not fit, and imports nothing.
  if (identity === undefined) await vault.delete(vaultNames.identity(name))
  else await vault.setFor(vaultNames.identity(name), writeIdentity(identity), google)
  await vault.setFor(vaultNames.refreshToken(name), signedIn.refreshToken, google)
}

/** In the language of the owner, who may edit it by hand. */
const headings: Readonly<Record<Language, string>> = {
  en: ' hikyaku: written by `hikyaku setup`. No secrets stand here. docs/configuration.md explains every key.',
  ja: ' hikyaku: `hikyaku setup` が書いた設定です。パスワードなどの秘密は含まれません。各項目の説明は docs/configuration.ja.md にあります。',
}

/**
 * Adds to the file or makes it; comments and everything else in it stay. The new text is read by the very
 * reader of `hikyaku run` before it replaces the old one.
 * @throws ConfigFault, Fault state.read-only or state.io with `file` and `reason`
 */
export async function writeConfiguration(
  place: Place,
  language: Language,
  account: AccountToSave,
  mailbox: MailboxToSave | undefined,
): Promise<Config> {
  const { configFile, config } = place
  const old = config === undefined ? undefined : await readConfigurationText(configFile)
  const text = editYaml(old, headings[language])
  if (old === undefined) {
    text.set(['language'], language)
    for (const [key, value] of Object.entries(place.topByEnvironment)) text.set([key], value)
  }
  if (account.signedIn !== undefined) {
    const at = config?.accounts.findIndex(({ name }) => name === account.name) ?? -1
    const { client } = account.signedIn
    const credential = writeCredential(client)
    if (at < 0) {
      const name = account.name === account.address ? {} : { name: account.name }
      text.add('accounts', { ...name, address: account.address, ...credential })
    } else {
      const before = config?.accounts[at]
      if (before !== undefined && before.address !== account.address) {
        // Journal and vault know the account by its name, which was its address where none was written.
        if (!text.has(['accounts', at, 'name'])) text.set(['accounts', at, 'name'], before.name)
        text.set(['accounts', at, 'address'], account.address)
      }
      for (const key of ['way', 'clientId', 'serviceAccountFile', 'appPasswordFile'])
        text.remove(['accounts', at, key])
      for (const [key, value] of Object.entries(credential)) text.set(['accounts', at, key], value)
    }
  }
  if (mailbox !== undefined) {
    const at = config?.mailboxes.findIndex(({ name }) => name === mailbox.name) ?? -1
    const present = config?.mailboxes[at]
    const entry = mailboxEntry(mailbox, account.name)
    if (present === undefined) {
      const { name, proved } = mailbox
      const written = Object.entries(entry).filter(([, value]) => value !== undefined)
      text.add('mailboxes', { ...(name === proved.user ? {} : { name }), ...Object.fromEntries(written) })
    } else {
      mergeMailbox(text, at, present, presentEntry(present), entry)
      // A file that is named there would win over the password that was proved now.
      const { oauth, password } = mailbox.proved
      const inFile = await revealPassword(present.credential)
      if (oauth === undefined && inFile !== password) text.remove(['mailboxes', at, 'passwordFile'])
      if (oauth?.entry !== undefined)
        for (const key of ['oauthRefreshTokenFile', 'oauthClientSecretFile'])
          text.remove(['mailboxes', at, key])
    }
  }
  return replaceConfiguration(place, text.toString())
}

/** As it stands in YAML: the one way or the other. */
function writeCredential(client: SignedIn['client']): Readonly<Record<string, string>> {
  switch (client.kind) {
    case 'desktop':
      return { clientId: client.client.id }
    case 'service-account':
      return { serviceAccountFile: client.keyFile }
    case 'app-password':
      return { way: 'append' }
  }
}

/** What the owner chose, in the order of docs/configuration.md; undefined where nothing needs to be written. */
function mailboxEntry({ proved, wishes }: MailboxToSave, account: string): MailboxEntry {
  const { server, user, oauth } = proved
  const { protocol } = server
  const { folders, labels, archive, newRules, learned, afterImport, startFrom } = wishes
  return {
    account,
    ...describeServer(server),
    user,
    ...(oauth === undefined ? { auth: undefined } : (oauth.entry ?? { auth: 'oauth' })),
    folders: protocol === 'imap' ? folders.map(writeFolder) : undefined,
    labels: unlessEmpty(labels),
    archive: archive || undefined,
    rules: unlessEmpty(newRules),
    authservIds: unlessEmpty(learned.authservIds),
    receivingServers: unlessEmpty(learned.receivingServers),
    afterImport: writeAfterImport(afterImport),
    startFrom: writeStartFrom(startFrom),
  }
}

/** A server with the keys of the YAML file; undefined: nothing needs to be written. */
export function describeServer(server: FoundServer): MailboxEntry {
  const { protocol, host, port, security, caFile, pinned, preset, provider } = server
  return {
    protocol,
    host,
    port,
    security,
    caFile,
    certSha256: pinned,
    provider: hidesProvider(server) ? preset?.id : provider,
  }
}

/** The same of a mailbox as it is configured. */
function presentEntry(present: MailboxConfig): MailboxEntry {
  const { name, user, credential, server, provider, ...wishes } = present
  const { authservIds, receivingServers, protocol } = wishes
  const { pinnedSha256: pinned, ...rest } = server
  const known = { preset: undefined, userForm: undefined, pinned, provider }
  return mailboxEntry(
    {
      name,
      proved: {
        address: name,
        server: { ...rest, ...known, protocol },
        user,
        password: '',
        ...asSignedIn(credential),
      },
      wishes: { ...wishes, newRules: [], learned: { authservIds, receivingServers } },
    },
    present.account,
  )
}

/** As it stands in the file: nothing of it is written anew. */
const asSignedIn = (credential: MailCredential): Pick<ProvedMailbox, 'oauth'> =>
  credential.kind === 'password' ? {} : { oauth: signedInBefore(credential) }

const unlessEmpty = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length === 0 ? undefined : list

const writeFolder = ({ name, to, labels }: FolderConfig) => ({
  name,
  to,
  ...(labels.length > 0 ? { labels } : {}),
})

/** A host with a limit of logins that its server's name does not tell. */
const hidesProvider = ({ preset, host }: FoundServer): boolean =>
  preset?.loginLimit !== undefined && presetForServer(host)?.id !== preset.id

/** The YAML file's text, within the bound of its reader (config/yaml.ts). */
export async function readConfigurationText(file: string): Promise<string> {
  return String(await readBounded(file, { mostOctets: 1 << 20, trusted: true }))
}

export async function replaceConfiguration(
  { configFile, env }: Pick<Place, 'configFile' | 'env'>,
  text: string,
): Promise<Config> {
  // In the same folder, because paths in it are relative to the file.
  const trial = `${configFile}.new`
  try {
    writeWhole(trial, text)
    await loadConfig({ env, cwd: process.cwd(), file: trial, needSecrets: false })
    writeWhole(configFile, text)
    return await loadConfig({ env, cwd: process.cwd(), file: configFile, needSecrets: false })
  } finally {
    try {
      removeFile(trial)
    } catch {
      // What kept it from being removed was told when it was written.
    }
  }
}

/** A service of the computer reads its settings as a user of its own; they hold no secret. */
function writeWhole(file: string, text: string): void {
  const folder = dirname(file)
  const forService = folder === computerFolders.config
  try {
    if (forService && makeFolder(folder)) chmodSync(folder, 0o755)
    replaceFile(file, Buffer.from(text), forService ? 0o644 : 0o600)
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : diskFault(thrown, file)
  }
}
