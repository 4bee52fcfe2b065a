/** Run by tls.test.ts with NODE_EXTRA_CA_CERTS: imports over https, twice; prints how it went, one line each. */
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { accountFor, anImport, endpointsFor, messageOf, never } from './scripted.ts'

const [apiRoot = '', tokenOrigin = ''] = process.argv.slice(2)
const gmail = makeGmail({
  account: accountFor(),
  endpoints: endpointsFor(apiRoot, tokenOrigin),
  clock: systemClock,
})
for (const octets of [1000, 3_000_000]) {
  try {
    const raw = messageOf(Buffer.alloc(octets, 'line\r\n'), 65_536)
    const { sentSha256 } = await gmail.import(raw, anImport(), never)
    console.log(sentSha256 === raw.sha256 ? 'imported' : 'other octets')
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    console.log(thrown.code, thrown.facts.reason)
  }
}
await gmail.close()
