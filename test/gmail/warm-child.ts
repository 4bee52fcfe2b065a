/** Run by warm.test.ts with NODE_EXTRA_CA_CERTS: one account, which does what it is told and says when it is done. */
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { accountFor, anImport, endpointsFor, messageOf, never } from './scripted.ts'

const [apiRoot = '', tokenOrigin = '', address = 'me'] = process.argv.slice(2)
const gmail = makeGmail({
  account: accountFor({ address }),
  endpoints: endpointsFor(apiRoot, tokenOrigin),
  clock: systemClock,
})

async function obey(word: unknown): Promise<string> {
  if (word === 'prepare') {
    for (let time = 0; time < 5; time += 1) gmail.prepareImport()
    return 'prepared'
  }
  try {
    await gmail.import(
      messageOf(
        Buffer.from(
          `From: a@example.test\r\nMessage-ID: <${String(word).replaceAll(' ', '.')}@example.test>\r\nSubject: ${String(word)}\r\n\r\n`,
        ),
      ),
      anImport(),
      never,
    )
    return 'imported'
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return thrown.code
  }
}

process.on('message', async word => {
  if (word === 'end') {
    await gmail.close()
    process.disconnect()
  } else process.send?.(await obey(word))
})
process.send?.('ready')
