/** A fleet of its own for a test: a database on the server that is given, and a key in a private folder. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LoadedProgram, loadProgram } from '../../src/config/load-program.ts'
import { type Fleet, type FleetOptions, makeFleet, openFleet } from '../../src/fleet/open-fleet.ts'
import { type FleetSettings, readFleetSettings } from '../../src/fleet/settings.ts'
import { stateDirFor } from '../journal/journal-helpers.ts'
import type { PostgresServer } from '../servers/postgres.ts'

export interface FleetGround {
  readonly fleet: Fleet
  readonly url: string
  readonly settings: FleetSettings
  readonly env: NodeJS.ProcessEnv
  readonly keyFile: string
  /** The same fleet once more, as another process would open it. */
  again(options?: Partial<FleetOptions>, settings?: Partial<FleetSettings>): Promise<Fleet>
}

export async function makeFleetGround(t: TestContext, server: PostgresServer): Promise<FleetGround> {
  const url = await server.newDatabase()
  const stateDir = await stateDirFor(t)
  const keyFile = join(stateDir, 'fleet.key')
  const env = { FLEET_DATABASE: url, STATE_DIR: stateDir, HOME: stateDir }
  const { fleet, settings, loaded } = await makeFleetAt(env, stateDir)
  t.after(() => fleet.close())
  const again: FleetGround['again'] = async (options = {}, other = {}) => {
    const opened = await openFleet({ ...settings, ...other }, { ...contextOf(loaded), ...options })
    t.after(() => opened.close())
    return opened
  }
  return { fleet, url, settings, env: loaded.env, keyFile, again }
}

/** Makes the fleet that this environment tells of. */
export async function makeFleetAt(env: NodeJS.ProcessEnv, cwd: string) {
  const loaded = await loadProgram({ env, cwd })
  const settings = await readFleetSettings(loaded, 'test')
  const { fleet } = await makeFleet(settings, contextOf(loaded))
  return { fleet, settings, loaded }
}

const contextOf = ({ program, env }: LoadedProgram): FleetOptions => ({
  endpoints: program.endpoints,
  microsoftLoginRoot: program.microsoftLoginRoot,
  env,
})

/** The tenant `main` with the account `owner`, from the settings of one machine (gmailEnv). */
export async function addOwner({ directory }: Fleet, env: NodeJS.ProcessEnv): Promise<void> {
  const { GMAIL_ACCOUNT: address, GOOGLE_CLIENT_ID: clientId } = env
  const { GOOGLE_CLIENT_SECRET: clientSecret = '', GOOGLE_REFRESH_TOKEN: refreshToken = '' } = env
  await directory.addTenant('main')
  await directory.putAccount('main', 'owner', { address, clientId }, { clientSecret, refreshToken })
}

/** An account and a mailbox that nothing is wrong with. */
export const account = { address: 'owner@example.jp', clientId: '1-a.apps.googleusercontent.com' }
export const accountSecrets = { clientSecret: 'GOCSPX-one', refreshToken: '1//one' }
export const mailbox = { protocol: 'imap', host: 'mail.example.jp', user: 'shop@example.jp' }
