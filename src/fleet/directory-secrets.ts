/** The secrets of a directory: sealed rows, opened when they are asked for and for the destination that they were kept for. */
import { createHash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import type { Destination } from '../base/secret.ts'
import type { Database, Statements } from '../journal/sql.ts'
import { describeDestination, isFor } from '../vault/destination.ts'
import type { Rewrapped } from './directory.ts'
import { makeKey } from './names.ts'
import { contextOf, type KeyWrapper, makeDataKey, openSecret, type SecretPlace, sealSecret } from './seal.ts'

/** Whose a secret is, and which. */
export type SecretName = Omit<SecretPlace, 'destination'>

/** A secret ready to be written. */
export interface SealedSecret extends SecretPlace {
  readonly sealed: string
}

/** Seals secrets of one tenant. */
export interface Sealer {
  seal(secret: string, name: SecretName, destination: Destination): SealedSecret
  /** Whether this very secret is kept so, for this destination; what took its place since counts as it. */
  isKept(kept: SealedSecret, secret: string, destination: Destination): boolean
}

export interface DirectorySecrets {
  /** A data key for a new tenant, wrapped. Throws Fault fleet.no-key. */
  makeWrappedKey(tenant: string): Promise<{ readonly dataKey: string; readonly keyId: string }>
  /**
   * The secret, for this destination; without one, as it is.
   * @returns undefined where there is none
   * @throws Fault secret.other-destination, fleet.secret-unfit, fleet.no-key, fleet.other-key
   */
  get(name: SecretName, wanted: Destination | undefined): Promise<string | undefined>
  seal(secret: string, name: SecretName, destination: Destination): Promise<SealedSecret>
  /** The same for many of one tenant. Throws Fault fleet.no-key, fleet.other-key, fleet.unknown. */
  sealerOf(tenant: string): Promise<Sealer>
  /**
   * In the place of what is kept, for a worker: what the provider gave for it.
   * @throws Fault fleet.unknown where nothing is kept by this name any more, and as `get`
   */
  renew(secret: string, name: SecretName, destination: Destination): Promise<void>
  /**
   * That the fleet's key is there, and opens something of what there is: who opens nothing is of no use to any mailbox.
   * @throws Fault fleet.no-key, fleet.other-key, fleet.secret-unfit, secret.unreadable
   */
  checkKey(): Promise<void>
  /**
   * Every data key wrapped anew, with the first of the fleet's keys. One that does not open stays as it is, and the others go on.
   * @throws Fault fleet.no-key, secret.unreadable; those of the journal
   */
  rewrap(): Promise<Rewrapped>
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** What was renewed is another secret than the one that it takes the place of. */
const renewedOf = (place: SecretPlace): SecretPlace => ({ ...place, key: `${place.key} renewed` })

export const ofSecret = 'tenant = ? AND kind = ? AND owner = ? AND key = ?'
export const valuesOf = ({ tenant, kind, owner, key }: SecretName) => [tenant, kind, owner, key] as const

/** @param key asked for when the first secret is opened or sealed, so that whoever only looks needs none */
export function makeDirectorySecrets(database: Database, key: () => Promise<KeyWrapper>): DirectorySecrets {
  const opened = new Map<string, Promise<Buffer>>()
  const lastOf = new Map<string, Buffer>()

  /** A key service is asked once for each tenant. */
  const unwrap = (tenant: string, wrapped: unknown, keyId: unknown): Promise<Buffer> => {
    const text = String(wrapped)
    const known = opened.get(text)
    if (known !== undefined) return known
    const before = lastOf.get(tenant)
    const asked = key()
      .then(wrapper => wrapper.unwrap(text, contextOf(tenant), String(keyId)))
      .catch(async thrown => {
        opened.delete(text)
        // Wrapped anew meanwhile, with a key that is not here yet: it is the same data key, and what it opens says so.
        if (before !== undefined && thrown instanceof Fault && thrown.code === 'fleet.other-key')
          return before
        throw nameTenant(thrown, tenant)
      })
    asked.then(
      dataKey => lastOf.set(tenant, dataKey),
      () => {},
    )
    opened.set(text, asked)
    return asked
  }
  const dataKeyOf = async (tenant: string): Promise<Buffer> => {
    const row = await database.get('SELECT data_key, key_id FROM tenant WHERE name = ?', tenant)
    if (row === undefined) throw new Fault('fleet.unknown', { facts: { what: 'tenant', name: tenant } })
    return unwrap(tenant, row.data_key, row.key_id)
  }
  const sealerOf = async (tenant: string): Promise<Sealer> => {
    const dataKey = await dataKeyOf(tenant)
    return {
      seal(secret, name, destination) {
        const place = { ...name, destination: JSON.stringify(destination) }
        return { ...place, sealed: sealSecret(secret, dataKey, place) }
      },
      isKept(kept, secret, destination) {
        if (kept.destination !== JSON.stringify(destination)) return false
        try {
          return openSecret(kept.sealed, dataKey, kept) === secret
        } catch {
          return false // what cannot be opened is entered again
        }
      },
    }
  }

  return {
    sealerOf,
    seal: async (secret, name, destination) => (await sealerOf(name.tenant)).seal(secret, name, destination),
    async makeWrappedKey(tenant) {
      const wrapper = await key()
      return { dataKey: await wrapper.wrap(makeDataKey(), contextOf(tenant)), keyId: wrapper.id }
    },
    async get(name, wanted) {
      const row = await database.get(
        `SELECT data_key, key_id, kept.destination, kept.sealed, renewed.destination AS renewed_for, renewed.sealed AS renewed
         FROM fleet_secret AS kept JOIN tenant ON tenant.name = kept.tenant
         LEFT JOIN fleet_renewed AS renewed USING (tenant, kind, owner, key) WHERE ${ofSecret}`,
        ...valuesOf(name),
      )
      if (row === undefined) return undefined
      const dataKey = await unwrap(name.tenant, row.data_key, row.key_id)
      const open = (sealed: unknown, destination: unknown, asPlace: (place: SecretPlace) => SecretPlace) => {
        const place = { ...name, destination: String(destination) }
        const secret = openSecret(String(sealed), dataKey, asPlace(place))
        // What was opened was sealed with this destination, so it is one of ours.
        const kept = JSON.parse(place.destination) as Destination
        if (wanted === undefined || isFor(kept, wanted)) return secret
        throw new Fault('secret.other-destination', {
          facts: {
            name: `${name.kind} ${name.tenant}/${name.owner} ${name.key}`,
            wanted: describeDestination(wanted, kept),
            kept: describeDestination(kept, wanted),
          },
        })
      }
      const secret = open(row.sealed, row.destination, place => place)
      if (row.renewed === null) return secret
      const renewed = JSON.parse(open(row.renewed, row.renewed_for, renewedOf)) as Record<string, unknown>
      return renewed.instead === digestOf(secret) ? String(renewed.secret) : secret
    },
    async renew(secret, name, destination) {
      const dataKey = await dataKeyOf(name.tenant)
      await database.transaction(async sql => {
        const kept = await readSealed(sql, name)
        if (kept === undefined)
          throw new Fault('fleet.unknown', {
            facts: { what: name.kind, name: makeKey(name.tenant, name.owner) },
          })
        const instead = digestOf(openSecret(kept.sealed, dataKey, kept))
        const place = { ...name, destination: JSON.stringify(destination) }
        const sealed = sealSecret(JSON.stringify({ instead, secret }), dataKey, renewedOf(place))
        await sql.run(
          `INSERT INTO fleet_renewed (tenant, kind, owner, key, destination, sealed) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (tenant, kind, owner, key) DO UPDATE SET destination = excluded.destination, sealed = excluded.sealed`,
          ...valuesOf(name),
          place.destination,
          sealed,
        )
      })
    },
    async checkKey() {
      await key()
      // One of each key that there was: while it is exchanged, or after a row was spoilt, the others' mail goes on.
      const rows = await database.all(
        'SELECT DISTINCT ON (key_id) name, data_key, key_id FROM tenant WHERE data_key IS NOT NULL ORDER BY key_id, name',
      )
      let refused: unknown
      for (const { name, data_key, key_id } of rows) {
        try {
          await unwrap(String(name), data_key, key_id)
          return
        } catch (thrown) {
          refused ??= thrown
        }
      }
      if (refused !== undefined) throw refused
    },
    async rewrap() {
      const wrapper = await key()
      const rows = await database.all(
        'SELECT name, data_key, key_id FROM tenant WHERE data_key IS NOT NULL AND key_id <> ? ORDER BY name',
        wrapper.id,
      )
      const refused: Rewrapped['refused'][number][] = []
      for (const { name, data_key, key_id } of rows) {
        const tenant = String(name)
        let dataKey: Buffer
        try {
          dataKey = await unwrap(tenant, data_key, key_id)
        } catch (thrown) {
          if (!(thrown instanceof Fault) || !thrown.code.startsWith('fleet.')) throw thrown
          refused.push({ tenant, fault: thrown })
          continue
        }
        const wrapped = await wrapper.wrap(dataKey, contextOf(tenant))
        await database.run(
          'UPDATE tenant SET data_key = ?, key_id = ? WHERE name = ? AND data_key = ?',
          ...[wrapped, wrapper.id, tenant, String(data_key)],
        )
      }
      return { count: rows.length - refused.length, refused }
    },
  }
}

/** What is kept of a mailbox's secrets, sealed, as text that changes with any of them. */
export async function readMark(sql: Statements, tenant: string, owner: string): Promise<string> {
  const row = await sql.get(
    `SELECT coalesce(json_agg(json_build_array(key, kept.destination, kept.sealed, renewed.destination, renewed.sealed) ORDER BY key), '[]')::text AS mark
     FROM fleet_secret AS kept LEFT JOIN fleet_renewed AS renewed USING (tenant, kind, owner, key)
     WHERE tenant = ? AND kind = 'mailbox' AND owner = ?`,
    tenant,
    owner,
  )
  return String(row?.mark)
}

/** As it is kept, without what took its place since. */
async function readSealed(sql: Statements, name: SecretName): Promise<SealedSecret | undefined> {
  const row = await sql.get(
    `SELECT destination, sealed FROM fleet_secret WHERE ${ofSecret}`,
    ...valuesOf(name),
  )
  return row && { ...name, destination: String(row.destination), sealed: String(row.sealed) }
}

/** For whose secrets the key does not fit. */
function nameTenant(thrown: unknown, tenant: string): unknown {
  if (!(thrown instanceof Fault) || !thrown.code.startsWith('fleet.')) return thrown
  const facts = { ...thrown.facts, name: thrown.code === 'fleet.other-key' ? tenant : `${tenant}: data key` }
  return new Fault(thrown.code, { facts, cause: thrown.cause })
}
