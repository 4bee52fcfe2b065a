/** The labels that the configuration asks for, and those that are there. */
import { printable } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, passCheck, skipCheck } from './finding.ts'

/** @param labels as the account has them; undefined where they could not be had */
export function checkLabels(
  labels: readonly string[] | undefined,
  { mailboxes }: Config,
  subject: string,
  { words, checks }: DoctorContext,
): Finding {
  const place = { check: 'gmailLabels', subject } as const
  if (labels === undefined) return skipCheck(place, words.because(checks.gmailScopes))
  const wanted = new Set(
    mailboxes
      .filter(({ account }) => account === subject)
      .flatMap(mailbox => [...mailbox.labels, ...mailbox.folders.flatMap(folder => folder.labels)]),
  )
  const isThereNow = (name: string): boolean =>
    labels.some(label => label.toLowerCase() === name.toLowerCase())
  const labelNames = [...wanted].map(name => printable(name, 60))
  return passCheck(
    place,
    words.labels(
      labelNames.filter(isThereNow),
      labelNames.filter(name => !isThereNow(name)),
    ),
  )
}
