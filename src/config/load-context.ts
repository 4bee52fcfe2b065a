/** What the parts of a configuration are built with, and what is collected on the way. */
import { isGivenTwice } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import type { Destination, Secret } from '../base/secret.ts'
import type { GoogleEndpoints } from './endpoints.ts'
import type { SettledPart } from './in-force.ts'
import { makeSecret, refuseGivenTwice, type SecretPlace, type SecretSources } from './load-secrets.ts'
import type { Part } from './load-written.ts'

export interface Context extends SecretSources {
  readonly problems: Problem[]
  /** Told what is not wrong but worth saying. */
  note(problem: Problem): void
  readonly endpoints: GoogleEndpoints
  readonly microsoftLoginRoot: string
  /** Secrets that must be there. */
  readonly places: { readonly place: SecretPlace; readonly secret: Secret }[]
  /** What holds in each part, with what was settled beside its table, for `config show`. */
  readonly settled: SettledPart[]
}

/** A secret that must be there when it is used. */
export function makeSecretOf(
  part: Part,
  key: string,
  vaultName: string,
  destination: Destination | undefined,
  context: Context,
): Secret {
  const place = part.secret(key, vaultName)
  if (isGivenTwice(place)) context.problems.push(refuseGivenTwice(place))
  const secret = makeSecret(place, destination, context)
  context.places.push({ place, secret })
  return secret
}
