/**
 * The two commonest rules, asked for only where the mail that is there gives a reason: several addresses in one mailbox, and
 * senders of much bulk mail. Whoever has rules already has written them, and is not asked.
 */
import type { MailboxConfig } from '../config/config.ts'
import { type Correspondent, countCorrespondents } from '../rules/correspondents.ts'
import type { SetupContext } from './context.ts'

/** As it stands in the YAML file. */
export interface NewRule {
  readonly recipient?: string
  readonly sender?: string
  readonly labels?: string
  readonly import?: 'no'
}

/** Of the mails that were looked at. */
const leastToAddress = 2
const leastAddresses = 2
const leastOfSender = 5
const mostOffered = 12

/**
 * @param headers of the newest mails there
 * @param own the mailbox's address
 */
export async function askRules(
  { asker, words, general }: Pick<SetupContext, 'asker' | 'words' | 'general'>,
  headers: readonly Buffer[],
  own: string,
  present: MailboxConfig | undefined,
): Promise<readonly NewRule[]> {
  if (present !== undefined && present.rules.length > 0) return []
  const { recipients, bulkSenders } = countCorrespondents(headers, own)
  const choicesOf = (all: readonly Correspondent[], least: number) =>
    all
      .filter(({ messages }) => messages >= least)
      .slice(0, mostOffered)
      .map(({ address, messages }) => ({
        value: address,
        label: address,
        hint: words.rules.messages(general.format.number(messages)),
      }))
  const addresses = choicesOf(recipients, leastToAddress)
  const senders = choicesOf(bulkSenders, leastOfSender)
  const labelled =
    addresses.length < leastAddresses
      ? []
      : await asker.several({ id: 'label-recipients', message: words.rules.recipients, choices: addresses })
  const left =
    senders.length === 0
      ? []
      : await asker.several({ id: 'leave-senders', message: words.rules.senders, choices: senders })
  return [
    ...left.map(sender => ({ sender, import: 'no' as const })),
    ...labelled.map(recipient => ({ recipient, labels: recipient })),
  ]
}
