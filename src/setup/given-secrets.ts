/** Secrets that were given beforehand, by a file or a variable: nobody is asked for them. */
import { findGivenSecret, readGivenSecret } from '../base/given-secret.ts'
import { homeOf } from '../base/home.ts'
import { resolveWrittenPath } from '../config/load-paths.ts'
import type { Place } from '../config/place.ts'
import type { Answers } from './asker.ts'

export interface GivenSecrets {
  readonly password: string | undefined
  readonly refreshToken: string | undefined
  /** Of the app at the provider of a mailbox. */
  readonly oauthClientSecret: string | undefined
  readonly appPassword: string | undefined
}

/** @throws Fault secret.unreadable (given-secret.ts) */
export async function readGivenSecrets(answers: Answers, place: Place, cwd: string): Promise<GivenSecrets> {
  const { env } = place
  const read = async (option: string, variable: string): Promise<string | undefined> => {
    const named = answers[option] || undefined
    const given =
      named === undefined ? findGivenSecret(variable, env) : { variable, value: undefined, file: named }
    const file = given.file === undefined ? undefined : resolveWrittenPath(given.file, cwd, homeOf(env))
    return readGivenSecret({ ...given, file }, env)
  }
  return {
    password: await read('password-file', 'MAIL_PASSWORD'),
    oauthClientSecret: await read('oauth-client-secret-file', 'MAIL_OAUTH_CLIENT_SECRET'),
    refreshToken:
      answers['refresh-token-file'] === undefined ? undefined : await read('refresh-token-file', ''),
    appPassword: await read('app-password-file', 'GMAIL_APP_PASSWORD'),
  }
}
