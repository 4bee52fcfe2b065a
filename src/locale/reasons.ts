/** Machines' reasons in words: system error codes and our own short names. What is not here is shown as it is. */
import type { Language } from './words.ts'

const reasons: Readonly<Record<string, readonly [en: string, ja: string]>> = {
  ENOENT: ['there is no such file', 'ファイルがありません'],
  EACCES: ['not allowed', '権限がありません'],
  EPERM: ['not allowed', '権限がありません'],
  EISDIR: ['it is a folder', 'フォルダーです'],
  ENOTDIR: ['a part of the path is not a folder', 'パスの途中がフォルダーではありません'],
  ELOOP: ['the links go round in a circle', 'リンクが循環しています'],
  EMFILE: ['too many files are open', '開いているファイルが多すぎます'],
  ENOSPC: ['the disk is full', 'ディスクの空き容量がありません'],
  EDQUOT: ['the quota is used up', '割り当て容量を超えています'],
  EROFS: ['the disk can only be read', 'ディスクが読み取り専用です'],
  EIO: ['the disk reports an error', 'ディスクの読み書きエラー'],
  ECONNREFUSED: ['connection refused', '接続が拒否されました'],
  ECONNRESET: ['connection reset', '接続が切断されました'],
  EPIPE: ['connection closed', '接続が閉じられました'],
  ETIMEDOUT: ['no answer', '応答がありません'],
  EHOSTUNREACH: ['no way to that computer', '相手に到達できません'],
  ENETUNREACH: ['no network', 'ネットワークに接続されていません'],
  ENETDOWN: ['no network', 'ネットワークに接続されていません'],
  ENOTFOUND: ['name not found', '名前が見つかりません'],
  EAI_AGAIN: ['the name service does not answer', 'DNS の応答がありません'],
  permissions: ['other users can read it', 'ほかのユーザーも読み取れます'],
  empty: ['it is empty', '中身が空です'],
  damaged: ['it is damaged', '壊れています'],
  locked: ['it is locked', 'ロックされています'],
  'not-a-file': ['it is not a file', 'ファイルではありません'],
  'too-large': ['it is too large', 'サイズが大きすぎます'],
  'not-utf-8': ['it is not saved as UTF-8', 'UTF-8 で保存されていません'],
  'both-given': ['the value and a file are both given', '値とファイルの両方が指定されています'],
  'read-only': ['it can only be read', '読み取り専用です'],
  timeout: ['no answer in time', '時間内に応答がありません'],
}

export function reasonText(reason: string, language: Language): string {
  return (Object.hasOwn(reasons, reason) ? reasons[reason] : undefined)?.[language === 'ja' ? 1 : 0] ?? reason
}
