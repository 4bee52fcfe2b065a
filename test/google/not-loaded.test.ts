/** Google's libraries are loaded by the commands that talk to Google, with their first request, and by no others. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startWorld, type World } from '../servers/world.ts'

/** Writes down each file of a package of Google's that is loaded, by `import` or by `require`. */
const hook = (file: string): string => `
import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
registerHooks({
  load(url, context, next) {
    if (/node_modules\\/(google-auth-library|@googleapis|googleapis-common|gaxios)\\//.test(url))
      appendFileSync(${JSON.stringify(file)}, url + '\\n')
    return next(url, context)
  },
})
`

let world: World
before(async () => {
  world = await startWorld({ protocol: 'pop3', env: { GMAIL_LABELS: 'shop' } })
})
after(() => world.stop())

async function loadedBy(args: readonly string[]): Promise<string[]> {
  const [file, preload] = [join(world.folder, 'loaded.txt'), join(world.folder, 'hook.mjs')]
  await writeFile(file, '')
  await writeFile(preload, hook(file))
  await world.run(args, { nodeArgs: ['--import', preload] })
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
  await rm(file)
  return lines
}

describe('Google’s libraries', () => {
  test('are loaded by a pull that imports, which shows that the hook sees them', async () => {
    await world.source.deliver(Buffer.from('From: a@example.com\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n'))
    const lines = await loadedBy(['pull', '--json'])
    for (const name of ['google-auth-library', '@googleapis/gmail', 'gaxios'])
      assert.ok(
        lines.some(line => line.includes(`/node_modules/${name}/`)),
        lines.join('\n'),
      )
  })

  for (const args of [['--help'], ['--version'], ['status'], ['status', '--json'], ['list'], ['retry']])
    test(`are not loaded by hikyaku ${args.join(' ')}`, async () => {
      assert.deepEqual(await loadedBy(args), [])
    })
})
