/** A world with rules: mailboxes of a YAML file, two Gmail accounts, and what the Gmail stand-in's ledger says of each message. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type InProcess, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { type SourceServer, sha256 } from '../servers/source-server.ts'
import { startWorld, type World, type WorldOptions } from '../servers/world.ts'

export const owner = 'owner@example.test'
export const other = 'taro@example.test'

export interface BoxOptions {
  readonly rules: readonly object[]
  readonly more?: object
}

/** MAIL_* of a source as keys of the YAML file. */
const reachOf = ({ protocol, env }: SourceServer): object => ({
  protocol,
  host: env.MAIL_HOST,
  port: Number(env.MAIL_PORT),
  security: env.MAIL_SECURITY,
  user: env.MAIL_USER,
  ...(env.MAIL_CA_FILE === undefined ? {} : { caFile: env.MAIL_CA_FILE }),
})

export interface RuledWorld {
  readonly world: World
  readonly clock: PlayedClock
  /** For a child process. */
  readonly env: Readonly<Record<string, string>>
  /** Writes the file; what runs is not touched. */
  configure(boxes: Readonly<Record<string, BoxOptions>>): Promise<void>
  open(): Promise<InProcess>
  /** Into the file that the configuration names: `taro-token`. */
  keepSecret(name: string, value: string): Promise<void>
  /** Of the account's one message with these octets: its labels by name, in order. Undefined: it is not there. */
  labelsOf(octets: Buffer, account?: string): readonly string[] | undefined
  stop(): Promise<void>
}

/** A message; `lines` are further header lines. */
export const mailWith = (name: string, lines: readonly string[], octets = 0): Buffer =>
  Buffer.from(
    `${lines.some(line => /^From:/i.test(line)) ? '' : 'From: a@example.net\r\n'}${lines.map(line => `${line}\r\n`).join('')}` +
      `Message-ID: <${name}@example.net>\r\nSubject: ${name}\r\n\r\n${'x'
        .repeat(70)
        .concat('\r\n')
        .repeat(Math.ceil(octets / 72))}`,
  )

export async function startRuledWorld(options: WorldOptions): Promise<RuledWorld> {
  const clock = new PlayedClock()
  const world = await startWorld({ ...options, gmail: { clock, ...options.gmail, accounts: [owner, other] } })
  const { gmail, source } = world
  const endpoints = ['GMAIL_API_ROOT', 'GOOGLE_AUTH_URL', 'GOOGLE_TOKEN_URL', 'GOOGLE_REVOKE_URL']
  const env = {
    ...Object.fromEntries(endpoints.map(name => [name, world.env[name] ?? ''])),
    STATE_DIR: world.stateDir,
    HIKYAKU_CONFIG: join(world.folder, 'hikyaku.yaml'),
  }
  const keepSecret = (name: string, value: string): Promise<void> =>
    writeFile(join(world.folder, name), value, { mode: 0o600 })
  await keepSecret('password', source.env.MAIL_PASSWORD ?? '')
  await keepSecret('client-secret', gmail.client.secret ?? '')
  await keepSecret('main-token', gmail.grant(owner, options.scopes))
  await keepSecret('taro-token', gmail.grant(other, options.scopes))
  return {
    world,
    clock,
    env,
    keepSecret,
    async configure(boxes) {
      const account = {
        clientId: gmail.client.id,
        clientSecretFile: './client-secret',
        unitsPerMinute: 1_200_000,
      }
      const mailboxes = Object.entries(boxes).map(([name, { rules, more }]) => ({
        ...{ name, account: 'main', passwordFile: './password', verify: 'no' },
        ...reachOf(source),
        rules,
        ...more,
      }))
      const accounts = [
        { name: 'main', address: owner, refreshTokenFile: './main-token', ...account },
        { name: 'taro', address: other, refreshTokenFile: './taro-token', ...account },
      ]
      // JSON is YAML.
      await writeFile(
        join(world.folder, 'hikyaku.yaml'),
        JSON.stringify({ alertMail: 'no', accounts, mailboxes }),
      )
    },
    open: () => openInProcess({ ...world, env }, { clock }),
    labelsOf(octets, account = owner) {
      const message = gmail.messages(account).find(candidate => candidate.sha256 === sha256(octets))
      const { labels } = gmail.mailbox(account)
      return message?.labelIds.map(id => labels.find(label => label.id === id)?.name ?? id).sort()
    },
    async stop() {
      assert.deepEqual(gmail.bugs, [])
      await world.stop()
    },
  }
}
