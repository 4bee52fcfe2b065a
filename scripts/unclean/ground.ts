/** Where the drills of unclean ends are played: one machine, or a fleet, as real processes that somebody starts anew. */
import { fileURLToPath } from 'node:url'
import { readUnderWayNote } from '../../src/journal/journal.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { startFleetWorld } from '../../test/fleet/fleet-world.ts'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import type { Running } from '../../test/servers/hikyaku.ts'
import type { PostgresServer } from '../../test/servers/postgres.ts'
import { startWorld } from '../../test/servers/world.ts'

/** Of all mailboxes, by the journal's word. */
export interface Suspicion {
  /** Messages that are named as in hand. */
  readonly inHand: number
  readonly suspects: number
  /** Messages that are set aside, and told, as those at which the process dies (message.poison). */
  readonly aside: number
}

export interface Ground {
  readonly title: string
  readonly gmail: GmailServer
  /** How many processes work there. */
  readonly processes: number
  deliver(octets: Buffer): Promise<void>
  start(at: number): Running
  look(): Promise<Suspicion>
  stop(): Promise<void>
}

export interface FleetGround extends Ground {
  readonly database: PostgresServer
}

const preload = fileURLToPath(new URL('../../test/faults/poison-preload.ts', import.meta.url))

const sum = (notes: readonly (string | undefined)[]): Omit<Suspicion, 'aside'> => {
  const read = notes.map(readUnderWayNote)
  const count = (of: (note: (typeof read)[number]) => number): number =>
    read.reduce((total, note) => total + of(note), 0)
  return {
    inHand: count(({ many, alone }) => many.length + alone.length),
    suspects: count(({ ends }) => Object.keys(ends).length),
  }
}

const countPoison = (list: readonly { readonly code: string; readonly messages: number }[]): number =>
  list.reduce((total, { code, messages }) => total + (code === 'message.poison' ? messages : 0), 0)

/** @param poison at these octets the process dies as they come in */
export async function openMachine(poison?: string): Promise<Ground> {
  const world = await startWorld({ protocol: 'imap' })
  const env = poison === undefined ? {} : { HIKYAKU_POISON: `in:${poison}` }
  return {
    title: 'one machine',
    gmail: world.gmail,
    processes: 1,
    deliver: async octets => void (await world.source.deliver(octets)),
    start: () => world.start(['run'], { env, nodeArgs: ['--import', preload] }),
    async look() {
      const journal = await openJournal(world.stateDir, 'look')
      if (journal === undefined) return { inHand: 0, suspects: 0, aside: 0 }
      try {
        return {
          ...sum([await journal.note('under-way')]),
          aside: countPoison(await journal.troubles.list()),
        }
      } finally {
        await journal.close()
      }
    },
    stop: () => world.stop(),
  }
}

export async function openFleet(
  database: PostgresServer,
  { processes = 3, mailboxes = 9, poison }: { processes?: number; mailboxes?: number; poison?: string } = {},
): Promise<FleetGround> {
  const world = await startFleetWorld(database, mailboxes)
  const { journal } = world.fleet.journal
  // What is late is to be so for the ends alone.
  const account = {
    address: 'owner@example.test',
    clientId: world.gmail.client.id,
    unitsPerMinute: 1_200_000,
  }
  await world.fleet.directory.putAccount('main', 'owner', account, {})
  const env = poison === undefined ? {} : { HIKYAKU_POISON: `in:${poison}` }
  let delivered = 0
  return {
    title: `a fleet of ${processes} workers`,
    ...{ gmail: world.gmail, processes, database },
    async deliver(octets) {
      world.mailboxes[delivered++ % mailboxes]?.server.deliver('INBOX', octets)
    },
    start: at => world.start(`worker-${at}`, { ...env, NODE_OPTIONS: `--import ${preload}` }).running,
    async look() {
      const notes = world.mailboxes.map(({ key }) => world.fleet.journal.journalFor(key).note('under-way'))
      return { ...sum(await Promise.all(notes)), aside: countPoison(await journal.troubles.list()) }
    },
    stop: () => world.stop(),
  }
}
