/**
 * What the runs of this folder came to, with the library that they were made against. A new version of it is to be
 * run through all of them (`HIKYAKU_REQUIRE_SERVERS=1 npm test -- suites`); then this file and the tables in
 * docs/authentication.md and its Japanese twin are brought up to date.
 */
export const figures = {
  library: '7.1.0',
  /** Cases of which every one is as the RFC asks. */
  spf: 203,
  /** Those of them whose client has a private address, which a Received line does not make known. */
  spfOfPrivateClients: 16,
  dkim: 139,
  arc: 165,
  /** Drawn messages, of which in none two other verifiers stand against ours. */
  drawn: 500,
  /** Beside other verifiers: cases, and how many of them they judge otherwise than we do, with the reason in the test. */
  beside: {
    pyspf: { cases: 500, explained: 26 },
    dkimpy: { cases: 139, explained: 15 },
    'Mail::DKIM': { cases: 139, explained: 20 },
    OpenDKIM: { cases: 139, explained: 7 },
    'dkimpy, ARC': { cases: 165, explained: 17 },
    'Mail::DKIM, ARC': { cases: 165, explained: 16 },
    OpenDMARC: { cases: 1000, explained: 42 },
    authres: { cases: 51, explained: 11 },
  },
} as const
