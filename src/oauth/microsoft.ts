/**
 * Microsoft's own codes (AADSTS...), as far as they choose words. They never decide what a fault is or when it is tried
 * again, but for those that Microsoft itself calls passing: "Apps that take a dependency on text or error code numbers
 * will be broken over time" (learn.microsoft.com, "Microsoft Entra authentication and authorization error codes",
 * read 2026-11-26, which all rows below are from).
 */

/** Why, in a word: locale/faults/oauth-*.ts has the sentence and the remedy. */
export type SignInReason =
  | 'revoked'
  | 'unused'
  | 'sign-in-frequency'
  | 'single-page-app'
  | 'consent'
  | 'admin-consent'
  | 'second-factor'
  | 'conditional-access'
  | 'device'
  | 'no-such-user'
  | 'user-disabled'
  | 'user-locked'
  | 'wrong-password'
  | 'not-assigned'
  | 'no-such-app'
  | 'app-disabled'
  | 'public-flows-off'
  | 'app-is-public'
  | 'wrong-secret'
  | 'secret-ended'
  | 'wrong-assertion'
  | 'no-such-tenant'
  | 'account-kind'
  | 'no-such-resource'
  | 'permissions'
  | 'redirect'
  | 'passing'
  | 'too-many'

const rows: Readonly<Record<SignInReason, readonly number[]>> = {
  // FreshTokenNeeded, SsoArtifactInvalidOrExpired, SsoArtifactRevoked
  revoked: [50173, 50132, 50133],
  // ExpiredOrRevokedGrant, ExpiredOrRevokedGrantInactiveToken
  unused: [70008, 700082],
  // BadTokenDueToSignInFrequency, flow token expired, UserStrongAuthExpired
  'sign-in-frequency': [70043, 50089, 50078],
  'single-page-app': [700084],
  // DelegationDoesNotExist, UserDeclinedConsent, TokenForItselfRequiresGraphPermission
  consent: [65001, 65004, 90008],
  'admin-consent': [90094, 90095],
  'second-factor': [50072, 50074, 50076, 50079, 50158, 53004],
  'conditional-access': [
    50005, 50131, 53000, 53001, 53002, 53003, 53010, 53011, 530032, 530034, 530035, 500021, 500022, 500212,
    500213, 50002,
  ],
  device: [135011, 50097, 50129, 50155, 50187],
  'no-such-user': [16000, 16003, 50014, 50020, 50034, 50197, 51004, 90072],
  'user-disabled': [50057],
  'user-locked': [50053],
  'wrong-password': [50055, 50056, 50064, 50126, 50135, 50144],
  'not-assigned': [50105],
  'no-such-app': [700011, 700016],
  'app-disabled': [70001, 7000112, 1000031],
  'public-flows-off': [7000218],
  'app-is-public': [700025],
  'wrong-secret': [70002, 7000215],
  'secret-ended': [7000222],
  'wrong-assertion': [50012, 50013, 50048, 500133, 700027, 700030],
  'no-such-tenant': [90002, 90019, 50059, 50128],
  'account-kind': [50194, 90124, 90130, 500208, 9001023, 9002332],
  'no-such-resource': [50001, 500011, 650052, 650054],
  permissions: [28002, 28003, 65005, 650056, 650057, 70011, 700022, 700023],
  redirect: [50011, 70004, 900971],
  // Each of these Microsoft calls transient or retryable, or the service unavailable.
  passing: [40010, 50033, 50087, 70012, 90006, 90012, 90024, 90033, 90090, 90091],
  // LoopDetected, TenantThrottlingError, telecom limit, claims provider throttled
  'too-many': [50196, 90055, 50088, 50166],
}

const reasons: ReadonlyMap<number, SignInReason> = new Map(
  Object.entries(rows).flatMap(([reason, numbers]) =>
    numbers.map(number => [number, reason as SignInReason] as const),
  ),
)

export interface MicrosoftCode {
  /** `AADSTS50173` */
  readonly code: string
  readonly reason: SignInReason | undefined
}

/**
 * The code in an answer: the first one of its words, else the first of `error_codes`.
 * @param json the answer's object
 */
export function findMicrosoftCode(json: Readonly<Record<string, unknown>>): MicrosoftCode | undefined {
  const { error_description: words, error_codes: list } = json
  const inWords = typeof words === 'string' ? /\bAADSTS(\d{3,9})\b/.exec(words)?.[1] : undefined
  const [listed] = Array.isArray(list) ? list.filter(Number.isSafeInteger) : []
  const number = inWords === undefined ? listed : Number(inWords)
  if (typeof number !== 'number' || number <= 0) return undefined
  return { code: `AADSTS${number}`, reason: reasons.get(number) }
}
