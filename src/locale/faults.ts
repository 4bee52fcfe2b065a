/** Every fault in plain words: for the owner of a shop, not for the administrator of a mail server. */
import type { FaultCode } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import type { Facts, FaultText } from './facts.ts'
import { en as fleetEn } from './faults/fleet-en.ts'
import { ja as fleetJa } from './faults/fleet-ja.ts'
import { en as gmailEn } from './faults/gmail-en.ts'
import { ja as gmailJa } from './faults/gmail-ja.ts'
import { en as mailboxEn } from './faults/mailbox-en.ts'
import { ja as mailboxJa } from './faults/mailbox-ja.ts'
import { en as oauthEn } from './faults/oauth-en.ts'
import { ja as oauthJa } from './faults/oauth-ja.ts'
import { en as ownEn } from './faults/own-en.ts'
import { ja as ownJa } from './faults/own-ja.ts'
import { en as sourceEn } from './faults/source-en.ts'
import { ja as sourceJa } from './faults/source-ja.ts'

type AllFaultTexts = Readonly<Record<FaultCode, (f: Facts) => FaultText>>

export const faultTexts: Readonly<Record<Language, AllFaultTexts>> = {
  en: { ...sourceEn, ...mailboxEn, ...gmailEn, ...oauthEn, ...fleetEn, ...ownEn },
  ja: { ...sourceJa, ...mailboxJa, ...gmailJa, ...oauthJa, ...fleetJa, ...ownJa },
}
