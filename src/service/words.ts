/** What `hikyaku service` says to people, in both languages. */
import type { Language } from '../base/language.ts'

const inBrackets = {
  en: (text: string): string => (text === '' ? '' : ` (${text})`),
  ja: (text: string): string => (text === '' ? '' : `（${text}）`),
}

const ofComputer = '/etc/hikyaku'

/** Of Node.js as well: a version manager keeps it in its user's home. */
const installForAll = {
  en: 'Install Node.js and hikyaku where every user has them (the packages of this system, or sudo npm install --global --prefix /usr/local), and run `hikyaku service install` from there.',
  ja: 'Node.js と hikyaku を、すべてのユーザーが使える場所にインストールし（このシステムのパッケージ、または sudo npm install --global --prefix /usr/local）、そこから `hikyaku service install` を実行してください。',
} as const

const en = {
  wrote: (file: string) => `Written: ${file}`,
  removed: (file: string) => `Removed: ${file}`,
  turnedOff: (name: string) =>
    `${name} is off and starts by itself no more. It stays, since the package hikyaku brought it: sudo apt remove hikyaku takes it away.`,
  nothingToRemove: 'hikyaku is not installed as a service here. Nothing was changed.',
  started: (name: string) => `${name} is on, and starts by itself from now on.`,
  running: (name: string, detail: string) => `${name}: running${inBrackets.en(detail)}`,
  waiting: (name: string, detail: string) => `${name}: waiting for the next pull${inBrackets.en(detail)}`,
  notRunning: (name: string, detail: string) => `${name}: installed, but not running${inBrackets.en(detail)}`,
  notInstalled: 'hikyaku is not installed as a service here. Install it: hikyaku service install',
  linger: (user: string) =>
    `A user's service ends when the user logs out. To keep it running, and to start it with the machine: sudo loginctl enable-linger ${user}`,
  weakSandbox:
    'This system gives users no namespaces, so the service is shut in less tightly. `sudo hikyaku service install --system` gives the whole protection.',
  failed: (command: string, said: string, noBus: boolean) =>
    `This command failed: ${command}${said ? `\n  It said: ${said}` : ''}\n  Mail stays where it is. ${noBus ? "A user's service is installed by that user, logged in by himself (SSH, desktop), not by su or sudo." : 'Mend the cause and run `hikyaku service install` again.'}`,
  noSystemd:
    'This computer was not started by systemd (a container, perhaps, or WSL), so there is nothing that would start a service. Nothing was written. Have `hikyaku run` started by what this system uses.',
  wouldNotStart: (fault: string) =>
    `The service would not start, so it was not installed. Read as it would read its settings:\n  ${fault}`,
  cannotRead: (file: string, user: string | undefined) =>
    `The service was not installed: it runs as ${user === undefined ? 'a user of its own' : user} and could not read ${file}.\n  Mail stays where it is. Let others read it (chmod o+r, and o+x for the folders above), or name a user who can: hikyaku service install --system --run-as NAME`,
  hidden: (file: string, folders: string) =>
    `The service was not installed: it would not see ${file}, for it is not shown what lies in ${folders} of this computer.\n  Mail stays where it is. Move it elsewhere, settings to ${ofComputer} for example, and install it again.`,
  programHidden: (file: string, folders: string) =>
    `The service was not installed: it would be started from ${file}, and it is not shown what lies in ${folders} of this computer.\n  Mail stays where it is. ${installForAll.en}`,
  noSuchUser: (user: string) =>
    `The service was not installed: there is no user ${user} on this computer (--run-as).`,
  programClosed: (file: string, user: string | undefined, said: string) =>
    `The service was not installed: it runs as ${user === undefined ? 'a user of its own' : user} and could not be started from ${file}.${said === '' ? '' : `\n  It said: ${said}`}\n  Mail stays where it is. ${installForAll.en}`,
  settingsOfRoot: (from: string, state: string) =>
    `The service was not installed: it runs as a user of its own and could not read ${from}, which is root's.\n  Mail stays where it is. Move settings and state to where a service of the computer has them, and install it again:\n    sudo install -D -m 644 ${from} /etc/hikyaku/config.yaml\n    sudo mv -T ${state} /var/lib/hikyaku\n    sudo hikyaku service install`,
  settingsOfOther: (file: string, again: string) =>
    `The service was not installed: a service of the computer takes no settings from ${file}, which belongs to a user who could change where your passwords go.\n  Mail stays where it is. Put the settings where such a service has them, and install it again:\n    sudo install -D -m 644 ${file} ${ofComputer}/config.yaml\n    ${again}\n  Or let that user install a service of his own: hikyaku service install --user`,
  cannotWrite: (file: string, reason: string) =>
    `${file} cannot be written (${reason}). Nothing was changed there.`,
  needsRoot:
    'A system service needs the administrator: sudo hikyaku service install --system. Without: hikyaku service install --user',
  npx: 'hikyaku was started by npx, from a cache that npm empties now and then: a service would stop with it. Install it first: npm install --global hikyaku',
  loggedInOnly:
    'On Windows hikyaku runs while you are logged in, as you: only then your passwords can be read from the Credential Manager. Without --system and --run-as: hikyaku service install',
  untriedWindows:
    'It runs while you are logged in, without a window. Nobody has tried this on a Windows yet: see with `hikyaku service status` whether it runs.',
  noServiceManager:
    'Services can be installed with systemd (Linux), launchd (macOS) and the Task Scheduler (Windows). Here, have `hikyaku run` started by what this system uses.',
  logs: (command: string) => `Its log: ${command}`,
}

export type ServiceWords = typeof en

const ja: ServiceWords = {
  wrote: file => `書き込みました: ${file}`,
  removed: file => `削除しました: ${file}`,
  turnedOff: name =>
    `${name} を止めました。今後は自動で起動しません。パッケージに含まれるファイルなので残っています。消すには: sudo apt remove hikyaku`,
  nothingToRemove: 'hikyaku のサービスは登録されていません。何も変更していません。',
  started: name => `${name} を有効にしました。今後は自動で起動します。`,
  running: (name, detail) => `${name}: 動作中${inBrackets.ja(detail)}`,
  waiting: (name, detail) => `${name}: 次の取り込みを待っています${inBrackets.ja(detail)}`,
  notRunning: (name, detail) => `${name}: 登録済みですが、動いていません${inBrackets.ja(detail)}`,
  notInstalled: 'サービスとして登録されていません。登録するには: hikyaku service install',
  linger: user =>
    `ユーザーのサービスは、ログアウトすると止まります。ログアウト後も動かし、コンピューターの起動時にも自動で始めるには: sudo loginctl enable-linger ${user}`,
  weakSandbox:
    'このシステムでは一般ユーザーが名前空間を使えないため、サービスの保護（隔離）が一部だけになります。`sudo hikyaku service install --system` なら、すべての保護が有効になります。',
  failed: (command, said, noBus) =>
    `コマンドが失敗しました: ${command}${said ? `\n  出力: ${said}` : ''}\n  メールは元の場所に残っています。${noBus ? 'ユーザーのサービスは、su や sudo ではなく、そのユーザー自身が SSH などでログインして登録してください。' : '原因を直して、もう一度 `hikyaku service install` を実行してください。'}`,
  noSystemd:
    'このコンピューターは systemd で起動していないため（コンテナーや WSL など）、サービスを起動できません。何も書き込んでいません。お使いの仕組みから `hikyaku run` を起動してください。',
  wouldNotStart: fault =>
    `サービスが起動できないため、登録しませんでした。サービスと同じように設定を読むと:\n  ${fault}`,
  cannotRead: (file, user) =>
    `サービスを登録しませんでした。${user === undefined ? 'サービス専用のユーザー' : user} では ${file} を読めません。\n  メールは元の場所に残っています。ほかのユーザーも読めるようにするか（chmod o+r、上のフォルダーは o+x）、読めるユーザーを指定してください: hikyaku service install --system --run-as 名前`,
  hidden: (file, folders) =>
    `サービスを登録しませんでした。このコンピューターの ${folders} の中はサービスからは見えないため、${file} を使えません。\n  メールは元の場所に残っています。別の場所（設定なら ${ofComputer} など）へ移して、もう一度登録してください。`,
  programHidden: (file, folders) =>
    `サービスを登録しませんでした。このコンピューターの ${folders} の中はサービスからは見えないため、${file} を起動できません。\n  メールは元の場所に残っています。${installForAll.ja}`,
  noSuchUser: user =>
    `サービスを登録しませんでした。このコンピューターに ${user} というユーザーはいません（--run-as）。`,
  programClosed: (file, user, said) =>
    `サービスを登録しませんでした。${user === undefined ? 'サービス専用のユーザー' : user} では ${file} を起動できません。${said === '' ? '' : `\n  出力: ${said}`}\n  メールは元の場所に残っています。${installForAll.ja}`,
  settingsOfRoot: (from, state) =>
    `サービスを登録しませんでした。${from} は root のもので、サービス専用のユーザーでは読めません。\n  メールは元の場所に残っています。設定と取り込み記録をコンピューター全体の場所へ移して、もう一度登録してください:\n    sudo install -D -m 644 ${from} /etc/hikyaku/config.yaml\n    sudo mv -T ${state} /var/lib/hikyaku\n    sudo hikyaku service install`,
  settingsOfOther: (file, again) =>
    `サービスを登録しませんでした。${file} は別のユーザーのものです。そのユーザーがパスワードの送り先を変えられるため、コンピューター全体のサービスでは使いません。\n  メールは元の場所に残っています。設定をコンピューター全体の場所へ写して、もう一度登録してください:\n    sudo install -D -m 644 ${file} ${ofComputer}/config.yaml\n    ${again}\n  または、そのユーザー自身のサービスとして登録してください: hikyaku service install --user`,
  cannotWrite: (file, reason) => `${file} に書き込めません（${reason}）。そこは変更していません。`,
  needsRoot:
    'システムサービスの登録には管理者権限が必要です: sudo hikyaku service install --system。管理者権限なしの場合: hikyaku service install --user',
  npx: 'hikyaku は npx の一時的なキャッシュから起動されています。キャッシュが消えるとサービスも止まるため、先にインストールしてください: npm install --global hikyaku',
  loggedInOnly:
    'Windows では、ログオンしている間、ご自分の権限で動きます。資格情報マネージャーのパスワードを読めるのが、そのときだけだからです。--system と --run-as を付けずに実行してください: hikyaku service install',
  untriedWindows:
    'ログオンしている間、ウィンドウを表示せずに動きます。実際の Windows ではまだ試していません。動いているかどうかを `hikyaku service status` で確かめてください。',
  noServiceManager:
    'サービスとして登録できるのは systemd（Linux）、launchd（macOS）、タスク スケジューラ（Windows）です。このシステムでは、お使いの仕組みから `hikyaku run` を起動してください。',
  logs: command => `ログの見方: ${command}`,
}

export const serviceWords: Readonly<Record<Language, ServiceWords>> = { en, ja }
