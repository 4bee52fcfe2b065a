import type { AuthenticationWords } from './words.ts'

/** English texts of the authentication room. */
export const wordsEn: AuthenticationWords = {
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
    none: 'none',
    unprovenMark: '(?)',
    unprovenNote:
      '(?) Do not rely on it: the line bears your server’s name, but stands where a sender could have written it too. If you know that your server stamps its mail with this name, say so with AUTHSERV_IDS (or --authserv-id).',
    noStamps: 'Your server left no results of its own on this message.',
    forgedTitle: 'Lines that do not count',
    leftOut: 'more such lines are not shown',
    asOf: 'Signatures were judged as of',
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
    'too-many-lookups': 'The sender’s SPF record needs more than ten look-ups, which the standard forbids.',
    'record-error': 'The sender’s DNS record has an error.',
    'body-changed': 'The text or an attachment was changed after it was signed.',
    'signature-wrong': 'A signed header line was changed after it was signed, or the signature is false.',
    'no-key': 'The signer’s key is not in DNS (any more).',
    'key-unusable': 'The signer’s key cannot be used.',
    expired: 'The signature had run out when the message arrived.',
    'from-not-signed': 'The signature does not cover the From line, so it says nothing about the sender.',
    'not-understood': 'The signature cannot be read.',
    'partly-signed': 'Only the beginning of the text is signed; the rest could have been added by anyone.',
    'not-aligned': 'Neither SPF nor DKIM passed for the domain in the From line.',
    'no-policy': 'The sender’s domain has no DMARC record.',
    'no-author': 'The message does not have exactly one author domain in its From line.',
    'chain-broken': 'The message was changed after a forwarder sealed it, or a seal is false.',
  },
  trustReasons: {
    'above-border': 'written by your server',
    confirmed: 'written by your server, by a name that you confirmed',
    'queue-id': 'written by your server: it bears this message’s queue id',
    'place-open': 'bears your server’s name, but a sender could have written it',
    'foreign-id': 'bears another server’s name',
    'no-id': 'bears no name',
    'below-foreign': 'was there before your server received the message',
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
    'spf-forwarder': ({ spf = '', domain = '', address }) =>
      spf === 'none'
        ? `SPF none: ${domain} does not say which servers may send for it.`
        : `SPF ${spf}: Gmail would have seen the address ${address} of your server, which ${domain} ${listed(spf)}.`,
    'spf-stranger': ({ spf = '', domain = '' }) =>
      spf === 'none'
        ? `SPF none: ${domain} does not say which servers may send for it.`
        : `SPF ${spf}: Gmail would have seen the address of your server, which ${domain} ${listed(spf)}.`,
    'spf-direct': ({ spf, domain }) => `SPF ${spf} for ${domain}, as your server received it.`,
    'spf-rewritten': () =>
      'SPF pass, but only for your server’s own domain: SRS puts that in place of the sender’s.',
    'spf-unknown': () => 'SPF: not known.',
    'dkim-survives': ({ domain }) =>
      `DKIM pass: the signature of ${domain} survives a forward that changes nothing.`,
    'dkim-survives-other': ({ domain, from }) =>
      `DKIM pass, but the signature is ${domain}’s and does not speak for ${from}.`,
    'dkim-broken': () => 'DKIM fail: no signature on it is valid.',
    'dkim-none': () => 'DKIM none: the sender does not sign, so nothing but SPF could speak for it.',
    'dkim-unknown': () => 'DKIM: not known.',
    'dmarc-pass-dkim': ({ from }) => `DMARC pass: the signature speaks for ${from}.`,
    'dmarc-pass-spf': ({ from }) => `DMARC pass: SPF speaks for ${from}.`,
    'dmarc-none': ({ from }) => `DMARC none: ${from} asks for nothing.`,
    'dmarc-fail-none': ({ from }) => `DMARC fail, but ${from} asks for no consequence (p=none).`,
    'dmarc-fail-quarantine': ({ from }) =>
      `DMARC fail: nothing speaks for ${from} any more, and ${from} asks to treat such mail as spam (p=quarantine).`,
    'dmarc-fail-reject': ({ from }) =>
      `DMARC fail: nothing speaks for ${from} any more, and ${from} asks to refuse such mail (p=reject).`,
    'dmarc-unknown': () => 'DMARC: not known.',
    'policy-percent': ({ percent }) =>
      `The domain asks for that for ${percent} % of such mail only (pct=${percent}).`,
    unauthenticated: () =>
      'Neither SPF nor DKIM passes, and Gmail asks for one of them: spam folder, or refused with 550-5.7.26.',
    'arc-may-help': () =>
      'The seal tells Gmail that all was well when your server received it. Gmail decides whether to believe that.',
    'arc-not-needed': () => 'The seal changes nothing here.',
    'arc-nothing-good': () =>
      'The seal does not help: it could only say that the message was not all right on arrival.',
    'arc-broken': () => 'The seal does not help: the message arrived with a broken ARC chain.',
  },
  report: {
    title: days => `What forwarding would have done to the mail of the last ${days} days`,
    empty: days => `No verified mail in the last ${days} days.`,
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
    summary: ({ messages, lost, spam }) =>
      `Of ${messages} messages, forwarding would have lost ${lost} and put ${spam} into the spam folder. hikyaku imported them as they were.`,
    notKnown: count => `For ${count} more, what forwarding would have done is not known.`,
    others: count => `${count} other domains`,
    repeated: 'These may stand in Gmail twice, because an answer of Gmail was lost:',
  },
}

function listed(spf: string): string {
  if (spf === 'pass') return 'allows'
  return spf === 'permerror'
    ? 'cannot be asked about, for its record has an error'
    : 'has not listed as its own'
}
