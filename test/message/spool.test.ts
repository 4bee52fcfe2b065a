import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { octetLimit, type RawMessage } from '../../src/message/message.ts'
import { makeSpooler } from '../../src/message/spool.ts'
import { corpus } from '../messages/corpus.ts'
import { large, mebibyte } from '../messages/large.ts'

const memoryLimit = 256 * 1024
const largest = octetLimit(256 * mebibyte)

async function octetsOf(raw: RawMessage): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of raw.chunks()) parts.push(part)
  return Buffer.concat(parts)
}

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : String(error))

describe('the spool', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-spool-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const fill = async (octets: Buffer, piece: number, limit = largest) => {
    const spool = makeSpooler(join(folder, 'spool')).take(limit)
    for (let at = 0; at < octets.length; at += piece)
      await spool.write(Buffer.from(octets.subarray(at, at + piece)))
    return spool
  }

  it('gives back every message of the corpus octet for octet, as often as asked', async () => {
    for (const { name, octets } of corpus()) {
      for (const piece of [1, 7, 4096, octets.length]) {
        if (piece < 100 && octets.length > 10_000) continue
        const raw = await (await fill(octets, piece)).seal()
        assert.equal(raw.octets, octets.length, name)
        assert.equal(raw.sha256, createHash('sha256').update(octets).digest('hex'), name)
        for (let reading = 0; reading < 2; reading += 1) assert.ok(octets.equals(await octetsOf(raw)), name)
        await raw.discard()
      }
    }
  })

  it('frees the memory of what is written at once, and touches none that holds anything else', async () => {
    const spool = makeSpooler(join(folder, 'spool')).take(largest)
    const own = [randomBytes(mebibyte), randomBytes(mebibyte)]
    const shared = randomBytes(2 * mebibyte)
    const expected = Buffer.concat([...own, shared.subarray(mebibyte)])
    for (const octets of [...own, shared.subarray(mebibyte)]) await spool.write(octets)
    assert.deepEqual(
      own.map(octets => octets.length),
      [0, 0],
    )
    assert.equal(shared.length, 2 * mebibyte)
    const raw = await spool.seal()
    assert.ok(expected.equals(await octetsOf(raw)))
    await raw.discard()
  })

  it('gives the same octets to who reads each chunk before the next, from one place in memory', async () => {
    const octets = randomBytes(3 * memoryLimit + 5)
    const raw = await (await fill(octets, 65_536)).seal()
    const parts: Buffer[] = []
    const places = new Set<ArrayBufferLike>()
    for await (const part of raw.chunks('until-next')) {
      parts.push(Buffer.from(part))
      places.add(part.buffer)
    }
    assert.ok(octets.equals(Buffer.concat(parts)))
    assert.equal(places.size, 1)
    await raw.discard()
  })

  it('holds a message of exactly the memory limit and of one octet more', async () => {
    for (const length of [memoryLimit - 1, memoryLimit, memoryLimit + 1, 2 * memoryLimit + 3]) {
      const octets = randomBytes(length)
      const raw = await (await fill(octets, 65_536)).seal()
      assert.ok(octets.equals(await octetsOf(raw)), `${length} octets`)
      await raw.discard()
    }
  })

  it('holds an empty message', async () => {
    const raw = await (await fill(Buffer.alloc(0), 1)).seal()
    assert.equal(raw.octets, 0)
    assert.equal((await octetsOf(raw)).length, 0)
    assert.equal((await raw.header()).length, 0)
  })

  it('lets two readers read at once, and each keep what it was given', async () => {
    const message = large(3 * mebibyte)
    const spool = makeSpooler(join(folder, 'spool')).take(largest)
    for await (const chunk of message.chunks()) await spool.write(chunk)
    const raw = await spool.seal()
    const readings = await Promise.all([octetsOf(raw), octetsOf(raw), octetsOf(raw)])
    for (const octets of readings) {
      assert.equal(createHash('sha256').update(octets).digest('hex'), message.sha256)
    }
    await raw.discard()
  })

  it('reads the header up to its empty line, over any cut, with CRLF or with bare LF', async () => {
    for (const end of ['\r\n\r\n', '\n\n']) {
      const header = `Subject: a${end.slice(0, end.length / 2)}X-B: c${end}`
      const octets = Buffer.from(`${header}body${end}more`)
      for (let piece = 1; piece <= octets.length; piece += 1) {
        const raw = await (await fill(octets, piece)).seal()
        assert.equal((await raw.header()).toString(), header, `pieces of ${piece}`)
        assert.equal((await raw.header(5)).toString(), header.slice(0, 5))
      }
    }
    const endless = await (await fill(Buffer.from('no empty line'), 3)).seal()
    assert.equal((await endless.header()).toString(), 'no empty line')
  })

  it('keeps small messages off the disk, and large ones without a name', async () => {
    const small = await fill(randomBytes(memoryLimit), 4096)
    assert.deepEqual(await readdir(join(folder, 'spool')), [])
    const big = await fill(randomBytes(memoryLimit * 3), 4096)
    // An open file without a name ends with its process, however that ends.
    assert.deepEqual(await readdir(join(folder, 'spool')), [])
    assert.equal((await stat(join(folder, 'spool'))).mode & 0o777, 0o700)
    await small.discard()
    await big.discard()
  })

  it('refuses one octet more than the limit as a fault of this message alone', async () => {
    const spool = makeSpooler(folder).take(octetLimit(10))
    await spool.write(Buffer.alloc(10))
    let thrown: unknown
    try {
      await spool.write(Buffer.alloc(1))
    } catch (error) {
      thrown = error
    }
    assert.ok(thrown instanceof Fault)
    assert.equal(thrown.code, 'message.too-large')
    assert.equal(thrown.scope, 'message')
    await spool.discard()
  })

  it('frees its file at discard, twice is once, and a later reading is a fault and not an empty message', async () => {
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length
    const before = process.platform === 'linux' ? await openFiles() : 0
    const spool = await fill(randomBytes(memoryLimit * 2), 65_536)
    const raw = await spool.seal()
    await raw.discard()
    await spool.discard()
    if (process.platform === 'linux') assert.equal(await openFiles(), before)
    await assert.rejects(octetsOf(raw), error => codeOf(error) === 'bug')
  })

  it('says disk or permission trouble as a fault of this machine', {
    skip: process.getuid?.() === 0,
  }, async () => {
    const locked = await mkdtemp(join(folder, 'locked-'))
    await chmod(locked, 0o500)
    const spool = makeSpooler(join(locked, 'spool')).take(largest)
    await assert.rejects(
      async () => spool.write(Buffer.alloc(memoryLimit + 1)),
      error => codeOf(error) === 'state.read-only',
    )
  })

  it('says a spool folder that is a file as a fault of this machine', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const spool = makeSpooler(file).take(largest)
    await assert.rejects(
      async () => spool.write(Buffer.alloc(memoryLimit + 1)),
      error => codeOf(error) === 'state.io',
    )
    await spool.discard()
  })

  it('sweeps what an earlier process left, and nothing else', async () => {
    const place = join(folder, 'sweep')
    await rm(place, { recursive: true, force: true })
    const spooler = makeSpooler(place)
    await spooler.sweep()
    const spool = spooler.take(largest)
    await spool.write(randomBytes(memoryLimit + 1))
    await writeFile(join(place, '4711-1.spool'), 'left')
    await writeFile(join(place, 'notes.txt'), 'mine')
    await spooler.sweep()
    assert.deepEqual(await readdir(place), ['notes.txt'])
    await spool.discard()
  })

  it('leaves nothing on the disk when its process is killed', async () => {
    const place = join(folder, 'killed')
    const module = new URL('../../src/message/spool.ts', import.meta.url).href
    const program = `
      const { makeSpooler } = await import(${JSON.stringify(module)})
      const spool = makeSpooler(${JSON.stringify(place)}).take(Infinity)
      await spool.write(Buffer.alloc(${memoryLimit * 4}, 120))
      process.stdout.write('written')
      // The timer holds it: an open file that nobody knows any more is closed by the garbage collector.
      setInterval(() => void spool, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    try {
      await once(child.stdout, 'data')
      if (process.platform === 'linux') {
        const files = await readdir(`/proc/${child.pid}/fd`)
        const found = await Promise.all(
          files.map(fd => stat(`/proc/${child.pid}/fd/${fd}`).catch(() => undefined)),
        )
        const held = found.some(file => file?.isFile() && file.size === memoryLimit * 4 && file.nlink === 0)
        assert.ok(held, 'the octets are in an open file without a name')
      }
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    assert.deepEqual(await readdir(place), [])
  })
})
