/** The Gmail account of `hikyaku fleet add`: given by files, one that is there, or asked for. */
import { resolve } from 'node:path'
import { Fault } from '../../base/fault.ts'
import { Complaint, readEmail } from '../../config/readers.ts'
import type { Directory, MemberSecrets, MemberSettings } from '../../fleet/directory.ts'
import { readClientFile } from '../../google/client-file.ts'
import type { Asker } from '../../setup/asker.ts'
import { setupWords } from '../../setup/words.ts'
import type { Invocation } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import type { AddFlags } from './add-options.ts'
import { readGivenSecretFile, readServiceAccountKey } from './given-files.ts'
import { fleetWords } from './words.ts'

export type AccountChoice =
  | { readonly name: string; readonly settings: MemberSettings; readonly secrets: MemberSecrets }
  /** One that is there, and stays as it is. */
  | { readonly name: string; readonly settings?: undefined }

/**
 * @returns undefined where no option says anything of it
 * @throws Fault usage.invalid, secret.unreadable, gmail.client-invalid
 */
export async function readGivenAccount(
  invocation: Invocation,
  directory: Directory,
  tenant: string,
  flags: AddFlags,
): Promise<AccountChoice | undefined> {
  const { add: own } = fleetWords[invocation.language]
  const { serviceAccountFile, clientFile, refreshTokenFile, gmailAccount, account } = flags
  if (serviceAccountFile !== undefined && (clientFile ?? refreshTokenFile) !== undefined)
    throw refuseUse(own.oneOfBoth, 'fleet add')
  if ((clientFile === undefined) !== (refreshTokenFile === undefined)) throw refuseUse(own.both, 'fleet add')
  const isNew = serviceAccountFile !== undefined || clientFile !== undefined
  const given = gmailAccount === undefined ? undefined : String(gmailAccount)
  const name = account === undefined ? given?.toLowerCase() : String(account)
  if (!isNew) return name === undefined ? undefined : { name }
  const present = (await directory.accounts(tenant)).find(entry => entry.name === name)
  const address = given ?? present?.settings.address
  if (name === undefined || address === undefined)
    throw refuseUse(
      `--gmail-account (${own.askGmail}): ${setupWords[invocation.language].needsOption}`,
      'fleet add',
    )
  if (serviceAccountFile !== undefined) return withKey(invocation, name, address, String(serviceAccountFile))
  return withClient(invocation, name, address, String(clientFile), String(refreshTokenFile))
}

async function withKey(
  invocation: Invocation,
  name: string,
  address: unknown,
  file: string,
): Promise<AccountChoice> {
  const { email, text } = await readServiceAccountKey(invocation, file)
  return { name, settings: { address, serviceAccount: email }, secrets: { serviceAccountKey: text } }
}

async function withClient(
  invocation: Invocation,
  name: string,
  address: unknown,
  clientFile: string,
  refreshTokenFile: string,
): Promise<AccountChoice> {
  const client = await readClientFile(resolve(invocation.cwd, clientFile))
  const refreshToken = await readGivenSecretFile(invocation, refreshTokenFile)
  return {
    name,
    settings: { address, clientId: client.id },
    secrets: { clientSecret: client.secret, refreshToken },
  }
}

/** One of the tenant's, or a new one. @throws Fault usage.invalid where nobody can be asked and it is not clear which */
export async function chooseAccount(
  invocation: Invocation,
  directory: Directory,
  tenant: string,
  asker: Asker,
): Promise<AccountChoice> {
  const own = fleetWords[invocation.language].add
  const words = setupWords[invocation.language]
  const accounts = await directory.accounts(tenant)
  const [first] = accounts
  if (first !== undefined && accounts.length === 1 && !asker.interactive) return { name: first.name }
  if (!asker.interactive)
    throw new Fault('usage.invalid', { facts: { what: own.noAccount(tenant), command: 'fleet add' } })
  if (first !== undefined) {
    const chosen = await asker.choose({
      id: 'account',
      message: own.askAccount,
      choices: [
        ...accounts.map(({ name }) => ({ value: name, label: name })),
        { value: '', label: own.newAccount },
      ],
      initial: first.name,
    })
    if (chosen !== '') return { name: chosen }
  }
  const address = await asker.text({
    id: 'gmail-account',
    message: own.askGmail,
    check: answer => (readEmail(answer) instanceof Complaint ? words.google.accountWrong : undefined),
  })
  const name = address.toLowerCase()
  const way = await asker.choose({
    id: 'account-way',
    message: own.askWay,
    choices: [
      { value: 'key', label: own.byKey },
      { value: 'client', label: own.byClient },
    ],
    initial: 'key',
  })
  const askFile = (id: string, message: string): Promise<string> => asker.text({ id, message })
  if (way === 'key')
    return withKey(invocation, name, address, await askFile('service-account-file', own.askKey))
  const clientFile = await askFile('client-file', own.askClient)
  return withClient(invocation, name, address, clientFile, await askFile('refresh-token-file', own.askToken))
}
