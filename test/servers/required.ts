/**
 * Tests on real servers are worth something only where the servers are. On a developer's machine a missing one
 * skips its suite and is named at the end of the run; with HIKYAKU_REQUIRE_SERVERS=1 (.ci/run sets it) a missing
 * one fails, so that a green run can never mean that nothing was looked at.
 */
import { appendFileSync } from 'node:fs'

/**
 * Says that the calling test file needs a server.
 * @param name what it is, for people: 'dovecot', 'chromium'
 * @param missing why it cannot be had here; undefined or true when it can
 * Throws where it is missing although HIKYAKU_REQUIRE_SERVERS=1: the test runner then fails the whole file.
 * @returns the `skip` option for the suites that need it: false, or the reason
 */
export function requireServer(name: string, missing: string | boolean | undefined): false | string {
  if (missing === undefined || missing === true) return false
  const reason = typeof missing === 'string' ? missing : `${name} is not available here`
  if (process.env.HIKYAKU_REQUIRE_SERVERS === '1') {
    throw new Error(`HIKYAKU_REQUIRE_SERVERS=1, but ${reason}`)
  }
  const list = process.env.HIKYAKU_SKIPPED_SUITES
  if (list !== undefined) appendFileSync(list, `${process.argv[1] ?? '?'}: ${name}: ${reason}\n`)
  return reason
}
