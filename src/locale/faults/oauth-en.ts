/** Access tokens of a mailbox: what a provider of identity said of the sign-in, the program or the request. */
import { lookUp } from '../../base/look-up.ts'
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { answer, because, byItself, quote, stopped, text, waits } from './phrases-en.ts'

const provider = (f: Facts): string => f.get('provider') ?? f.or('host', 'the sign-in service')
/** With Microsoft's own code, by which its support and an administrator find it. */
const said = (f: Facts): string =>
  f.with('words', words => {
    const code = f.get('code')
    const named = code === undefined || words.includes(code) ? '' : `${code}: `
    return ` ${provider(f)} said: ${quote(`${named}${words}`)}`
  }) || f.with('code', code => ` ${provider(f)}’s code: ${code}.`)

const again = 'Run `hikyaku setup password` and sign in again. The running hikyaku notices it by itself.'
const askAdministrator = 'Ask the administrator of your organisation'

/** Why, by the provider's own code. */
const whys: Readonly<Record<string, readonly [why: string, next: string]>> = {
  revoked: [
    'it was revoked: the password was changed, or you or an administrator signed out everywhere',
    again,
  ],
  unused: ['it was not used for too long (Microsoft: 90 days)', again],
  'sign-in-frequency': [
    'your organisation wants a new sign-in from time to time',
    `${again} If it comes back every few days, ${askAdministrator.toLowerCase()} about the sign-in frequency (Conditional Access), or for access by the program itself (docs/microsoft.md).`,
  ],
  'single-page-app': [
    'the app is registered as a single-page application, whose sign-ins last for a day',
    'In the app registration use the platform “Mobile and desktop applications” (docs/microsoft.md), then run `hikyaku setup password`.',
  ],
  consent: ['the permission to read the mail was never given, or was withdrawn', again],
  'admin-consent': [
    'an administrator has to allow the app first',
    `${askAdministrator} to grant consent to the app (docs/microsoft.md), then run \`hikyaku setup password\`.`,
  ],
  'second-factor': ['a second factor is asked for now (multifactor authentication)', again],
  'conditional-access': [
    'a policy of your organisation forbids it (Conditional Access)',
    `${askAdministrator} which policy it was: the sign-in logs show it by the code. Signing in again helps only where the policy lets you.`,
  ],
  device: [
    'your organisation wants it from a device that it knows, and this one is disabled or unknown',
    `${askAdministrator}; or sign in on another device with \`hikyaku setup password\`.`,
  ],
  'no-such-user': [
    'this account is not known there: another account signed in, or the tenant is not that of the account',
    'Check the tenant (`MAIL_OAUTH_TENANT`) and which account signs in, then run `hikyaku setup password`.',
  ],
  'user-disabled': [
    'the account is disabled',
    `${askAdministrator} to enable it, then run \`hikyaku setup password\`.`,
  ],
  'user-locked': [
    'the account is locked for now, after too many sign-ins or one from a suspicious place',
    'Sign in to the account with a browser, follow what it asks, then run `hikyaku setup password`.',
  ],
  'wrong-password': [
    'the password of the account is wrong, or has expired',
    'Sign in to the account with a browser, change the password if it asks, then run `hikyaku setup password`.',
  ],
  'not-assigned': [
    'the account is not assigned to the app',
    `${askAdministrator} to assign it (Enterprise applications, Users and groups), then run \`hikyaku setup password\`.`,
  ],
  'no-such-app': [
    'no app with this client ID is known in the tenant',
    'Check client ID (`MAIL_OAUTH_CLIENT_ID`) and tenant (`MAIL_OAUTH_TENANT`) in the app registration.',
  ],
  'app-disabled': ['the app is disabled', 'Enable it in the app registration, or ask an administrator to.'],
  'public-flows-off': [
    'the app is no public client, and no secret was sent',
    'In the app registration, Authentication, set “Allow public client flows” to Yes; or give the client secret (`MAIL_OAUTH_CLIENT_SECRET`).',
  ],
  'app-is-public': [
    'the app is a public client, which has no secret',
    'Take the client secret or the certificate out of the settings.',
  ],
  'wrong-secret': [
    'the client secret is wrong',
    'Give the secret’s value, not its ID: make a new one in the app registration (Certificates & secrets), then put it in the place of the old one.',
  ],
  'secret-ended': [
    'the client secret has expired',
    'Make a new one in the app registration (Certificates & secrets), then put it in the place of the old one.',
  ],
  'wrong-assertion': [
    'the certificate is not one of the app’s, or this computer’s clock is wrong',
    'Upload the certificate in the app registration (Certificates & secrets), and check the clock.',
  ],
  'no-such-tenant': ['there is no such tenant', 'Check the tenant (`MAIL_OAUTH_TENANT`).'],
  'account-kind': [
    'the app and the tenant do not fit this kind of account',
    'Personal accounts need an app for personal accounts and the tenant `consumers` (or `common`); work and school accounts the ID of their tenant.',
  ],
  'no-such-resource': [
    'Exchange Online is not known in this tenant',
    'Check the tenant; it needs Exchange Online, where the mailbox is.',
  ],
  permissions: [
    'the app registration lacks the permission for mail',
    'Add the permissions of docs/microsoft.md to the app registration, then run `hikyaku setup password`.',
  ],
  redirect: [
    'the app registration lacks the address that the browser comes back to',
    'Add `http://localhost` under “Mobile and desktop applications” in the app registration; or sign in by code.',
  ],
}

const why = (f: Facts): readonly [why: string, next: string] | undefined => lookUp(whys, f.or('reason', ''))
const whyWords = (f: Facts): string => {
  const [words] = why(f) ?? []
  return words === undefined ? '' : `: ${words}`
}

export const en: FaultTexts<'oauth'> = {
  'oauth.sign-in-missing': f =>
    text(
      `Nobody has signed in at ${provider(f)} for this mailbox yet.`,
      stopped,
      'Run `hikyaku setup password` and sign in.',
    ),
  'oauth.sign-in-ended': f =>
    text(
      `The sign-in at ${provider(f)} holds no longer${whyWords(f)}.${said(f)}`,
      stopped,
      why(f)?.[1] ?? again,
    ),
  'oauth.sign-in-failed': f =>
    text(
      `The sign-in at ${provider(f)} did not come about${because(f)}.${said(f)}`,
      'No mail is lost. Nothing was changed: what was kept before is still used.',
      'Run the same command again.',
    ),
  'oauth.scope-missing': f =>
    text(
      `The sign-in at ${provider(f)} does not include all that is needed${f.with('what', what => ` (missing: ${what})`)}.`,
      stopped,
      'Add the permission to the app registration (docs/microsoft.md), then run `hikyaku setup password` and agree to everything that is asked.',
    ),
  'oauth.client-refused': f =>
    text(
      `${provider(f)} does not accept the app${whyWords(f)}.${said(f)}`,
      stopped,
      why(f)?.[1] ??
        'Check client ID, client secret and tenant in the settings against the app registration (docs/microsoft.md).',
    ),
  'oauth.request-refused': f =>
    text(
      `${provider(f)} does not give a token for what is set${whyWords(f)}.${said(f)}`,
      stopped,
      why(f)?.[1] ?? 'Check tenant, client ID and permissions of the app (docs/microsoft.md).',
    ),
  'oauth.unknown-answer': f =>
    text(
      `${provider(f)} answered something that hikyaku does not know${answer(f)}.${said(f)}`,
      waits,
      byItself,
    ),
  'oauth.server': f =>
    text(`${provider(f)} has a passing trouble of its own${answer(f)}.${said(f)}`, waits, byItself),
  'oauth.limited': f =>
    text(
      `${provider(f)} asks to be asked less often.${said(f)}`,
      waits,
      'Nothing: hikyaku waits as long as it is told to, and goes on.',
    ),
  'oauth.unreachable': f =>
    text(
      `The sign-in service${f.with('host', host => ` ${host}`)} cannot be reached${because(f)}.`,
      waits,
      `${byItself} If it lasts, check this computer’s internet connection.`,
    ),
  'oauth.not-provider': f =>
    text(
      `What answered in the place of ${f.or('host', 'the sign-in service')} was somebody else: a hotel or office network may have stepped in between.`,
      `${waits} The answer was not used.`,
      'If this network wants you to sign in, do so in a browser; or use another network.',
    ),
}
