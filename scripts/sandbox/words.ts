/** What the sandbox itself says, in both languages; the rest is the daemon's log. */
import type { Language } from '../../src/base/language.ts'

const en = {
  forever: (protocol: string, server: string) =>
    `Sandbox: ${protocol} mailbox (${server}) -> hikyaku run -> Gmail stand-in. Ctrl-C ends it.`,
  waiting: (messages: number, protocol: string, server: string) =>
    `${messages} messages wait in the ${protocol} mailbox (${server}); the daemon starts.`,
  servers: { 'stand-in': 'stand-in', dovecot: 'dovecot' },
  arrives: (serial: number) => `Mail ${serial} arrives in the mailbox`,
  inGmail: (id: string, octets: number, after: string, isIdentical: boolean) =>
    `  -> Gmail ${id}  ${String(octets).padStart(6)} octets  after ${after} s  ${isIdentical ? 'identical octets' : 'OCTETS DIFFER'}`,
  ended: 'The daemon ended by itself.',
  /** With the page. */
  page: (protocol: string, server: string) =>
    `Sandbox: ${protocol} mailbox (${server}) -> hikyaku run -> Gmail stand-in, and the page that shows it.`,
  watch: (minutes: number) =>
    `Mail arrives every three seconds, and the page shows it. Enter: another link. Ctrl-C ends it; it ends by itself in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
  passing: {
    large: 'A large mail arrives (8 MB)',
    refused: 'A mail arrives that Gmail refuses: the page says why, and what to do',
  },
  passed: (count: number) => `  -> ${count} messages in Gmail`,
}

type SandboxWords = typeof en

const ja: SandboxWords = {
  forever: (protocol, server) =>
    `練習用の ${protocol} メールボックス（${server}） -> hikyaku run -> 練習用の Gmail。Ctrl+C で終わります。`,
  waiting: (messages, protocol, server) =>
    `練習用の ${protocol} メールボックス（${server}）に ${messages} 通あります。hikyaku を起動します。`,
  servers: { 'stand-in': '代わりのサーバー', dovecot: 'Dovecot' },
  arrives: serial => `メールボックスに ${serial} 通目が届きました`,
  inGmail: (id, octets, after, isIdentical) =>
    `  -> Gmail ${id}  ${String(octets).padStart(6)} バイト  ${after} 秒後  ${isIdentical ? '完全に一致' : '内容が違います'}`,
  ended: 'hikyaku が自分で終了しました。',
  page: (protocol, server) =>
    `練習用の ${protocol} メールボックス（${server}） -> hikyaku run -> 練習用の Gmail。その様子をページで見られます。`,
  watch: minutes =>
    `3 秒ごとにメールが届き、ページに表示されます。Enter で新しいリンクを表示します。Ctrl+C で終わります（${minutes} 分後に自動で終わります）。`,
  passing: {
    large: '大きなメール（8 MB）が届きました',
    refused: 'Gmail が受け付けないメールが届きました。理由と対処がページに表示されます',
  },
  passed: count => `  -> Gmail に ${count} 通`,
}

export const sandboxWords: Readonly<Record<Language, SandboxWords>> = { en, ja }
