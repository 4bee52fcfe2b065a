/**
 * npm run sandbox:month -- [--messages N] [--json]: a month of sandbox mail through the real daemon, then `hikyaku
 * report` in both languages: what forwarding would have made of it. DNS answers from loopback, too.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startDnsServer } from '../test/authentication/dns-server.ts'
import { startGmailServer } from '../test/servers/gmail/gmail-server.ts'
import { hikyaku, startHikyaku } from '../test/servers/hikyaku.ts'
import { startSource } from '../test/servers/source-server.ts'
import { until } from '../test/servers/until.ts'
import { makeSandboxEnv } from './sandbox/env.ts'
import { monthEnv, monthOfMail, monthZone } from './sandbox/month.ts'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '300' }, json: { type: 'boolean', default: false } },
})
const messages = Number(values.messages)
if (!Number.isInteger(messages) || messages < 1 || messages > 10_000) {
  console.error('--messages is a number from 1 to 10000')
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'hikyaku-month-'))
const dns = await startDnsServer(monthZone())
const gmail = await startGmailServer()
const source = await startSource('imap', 'stand-in')
const env = {
  ...makeSandboxEnv({ source, gmail, folder, protocol: 'imap', language: 'en' }),
  ...monthEnv(dns.server),
}
try {
  for (const octets of monthOfMail(messages)) await source.deliver(octets)
  const daemon = startHikyaku(['run'], { env, cwd: folder })
  await until(
    () => gmail.accepted.length >= messages,
    `${messages} messages in Gmail`,
    60_000 + messages * 100,
  )
  daemon.kill('SIGTERM')
  await daemon.ended
  const languages = values.json ? ['en'] : ['en', 'ja']
  for (const language of languages) {
    const report = await hikyaku(['report', '--lang', language, ...(values.json ? ['--json'] : [])], {
      env,
      cwd: folder,
    })
    process.stdout.write(`${report.stdout}${values.json ? '' : '\n'}`)
    process.stderr.write(report.stderr)
    process.exitCode = report.code ?? 70
  }
} finally {
  await source.stop()
  await gmail.close()
  await dns.close()
  await rm(folder, { recursive: true, force: true })
}
