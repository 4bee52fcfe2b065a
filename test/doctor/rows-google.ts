/** Set-ups in which Google's side is broken. */

import { reading } from '../servers/gmail/oauth.ts'
import { apiDisabled, captivePortal } from '../servers/gmail/presets.ts'
import type { Row } from './rows.ts'

export const googleRows: readonly Row[] = [
  {
    title: 'Google cannot be reached, and the source works',
    check: 'googleReach',
    code: 'gmail.unreachable',
    exitCode: 69,
    async breaks(world) {
      await world.gmail.goOffline()
      return {}
    },
  },
  {
    title: 'somebody else answers in Google’s place',
    check: 'googleReach',
    code: 'gmail.not-google',
    exitCode: 69,
    breaks(world) {
      world.gmail.faults.always('any', captivePortal())
      return {}
    },
  },
  {
    title: 'the Gmail API is disabled',
    check: 'gmailApi',
    code: 'gmail.api-disabled',
    exitCode: 78,
    breaks(world) {
      world.gmail.faults.always('labels.list', apiDisabled())
      return {}
    },
  },
  {
    title: 'the scope to put mail in was not granted',
    check: 'gmailScopes',
    code: 'gmail.scope-missing',
    exitCode: 77,
    world: { scopes: ['gmail.labels'] },
    breaks: () => ({}),
    says: /gmail\.insert/,
  },
  {
    title: 'the Google project is in Testing: seven days',
    check: 'consentLife',
    code: 'consent.testing',
    warning: true,
    exitCode: 0,
    world: { gmail: { oauth: { testing: true } } },
    breaks: () => ({}),
    says: /Testing/,
  },
  {
    title: 'the permission was revoked',
    check: 'googleSignIn',
    code: 'gmail.consent-ended',
    exitCode: 77,
    breaks(world) {
      world.gmail.oauth.killGrants('owner@example.test')
      return {}
    },
  },
  {
    title: 'the client secret is wrong',
    check: 'googleSignIn',
    code: 'gmail.client-invalid',
    exitCode: 78,
    breaks: () => ({ env: { GOOGLE_CLIENT_SECRET: 'GOCSPX-wrong' } }),
  },
  {
    title: 'another account is signed in',
    check: 'gmailAccount',
    code: 'gmail.account-mismatch',
    exitCode: 77,
    world: { scopes: reading },
    breaks: () => ({ env: { GMAIL_ACCOUNT: 'other@example.test' } }),
  },
]
