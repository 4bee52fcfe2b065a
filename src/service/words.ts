/** What `hikyaku service` says to people, in both languages. */
import type { Language } from '../base/language.ts'

const en = {
  wrote: (file: string) => `Written: ${file}`,
  removed: (file: string) => `Removed: ${file}`,
  nothingToRemove: 'hikyaku is not installed as a service here. Nothing was changed.',
  started: (name: string) => `${name} is on, and starts by itself from now on.`,
  running: (name: string, detail: string) => `${name}: running${detail}`,
  waiting: (name: string, detail: string) => `${name}: waiting for the next pull${detail}`,
  notRunning: (name: string, detail: string) => `${name}: installed, but not running${detail}`,
  notInstalled: 'hikyaku is not installed as a service here. Install it: hikyaku service install',
  linger: (user: string) =>
    `A user's service ends when the user logs out. To keep it running, and to start it with the machine: sudo loginctl enable-linger ${user}`,
  weakSandbox:
    'This system gives users no namespaces, so the service is shut in less tightly. `sudo hikyaku service install --system` gives the whole protection.',
  failed: (command: string, said: string) =>
    `This command failed: ${command}${said ? `\n  It said: ${said}` : ''}\n  Mail stays where it is. Mend the cause and run \`hikyaku service install\` again.`,
  cannotWrite: (file: string, reason: string) =>
    `${file} cannot be written (${reason}). Nothing was changed there.`,
  needsRoot:
    'A system service needs the administrator: sudo hikyaku service install --system. Without: hikyaku service install --user',
  npx: 'hikyaku was started by npx, from a cache that npm empties now and then: a service would stop with it. Install it first: npm install --global hikyaku',
  noServiceManager:
    'Services can be installed with systemd (Linux) and launchd (macOS). Here, have `hikyaku run` started by what this system uses.',
  logs: (command: string) => `Its log: ${command}`,
}

export type ServiceWords = typeof en

const ja: ServiceWords = {
  wrote: file => `書き込みました: ${file}`,
  removed: file => `削除しました: ${file}`,
  nothingToRemove: 'このマシンに hikyaku のサービスは登録されていません。何も変更していません。',
  started: name => `${name} を有効にしました。今後は自動で起動します。`,
  running: (name, detail) => `${name}: 動作中${detail}`,
  waiting: (name, detail) => `${name}: 次の取り込みを待っています${detail}`,
  notRunning: (name, detail) => `${name}: 登録済みですが、動いていません${detail}`,
  notInstalled: 'サービスとして登録されていません。登録するには: hikyaku service install',
  linger: user =>
    `ユーザーのサービスは、ログアウトすると止まります。動かし続け、マシンの起動時にも始めるには: sudo loginctl enable-linger ${user}`,
  weakSandbox:
    'このシステムでは一般ユーザーが名前空間を使えないため、サービスの隔離が弱くなります。`sudo hikyaku service install --system` なら完全に隔離されます。',
  failed: (command, said) =>
    `コマンドが失敗しました: ${command}${said ? `\n  出力: ${said}` : ''}\n  メールは元の場所に残っています。原因を直して、もう一度 \`hikyaku service install\` を実行してください。`,
  cannotWrite: (file, reason) => `${file} に書き込めません(${reason})。そこは変更していません。`,
  needsRoot:
    'システムサービスの登録には管理者権限が必要です: sudo hikyaku service install --system。管理者権限なしの場合: hikyaku service install --user',
  npx: 'hikyaku は npx の一時的なキャッシュから起動されています。キャッシュが消えるとサービスも止まるため、先にインストールしてください: npm install --global hikyaku',
  noServiceManager:
    'サービスとして登録できるのは systemd(Linux)と launchd(macOS)です。このシステムでは、お使いの仕組みから `hikyaku run` を起動してください。',
  logs: command => `ログの見方: ${command}`,
}

export const serviceWords: Readonly<Record<Language, ServiceWords>> = { en, ja }
