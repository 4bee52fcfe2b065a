/**
 * Notes: small facts kept between runs, each written and read by one file alone, which is where its format stands. Here
 * are their names, so that no two files mean different things by one, and whoever opens the journal knows whose each is.
 */
export type NoteName =
  /** pull/steady-clock.ts: the wall clock and the steady one at the latest reading, ms. */
  | 'steady-clock'
  /** pull/under-way.ts, JSON: the messages in hand, and the suspects of earlier unclean ends. */
  | 'under-way'
  /** pull/owner-acted.ts: '1' where the owner did something that a pull is to look at now. */
  | 'check-now'
  /** pull/paused.ts, JSON: the mailboxes that the owner has paused, and since when. */
  | 'paused'
  /** pull/breaker.ts, of an account, JSON: whether it is open, and which messages met what. */
  | 'breaker'
  /** pull/patience.ts, of a mailbox, JSON: the phases that are given more than the usual time. */
  | 'patience'
  /** pull/logins.ts, of a mailbox: the least pause between two logins that its server announced, ms. */
  | 'login-delay'
  /** pull/host-logins.ts, of a host by its preset's id, JSON: its logins of late, of all mailboxes. */
  | 'host-logins'
  /** pull/login-memory.ts, of a mailbox: HMAC of the login that was accepted last. */
  | 'accepted-login'
  /** pull/login-memory.ts, of a mailbox: digest of the settings that its recorded wait is for. */
  | 'wait-of'
  /** pull/list-folders.ts, of a folder: when it was last listed with sizes and dates, ms. */
  | 'whole-listing'
  /** pull/wish.ts, of a folder, JSON: how long its wish is left alone; '' where it is not. */
  | 'wish-wait'
  /** pull/idle-memory.ts, of a folder: 'tells' or 'silent'. */
  | 'idle'
  /** pull/watch-memory.ts, of a mailbox, JSON: whether it is watched, since when, and what ended that. */
  | 'watch'
  /** alerts/alerts.ts, of an account, JSON: what the owner was told of the end of its consent. */
  | 'told'
  /** fleet/login-key.ts, of a fleet: the key of `accepted-login`, as the fleet key of this name wraps it. */
  | 'login-key'
  /** fleet/notice-books.ts, of a fleet, JSON: which worker tells its operator, and until when. */
  | 'teller'
  /** alerts/attendance.ts, JSON: the mailboxes that the daemon looks after. */
  | 'attended'
  /** alerts/attendance.ts, of a mailbox, JSON: when single pulls came. */
  | 'pulls'
  /** commands/pull-quiet.ts, of a mailbox, JSON: of which trouble was printed last, and when. */
  | 'told-quietly'
  /** pull/rule-wishes.ts, of a folder: a digest of the rules that its mail was last judged by. */
  | 'rules'
  /** journal/state.ts, of a mailbox: whose names its messages have. */
  | 'named-by'
  /** journal/postgres/departure.ts, JSON: how it left a fleet, and what of others it took along. */
  | 'left-fleet'
  /** journal/postgres/history.ts: whose commits the database's are. */
  | 'database-history'
  /**
   * journal/postgres/history.ts, of a mailbox: its last good pull when the journal may have lost its last commits, ms, or ''
   * where there was none; what is listed until the next good one may be in Gmail already.
   */
  | 'in-doubt'

/** A note of the whole program (in a fleet: of each mailbox, own-notes.ts), or with the name of the mailbox, account or folder that it is of. */
export type NoteKey = NoteName | `${NoteName} ${string}` | `${NoteName}/${string}`
