/** Whether a secret is there: one that cannot be read is as good as none, and is asked for. */
import type { Secret } from '../base/secret.ts'

export const canReveal = (secret: Secret): Promise<boolean> =>
  secret.reveal().then(
    () => true,
    () => false,
  )
