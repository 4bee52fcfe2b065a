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
    stamped: 'Your server wrote',
    verified: 'hikyaku found',
    notTold: '-',
    notKnown: 'not known',
    unprovenMark: '(?)',
    unprovenNote:
      '(?) Do not rely on it: the line bears your server’s name, but stands where a sender could have written it too. Where your server writes it on every message, `hikyaku setup` finds that out; or name it with AUTHSERV_IDS (here: --authserv-id), such as mx.example.jp:spf+dkim.',
    namelessNote: '(?) Do not rely on it: the line bears no server’s name.',
    judgedBeforeNote:
      '(?) Do not rely on it: an earlier version of hikyaku judged who wrote the line, and a sender could have deceived it.',
    noStamps: 'Your server left no results of its own on this message.',
    forgedTitle: 'Lines that do not count',
    leftOut: 'more such lines are not shown',
    forecastTitle: 'Imported or forwarded: what Gmail would do with it (a forecast)',
    forecastMissing: 'No forecast: it needs what hikyaku finds by checking.',
    wayImport: 'Imported by hikyaku',
    wayPlain: 'Forwarded',
    waySrs: 'Forwarded with SRS',
    wayArc: 'Forwarded with ARC',
    imported:
      'in Gmail unchanged, and never refused for SPF, DKIM or DMARC. Gmail may still file it as spam by its content; GMAIL_NEVER_MARK_SPAM=yes prevents that.',
    depends: (outcome: string, otherwise: string) =>
      `${outcome}, if Gmail trusts the seal. Otherwise: ${otherwise}`,
    meaning: (word: string, meaning: string) => `${word}: ${meaning}.`,
    /** Between two sentences. */
    space: ' ',
    comma: ', ',
    /** A result and what it is about. */
    of: (result: string, detail: string) => `${result} (${detail})`,
    more: (count: string) => `, and ${count} more`,
    proofTitle: 'The same octets',
    shaRetrieved: 'SHA-256 as retrieved',
    shaFile: 'SHA-256',
    shaUploaded: 'SHA-256 as uploaded',
    shaReadBack: 'Read back from Gmail',
    same: 'the same',
    different: 'DIFFERENT',
    fileNote: 'An import uploads exactly these octets; nothing is decoded, added or repaired.',
    addressNote:
      'The address from which your server would forward is not known, so any that the sender has not listed stood in for it. FORWARDING_ADDRESS (here: --forwarding-address) makes it exact.',
    guessNote:
      'The address is a guess: the one that your server’s name has in DNS. FORWARDING_ADDRESS (here: --forwarding-address) makes it exact.',
  },
  /** What each check asks, for those who do not know the word. */
  questions: {
    spf: 'Does the sending server belong to the sender’s domain?',
    dkim: 'Is there an intact signature, so that nothing was changed on the way?',
    dmarc: 'Does one of the two speak for the very domain that you see in From?',
    arc: 'Does an earlier forwarder vouch for how it received the message?',
  },
  /** SPF, DKIM, DMARC and ARC words, as the standards have them. */
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
  /** What they mean; only those that are on the screen are told. */
  meanings: {
    pass: 'yes',
    fail: 'no',
    softfail: 'probably not',
    neutral: 'the sender’s domain leaves it open',
    none: 'there is nothing to check',
    permerror: 'the sender’s settings have an error',
    temperror: 'could not be asked at the time',
    policy: 'there, but not counted',
    unknown: 'could not be found out, which is neither good nor bad',
  },
  /** What the domain in From asks for mail that fails DMARC. */
  policies: {
    none: 'p=none: for mail that fails DMARC the domain asks for nothing.',
    quarantine: 'p=quarantine: the domain asks to treat mail that fails DMARC as spam.',
    reject: 'p=reject: the domain asks to refuse mail that fails DMARC.',
  },
  verdictReasons: {
    dns: 'DNS gave no answer in time. That says nothing about the message.',
    'no-client': 'Your server’s lines do not tell which server the message came from.',
    'no-sender': 'Your server did not write down from which address the message was sent (Return-Path).',
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
    'judged-before': 'judged by an earlier version, which a sender could have deceived',
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
  /** `{spf}` stands for the word that SPF would say. */
  outcomes: {
    delivered: 'in the inbox',
    'delivered-softfail': 'in the inbox, but with SPF {spf}',
    spam: 'in the spam folder',
    'refused-or-spam': 'REFUSED, or in the spam folder',
    refused: 'REFUSED: it would not reach you',
    unknown: 'not known',
  },
  costs: {
    none: 'A forward would take nothing from this message.',
    softfail: 'A forward would break SPF for this message; the message itself would arrive.',
    spam: 'Your server accepted this message; a forward would put it into the spam folder.',
    'possibly-lost':
      'Your server accepted this message; a forward may lose it. Which of the two it would be, only Gmail knows.',
    lost: 'Your server accepted this message; a forward would lose it.',
    unknown: 'What a forward would do to this message is not known.',
  },
  /** Who hears of a refusal. */
  told: {
    sender: 'Of a refusal only the sender is told, not you.',
    nobody:
      'Of a refusal nobody is told: the message is itself a notice from a mail server and has no sender.',
    unknown: 'You are not told of a refusal.',
  },
  reasons: {
    'spf-forwarder': ({ spf = '', domain = '', address }: ShownFacts) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}: Gmail would see the address ${address} of your server, which ${domain} ${listed(spf)}.`,
    'spf-forwarder-guess': ({ spf = '', domain = '', address }: ShownFacts) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}: Gmail would see an address of your server, probably ${address}, which ${domain} ${listed(spf)}.`,
    'spf-stranger': ({ spf = '', domain = '' }: ShownFacts) =>
      spf === 'none'
        ? publishesNothing(domain)
        : `SPF ${spf}: Gmail would see the address of your server, which ${domain} ${listed(spf)}.`,
    'spf-bounce': ({ spf, domain }: ShownFacts) =>
      `SPF ${spf}: a notice from a mail server has no sender address, so Gmail would ask about your server’s own name, probably ${domain}.`,
    'spf-bounce-unknown': (_facts: ShownFacts) =>
      'SPF: not known. A notice from a mail server has no sender address, so Gmail would ask about your server’s own name, which is not known here.',
    'spf-no-sender': (_facts: ShownFacts) =>
      'SPF: not known. Your server did not write down from which address the message was sent (Return-Path).',
    'spf-direct': ({ spf, domain }: ShownFacts) => `SPF ${spf} for ${domain}, as your server received it.`,
    'spf-rewritten': (_facts: ShownFacts) =>
      'SPF pass, but only for your server’s own domain: with SRS a forwarder puts its own address in place of the sender’s.',
    'spf-bounce-kept': (_facts: ShownFacts) =>
      'SRS changes nothing here: it replaces the sender’s address, and this message has none.',
    'spf-unknown': (_facts: ShownFacts) => 'SPF: not known.',
    'dkim-survives': ({ domain }: ShownFacts) =>
      `DKIM pass: the signature of ${domain} survives a forward that changes nothing.`,
    'dkim-survives-other': ({ domain, from }: ShownFacts) =>
      `DKIM pass, but the signature is ${domain}’s and does not speak for ${from}.`,
    'dkim-ed25519': ({ domain }: ShownFacts) =>
      `DKIM: the signature of ${domain} is good, but of a kind (ed25519) that Gmail does not check.`,
    'dkim-broken': (_facts: ShownFacts) => 'DKIM fail: no signature on it is valid.',
    'dkim-none': (_facts: ShownFacts) =>
      'DKIM none: the sender does not sign, so nothing but SPF could speak for it.',
    'dkim-unknown': (_facts: ShownFacts) => 'DKIM: not known.',
    'dmarc-pass-dkim': ({ from }: ShownFacts) => `DMARC pass: the signature speaks for ${from}.`,
    'dmarc-pass-spf': ({ from }: ShownFacts) => `DMARC pass: SPF speaks for ${from}.`,
    'dmarc-none': ({ from }: ShownFacts) =>
      `DMARC none: ${from} does not publish what is to be done with mail that fails.`,
    'dmarc-fail-none': ({ from }: ShownFacts) => `DMARC fail, but ${from} asks for no consequence (p=none).`,
    'dmarc-fail-quarantine': ({ from }: ShownFacts) =>
      `DMARC fail: nothing would speak for ${from} then, and ${from} asks to treat such mail as spam (p=quarantine).`,
    'dmarc-fail-reject': ({ from }: ShownFacts) =>
      `DMARC fail: nothing would speak for ${from} then, and ${from} asks to refuse such mail (p=reject).`,
    'dmarc-never-quarantine': ({ from }: ShownFacts) =>
      `DMARC fail, with or without a forward: nothing speaks for ${from}, which asks to treat such mail as spam (p=quarantine). Your server took it all the same.`,
    'dmarc-never-reject': ({ from }: ShownFacts) =>
      `DMARC fail, with or without a forward: nothing speaks for ${from}, which asks to refuse such mail (p=reject). Your server took it all the same.`,
    'dmarc-unknown': (_facts: ShownFacts) => 'DMARC: not known.',
    'policy-percent': ({ percent }: ShownFacts) =>
      `The domain’s record asks for that for ${percent} % of such mail (pct=${percent}). The present standard (RFC 9989) has dropped that part, so it holds for all.`,
    unauthenticated: (_facts: ShownFacts) =>
      'Neither SPF nor DKIM passes. Gmail asks every sender for one of them: it refuses such mail (550-5.7.26) or files it as spam.',
    'arc-chain-there': ({ sealer }: ShownFacts) =>
      `The message bears an intact ARC seal of ${sealer}: Gmail may go by what that server saw.`,
    'arc-may-help': (_facts: ShownFacts) =>
      'With ARC your server seals what it saw on arrival. Gmail decides whether to believe that.',
    'arc-not-needed': (_facts: ShownFacts) =>
      'With ARC your server seals what it saw. Here that changes nothing.',
    'arc-nothing-good': (_facts: ShownFacts) =>
      'With ARC your server seals what it saw. That does not help: the message was not all right on arrival.',
    'arc-broken': (_facts: ShownFacts) =>
      'With ARC your server seals what it saw. That does not help: an earlier seal on the message is broken.',
  },
  report: {
    title: (days: string) => `If the mail of the last ${days} days were forwarded (a forecast)`,
    empty: (days: string) => `No verified mail in the last ${days} days.`,
    columns: {
      mailbox: 'Mailbox',
      sender: 'Sender domain',
      messages: 'Mail',
      lost: 'Lost',
      possiblyLost: 'Maybe lost',
      spam: 'Spam',
      softfail: 'SPF fail',
      chart: 'Chart',
    },
    total: 'Total',
    legend: '# lost (refused)   ? maybe lost (refused, or in the spam folder)   + spam folder',
    summary: ({ messages, lost, possiblyLost, spam }: ShownFacts) =>
      `Of ${messages} messages, a forward would lose ${lost}, may lose ${possiblyLost} more, and would put ${spam} into the spam folder. hikyaku imported them as they were.`,
    notKnown: (count: string) => `For ${count} more, what a forward would do is not known.`,
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

const publishesNothing = (domain: string): string =>
  `SPF none: ${domain} does not publish which servers may send for it.`
