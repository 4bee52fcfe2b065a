/** A process that tries one thing in a folder that it may not write, or with a file that it may not read. */
import { join } from 'node:path'
import { Fault } from '../../src/base/fault.ts'
import { readPrivate, writePrivate } from '../../src/base/private-file.ts'
import { octetLimit } from '../../src/message/message.ts'
import { makeSpooler } from '../../src/message/spool.ts'
import { sealedFileVault } from '../../src/vault/sealed-file.ts'

const [what = '', folder = ''] = process.argv.slice(2)
const tries: Readonly<Record<string, () => Promise<unknown>>> = {
  spool: async () =>
    makeSpooler(join(folder, 'spool'))
      .take(octetLimit(1 << 20))
      .write(Buffer.alloc(300_000)),
  read: () => readPrivate(join(folder, 'secret'), {}),
  write: () => writePrivate(join(folder, 'new'), Buffer.from('x')),
  vault: () => sealedFileVault(join(folder, 'state'), { HIKYAKU_KEY: 'A'.repeat(43) }).set('a', '1'),
}

try {
  await tries[what]?.()
  console.log(JSON.stringify({ code: 'none' }))
} catch (thrown) {
  if (!(thrown instanceof Fault)) throw thrown
  const { code, scope, facts } = thrown
  console.log(JSON.stringify({ code, scope, reason: facts.reason }))
}
