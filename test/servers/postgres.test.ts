/** What our PostgreSQL leaves in the memory of the machine, where no removed folder takes it along. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import pg from 'pg'
import { postgresMissing, startPostgres } from './postgres.ts'
import { requireServer } from './required.ts'

const skip = requireServer('postgresql', postgresMissing())

/** Numbers of the segments of System V that are there (sysvipc(7)). */
const listSegments = (): readonly string[] =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/)[1] ?? '')

describe('a PostgreSQL for a test', { skip, concurrency: true }, () => {
  for (const end of ['that a client is still connected to', 'that was killed'] as const)
    test(`leaves nothing in the machine's memory: one ${end}`, async () => {
      const server = await startPostgres({ fsync: 'off' })
      const url = await server.newDatabase()
      const client = new pg.Client({ connectionString: url })
      client.on('error', () => {})
      await client.connect()
      // postmaster.pid: the seventh line is the key and the number of the segment.
      const lines = readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n')
      const segment = lines[6]?.trim().split(/\s+/)[1] ?? 'none'
      assert.ok(listSegments().includes(segment), segment)
      const { rows } = await client.query('SHOW dynamic_shared_memory_type')
      assert.deepEqual(rows, [{ dynamic_shared_memory_type: 'mmap' }])
      if (end === 'that was killed') await server.kill()
      await server.stop()
      assert.ok(!listSegments().includes(segment), segment)
    })
})
