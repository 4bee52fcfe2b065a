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
}

export const sandboxWords: Readonly<Record<Language, SandboxWords>> = { en, ja }
