/** Every row of the fault matrix: its id and what goes wrong in it. Tests begin their titles with these ids. */
export const matrix = {
  A1: 'killed before anything was retrieved',
  A2: 'killed amid the octets of a message',
  A6: 'killed between retrieval and the record of intent',
  A7: 'killed before the upload left',
  A8: 'killed after Gmail took the message in, before the answer was read',
  A9: 'the same for a message without Message-ID',
  A10: "killed between Gmail's answer and its record",
  A11: 'killed between the record and the deletion at the source',
  A12: 'killed between DELE and QUIT',
  A13: 'killed between QUIT and its record',
  A15: 'power cut or kill while the journal writes',
  A16: 'killed during recovery, again and again',
  A17: 'SIGTERM at any step',
  A18: 'two instances at once',
  A19: 'state directory restored from an old backup',
  B1: 'POP3 connection cut or silent at any line or octet',
  B2: 'POP3 login refused: lock, delay, trouble, rate limit',
  B3: 'QUIT unanswered, refused or cut off',
  B4: 'maildrop that says it deletes and does not',
  B5: 'message vanishes between listing and retrieval',
  B6: 'all UIDLs change at once',
  B7: 'UIDLs doubled or reused, the same mail twice',
  B8: 'no UIDL, or one of no use',
  B9: 'LIST with wrong sizes, missing and surplus lines',
  B10: 'message cut short but properly ended',
  B11: 'octets that invite mistakes: dots, line ends, NUL, huge lines, nothing at all',
  B12: 'message that trickles in',
  B13: 'CAPA that hangs or lists garbage',
  B14: 'large backlog while new mail arrives',
  B15: 'message that is too large',
  B16: 'pseudo message of a mailbox format',
  B17: 'address banned for an hour',
  C1: 'UIDVALIDITY changes, is missing or zero',
  C2: 'UIDs reused, out of order, or the last one again and again',
  C3: 'FETCH that answers nothing, NO, another message, or something in between',
  C4: 'literals that are longer, shorter, huge, or quoted strings',
  C5: 'IDLE that dies silently or tells of nothing',
  C6: 'server without IDLE, UIDPLUS, MOVE or SEARCH',
  C7: 'another client at work in the same folder',
  C8: 'PREAUTH, STARTTLS taken out, octets injected before TLS',
  C9: 'limits, alerts and temporary refusals over IMAP',
  C10: 'folder renamed, deleted, not selectable, oddly named',
  D1: 'rate limits of Gmail, with and without an instant',
  D2: 'server error of Gmail before or after it took the message in',
  D3: 'upload or answer lost, cut or of no use',
  D4: 'trouble amid a resumable upload',
  D5: 'Gmail refuses a message, with or without a reason',
  D6: 'tokens, consent, scopes, API or account out of order',
  D7: 'Gmail is full',
  D8: 'the same Message-ID twice',
  D9: 'the owner deleted the message in Gmail',
  D10: 'message over the limit of Gmail',
  D11: 'look-up in Gmail fails or lags',
  D12: 'somebody else answers for Google',
  D13: 'names do not resolve, on one side only',
  E1: 'disk full',
  E2: 'other refusals of the disk, too few file handles',
  E3: 'journal damaged, cut, missing, newer or locked',
  E5: 'clock jumps, machine sleeps',
  E6: 'secrets that others may read',
  E7: 'many large messages and little memory',
  E8: 'upgrade and downgrade',
  E9: 'configuration changed',
  E10: 'hostile text on its way to the log',
  G4: 'POP3 server that sends without end',
  G5: 'IMAP server that answers without end or asks for memory',
  G6: 'trickle that holds a pull',
  G7: 'spool that would use up the disk',
  G8: 'a stray .env in the current folder',
  G9: 'a secret asked for another destination',
  G13: 'certificates and TLS versions, whatever the environment says',
  G14: 'local neighbours: inspector, callback listener, core file',
  G15: "another Google account's permission, at the sign-in, in the vault or in a variable",
  G16: 'a neighbour in the sign-in: the arguments, the one-time address, a code of his own',
  G17: 'a message at which the process dies twice',
  G18: 'no home, no name, no entry in passwd',
  F1: 'a folder vanishes',
  F2: 'a message never comes for days',
  F3: 'a wish that cannot be carried out is told',
  F4: "the daemon's fatal end is told",
  F5: 'nobody looks after a mailbox',
  G10: 'another user races what root writes in his folder',
  G11: 'files that others may read',
  G12: 'lock left by a dead process',
} as const satisfies Record<string, string>

export type RowId = keyof typeof matrix

const isRowId = (id: string): id is RowId => Object.hasOwn(matrix, id)

/** The rows that a test's title begins with (`B6, B7: ...`), or a range at its end (`... (A1 to A13)`). */
export function rowsOf(title: string): readonly RowId[] {
  const begin = /^[A-G]\d+(?:, [A-G]\d+)*(?=:)/.exec(title)?.[0].split(', ') ?? []
  const [, letter, first, last] = /\(([A-G])(\d+) to \1(\d+)\)$/.exec(title) ?? []
  const range = Object.keys(matrix).filter(id => {
    const number = Number(id.slice(1))
    return id[0] === letter && number >= Number(first) && number <= Number(last)
  })
  const unknown = begin.filter(id => !isRowId(id))
  if (unknown.length > 0) throw new Error(`the matrix has no row ${unknown.join(', ')}: ${title}`)
  return [...begin, ...range].filter(isRowId)
}
