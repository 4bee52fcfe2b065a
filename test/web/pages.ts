/**
 * The table of pages: whatever is said of all pages (test/web/browser.test.ts) is said of those that stand here. A new page is a
 * line of it.
 */
export interface PageToLook {
  /** Of its picture, and in what a test says. */
  readonly name: string
  /** Behind the session's own path; for strangers' pages behind the address. */
  readonly path: string
  /** What is there once the page is whole. */
  readonly ready: string
  /** Shown to whom was not let in. */
  readonly isStrangers?: true
}

export const pages: readonly PageToLook[] = [
  { name: 'overview', path: '', ready: '#mailboxes article svg.spark' },
  { name: 'messages', path: 'messages', ready: 'tbody tr' },
  { name: 'search', path: 'messages?stage=waiting&domain=&q=', ready: 'details[open] form' },
  { name: 'forwarding', path: 'forwarding', ready: 'figure .bars li' },
  { name: 'aside', path: 'aside', ready: '#aside article' },
  { name: 'settings', path: 'settings', ready: 'table.settings' },
  { name: 'settle', path: 'settle?mailbox=owner%40127.0.0.1', ready: 'main code' },
  { name: 'closed', path: 'nobody/', ready: 'main code', isStrangers: true },
]
