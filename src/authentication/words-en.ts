/** English texts of the authentication room. */

/** Facts of a reason, already made fit to be shown. */
type ShownFacts = Readonly<Record<string, string>>

export const en = {
  labels: {
    message: 'Message',
    octets: 'octets',
    sender: 'From domain',
    receivedBy: 'Received by',
    receivedFrom: 'from',
    check: 'Check',
    question: 'What it asks',
    stamped: 'Your server wrote',
    verified: 'Verified now',
    notTold: '-',
    notKnown: 'not known',
    unprovenMark: '(?)',
    unprovenNote:
      '(?) Do not rely on it: the line bears your server’s name, but stands where a sender could have written it too. If you know that your server stamps its mail with this name, say so with AUTHSERV_IDS (or --authserv-id).',
    noStamps: 'Your server left no results of its own on this message.',
    forgedTitle: 'Lines that do not count',
    leftOut: 'more such lines are not shown',
    forecastTitle: 'What would have become of it at Gmail',
    forecastMissing: 'No forecast: it needs the verified results.',
    wayImport: 'Imported by hikyaku',
    wayPlain: 'Forwarded',
    waySrs: 'Forwarded with SRS',
    wayArc: 'Forwarded with ARC',
    imported: 'in Gmail unchanged, with the results above',
    ifTrusted: 'if Gmail trusts your server’s seal',
    otherwise: 'Otherwise',
    comma: ', ',
    proofTitle: 'The same octets',
    shaRetrieved: 'SHA-256 as retrieved',
    shaFile: 'SHA-256',
    shaUploaded: 'SHA-256 as uploaded',
    shaReadBack: 'Read back from Gmail',
    same: 'the same',
    different: 'DIFFERENT',
    fileNote: 'An import uploads exactly these octets; nothing is decoded, added or repaired.',
    addressNote:
      'Your server’s forwarding address is not known, so any address that the sender has not listed stood in for it. Give it with --forwarding-address for an exact answer.',
  },
  questions: {
    spf: 'May that server send for it?',
    dkim: 'Is the signature intact?',
    dmarc: 'Does either fit the From line?',
    arc: 'Do forwarders vouch for it?',
  },
  /** SPF, DKIM, DMARC and ARC words with what they mean, short. */
  results: {
    pass: 'pass',
    fail: 'fail',
    softfail: 'softfail',
    neutral: 'neutral',
    none: 'none',
    permerror: 'permerror',
    temperror: 'temperror',
    policy: 'policy',
    unknown: 'not known',
  },
  verdictReasons: {
    dns: 'DNS gave no answer in time. That says nothing about the message.',
    'no-client': 'Your server’s lines do not tell which server or sender the message came from.',
    'client-hidden':
      'Your server noted an address of its own network: another machine of your hosting company, or a proxy. Who stood behind it is not known.',
    'client-near':
      'Your server took it from a machine that may be its own or a neighbour’s, so who sent it from outside is not known.',
    'too-many-lookups': 'The sender’s SPF record needs more than ten look-ups, which the standard forbids.',
    'record-error': 'The sender’s DNS record has an error.',
    'body-changed': 'The text or an attachment was changed after it was signed.',
    'signature-wrong': 'A signed header line was changed after it was signed, or the signature is false.',
    'no-key': 'The signer’s key is not in DNS (any more).',
    'key-unusable': 'The signer’s key cannot be used.',
    'too-weak':
      'The signature is made in a way, or with a key, that is no longer safe, so it does not count.',
    expired: 'The signature had run out when the message arrived.',
    'from-not-signed': 'The signature does not cover the From line, so it says nothing about the sender.',
    'not-understood': 'The signature cannot be read, or breaks a rule of the standard.',
    'partly-signed': 'Only the beginning of the text is signed; the rest could have been added by anyone.',
    'not-aligned': 'Neither SPF nor DKIM passed for the domain in the From line.',
    'no-policy': 'The sender’s domain has no DMARC record.',
    'no-author': 'The message does not have exactly one author domain in its From line.',
    'chain-broken': 'The message was changed after a forwarder sealed it, or a seal is false.',
  },
  trustReasons: {
    'above-border': 'written by your server',
    confirmed: 'written by your server, under a name that your settings confirm',
    'own-form': 'written by your server, which gives no name',
    'queue-id': 'written by your server: it bears this message’s queue id',
    'place-open': 'bears your server’s name, but a sender could have written it',
    'method-open':
      'bears a name that your settings confirm, but not that your server writes this; a sender could have',
    'foreign-id': 'bears another server’s name',
    'no-id': 'bears no name of a server',
    'below-foreign': 'stands below the lines that are surely your server’s: anyone could have written it',
    'outgoing-form': 'written by the sender’s Microsoft 365, which puts the recipient’s domain there',
    'no-signature': 'tells of a signature that the message does not have',
    repeated: 'repeats what a line above it answers, so it is not your server’s',
    'no-trace': 'the message has no Received line that would tell who wrote it',
  },
  states: {
    off: 'Verification is switched off.',
    'not-done': 'The journal holds no results for this message.',
    'library-missing': 'Not verified: this needs Node.js 22.19 or later.',
    'message-too-complex': 'Not verified: the message is too complex to verify.',
    'broken-off':
      'Not verified: the check was broken off, for it took too long or met what it does not understand.',
    'too-busy': 'Not verified: too many other messages were being checked. That says nothing about this one.',
  },
  /** Which bound made a message too complex. */
  complexities: {
    'header-octets': 'its header is longer than 64 KiB',
    fields: 'it has more than 1,000 header fields',
    'field-lines': 'one header field has more than 100 lines',
    'white-space': 'its header has more than 1,024 blanks in a row',
    signatures: 'it bears more than 10 signatures',
    'arc-fields': 'its ARC chain has more than 10 links',
    'signature-tags': 'one signature has more than 50 parts',
    'signed-names': 'one signature names more than 100 header fields',
    'signed-octets': 'it bears too many signatures for its size',
    'line-octets': 'one of its lines is longer than 1 MiB',
  },
  /** `{spf}` stands for the word that SPF would have said. */
  outcomes: {
    delivered: 'in the inbox',
    'delivered-softfail': 'in the inbox, but with SPF {spf}',
    spam: 'in the spam folder',
    refused: 'REFUSED: you would never have seen it',
    unknown: 'not known',
  },
  costs: {
    none: 'Forwarding would have cost this message nothing.',
    softfail: 'Forwarding would have cost this message its SPF result.',
    spam: 'Forwarding would have put this message into the spam folder.',
    lost: 'Forwarding would have lost this message; only its sender would have been told.',
    unknown: 'What forwarding would have done is not known.',
  },
  reasons: {
    'spf-forwarder': ({ spf = '', domain = '', address }: ShownFacts) =>
      spf === 'none'
        ? `SPF none: ${domain} does not say which servers may send for it.`
        : `SPF ${spf}: Gmail would have seen the address ${address} of your server, which ${domain} ${listed(spf)}.`,
    'spf-stranger': ({ spf = '', domain = '' }: ShownFacts) =>
      spf === 'none'
        ? `SPF none: ${domain} does not say which servers may send for it.`
        : `SPF ${spf}: Gmail would have seen the address of your server, which ${domain} ${listed(spf)}.`,
    'spf-direct': ({ spf, domain }: ShownFacts) => `SPF ${spf} for ${domain}, as your server received it.`,
    'spf-rewritten': (_facts: ShownFacts) =>
      'SPF pass, but only for your server’s own domain: SRS puts that in place of the sender’s.',
    'spf-unknown': (_facts: ShownFacts) => 'SPF: not known.',
    'dkim-survives': ({ domain }: ShownFacts) =>
      `DKIM pass: the signature of ${domain} survives a forward that changes nothing.`,
    'dkim-survives-other': ({ domain, from }: ShownFacts) =>
      `DKIM pass, but the signature is ${domain}’s and does not speak for ${from}.`,
    'dkim-broken': (_facts: ShownFacts) => 'DKIM fail: no signature on it is valid.',
    'dkim-none': (_facts: ShownFacts) =>
      'DKIM none: the sender does not sign, so nothing but SPF could speak for it.',
    'dkim-unknown': (_facts: ShownFacts) => 'DKIM: not known.',
    'dmarc-pass-dkim': ({ from }: ShownFacts) => `DMARC pass: the signature speaks for ${from}.`,
    'dmarc-pass-spf': ({ from }: ShownFacts) => `DMARC pass: SPF speaks for ${from}.`,
    'dmarc-none': ({ from }: ShownFacts) => `DMARC none: ${from} asks for nothing.`,
    'dmarc-fail-none': ({ from }: ShownFacts) => `DMARC fail, but ${from} asks for no consequence (p=none).`,
    'dmarc-fail-quarantine': ({ from }: ShownFacts) =>
      `DMARC fail: nothing speaks for ${from} any more, and ${from} asks to treat such mail as spam (p=quarantine).`,
    'dmarc-fail-reject': ({ from }: ShownFacts) =>
      `DMARC fail: nothing speaks for ${from} any more, and ${from} asks to refuse such mail (p=reject).`,
    'dmarc-unknown': (_facts: ShownFacts) => 'DMARC: not known.',
    'policy-percent': ({ percent }: ShownFacts) =>
      `The domain asks for that for ${percent} % of such mail only (pct=${percent}).`,
    unauthenticated: (_facts: ShownFacts) =>
      'Neither SPF nor DKIM passes, and Gmail asks for one of them: spam folder, or refused with 550-5.7.26.',
    'arc-may-help': (_facts: ShownFacts) =>
      'The seal tells Gmail that all was well when your server received it. Gmail decides whether to believe that.',
    'arc-not-needed': (_facts: ShownFacts) => 'The seal changes nothing here.',
    'arc-nothing-good': (_facts: ShownFacts) =>
      'The seal does not help: it could only say that the message was not all right on arrival.',
    'arc-broken': (_facts: ShownFacts) =>
      'The seal does not help: the message arrived with a broken ARC chain.',
  },
  report: {
    title: (days: string) => `What forwarding would have done to the mail of the last ${days} days`,
    empty: (days: string) => `No verified mail in the last ${days} days.`,
    columns: {
      mailbox: 'Mailbox',
      sender: 'Sender domain',
      messages: 'Mail',
      lost: 'Lost',
      spam: 'Spam',
      softfail: 'SPF fail',
      chart: 'Lost or in spam',
    },
    total: 'Total',
    legend: '# lost (refused)   + spam folder',
    summary: ({ messages, lost, spam }: ShownFacts) =>
      `Of ${messages} messages, forwarding would have lost ${lost} and put ${spam} into the spam folder. hikyaku imported them as they were.`,
    notKnown: (count: string) => `For ${count} more, what forwarding would have done is not known.`,
    others: (count: string) => `${count} other domains`,
    /** Above the list of imports that had to be repeated without knowing the outcome of the one before. */
    repeated: 'These may stand in Gmail twice, because an answer of Gmail was lost:',
  },
}

export type AuthenticationWords = typeof en

function listed(spf: string): string {
  if (spf === 'pass') return 'allows'
  return spf === 'permerror'
    ? 'cannot be asked about, for its record has an error'
    : 'has not listed as its own'
}
