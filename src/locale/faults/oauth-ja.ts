/** メールボックスのアクセス トークン: ログイン先のサービスが、ログイン・アプリ・要求について答えたこと。 */
import { lookUp } from '../../base/look-up.ts'
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { answer, because, byItself, stopped, text, waits } from './phrases-ja.ts'

const provider = (f: Facts): string => f.get('provider') ?? f.or('host', 'ログイン先のサービス')
/** Microsoft のコードも示す。サポートや管理者が調べるときに使うため。 */
const said = (f: Facts): string =>
  f.with('words', words => {
    const code = f.get('code')
    const named = code === undefined || words.includes(code) ? '' : `${code}: `
    return `${provider(f)} の応答:「${named}${words}」`
  }) || f.with('code', code => `${provider(f)} のコード: ${code}。`)

const again =
  '`hikyaku setup password` を実行して、もう一度ログインしてください。動作中の hikyaku には自動で反映されます。'
const askAdministrator = '組織の管理者に'

/** サービス自身のコードが示す理由。 */
const whys: Readonly<Record<string, readonly [why: string, next: string]>> = {
  revoked: [
    'ログインが取り消されました（パスワードの変更、すべてのデバイスからのサインアウト、管理者による取り消しなど）',
    again,
  ],
  unused: ['長いあいだ使われなかったため、期限が切れました（Microsoft では 90 日）', again],
  'sign-in-frequency': [
    '組織の設定により、一定の期間ごとにログインし直す必要があります',
    `${again}数日ごとに繰り返す場合は、${askAdministrator}ログインの頻度（条件付きアクセス）を確認するか、アプリ自身によるアクセス（docs/microsoft.ja.md）を相談してください。`,
  ],
  'single-page-app': [
    'アプリが「シングルページ アプリケーション」として登録されており、ログインが 1 日で切れます',
    'アプリの登録で「モバイル アプリケーションとデスクトップ アプリケーション」を使い（docs/microsoft.ja.md）、`hikyaku setup password` を実行してください。',
  ],
  consent: ['メールを読む許可がないか、取り消されました', again],
  'admin-consent': [
    '先に管理者がアプリを許可する必要があります',
    `${askAdministrator}アプリへの同意を依頼し（docs/microsoft.ja.md）、そのあと \`hikyaku setup password\` を実行してください。`,
  ],
  'second-factor': ['多要素認証（2 段階の確認）が必要になりました', again],
  'conditional-access': [
    '組織のポリシー（条件付きアクセス）で禁止されています',
    `${askAdministrator}どのポリシーによるものか確認してください（Entra のログイン記録をコードで調べられます）。ポリシーが許す場合に限り、ログインし直すと直ります。`,
  ],
  device: [
    '組織が認めたデバイスが必要ですが、このデバイスは無効か、登録されていません',
    `${askAdministrator}確認してください。または、別のデバイスを使って \`hikyaku setup password\` でログインしてください。`,
  ],
  'no-such-user': [
    'このアカウントは見つかりません。別のアカウントでログインしたか、テナントがアカウントのものと違います',
    'テナント（`MAIL_OAUTH_TENANT`）とログインするアカウントを確認し、`hikyaku setup password` を実行してください。',
  ],
  'user-disabled': [
    'アカウントが無効になっています',
    `${askAdministrator}有効にするよう依頼し、そのあと \`hikyaku setup password\` を実行してください。`,
  ],
  'user-locked': [
    'アカウントが一時的にロックされています（ログインの失敗が続いたか、不審な場所からのログイン）',
    'ブラウザーでアカウントにログインして画面の指示に従い、そのあと `hikyaku setup password` を実行してください。',
  ],
  'wrong-password': [
    'アカウントのパスワードが違うか、期限が切れています',
    'ブラウザーでアカウントにログインし（求められたらパスワードを変更し）、そのあと `hikyaku setup password` を実行してください。',
  ],
  'not-assigned': [
    'アカウントがアプリに割り当てられていません',
    `${askAdministrator}割り当てを依頼し（エンタープライズ アプリケーションの「ユーザーとグループ」）、そのあと \`hikyaku setup password\` を実行してください。`,
  ],
  'no-such-app': [
    'このクライアント ID のアプリがテナントにありません',
    'クライアント ID（`MAIL_OAUTH_CLIENT_ID`）とテナント（`MAIL_OAUTH_TENANT`）を、アプリの登録と照らし合わせてください。',
  ],
  'app-disabled': ['アプリが無効になっています', 'アプリの登録で有効にするか、管理者に依頼してください。'],
  'public-flows-off': [
    'アプリがパブリック クライアントではなく、シークレットも送られていません',
    'アプリの登録の「認証」で「パブリック クライアント フローを許可する」を「はい」にするか、クライアント シークレット（`MAIL_OAUTH_CLIENT_SECRET`）を指定してください。',
  ],
  'app-is-public': [
    'アプリはパブリック クライアントなので、シークレットを使いません',
    'クライアント シークレットや証明書を設定から外してください。',
  ],
  'wrong-secret': [
    'クライアント シークレットが違います',
    'シークレットの ID ではなく「値」が必要です。アプリの登録の「証明書とシークレット」で新しく作り、古いものと置き換えてください。',
  ],
  'secret-ended': [
    'クライアント シークレットの期限が切れました',
    'アプリの登録の「証明書とシークレット」で新しく作り、古いものと置き換えてください。',
  ],
  'wrong-assertion': [
    '証明書がアプリのものではないか、このコンピューターの時計が合っていません',
    'アプリの登録の「証明書とシークレット」に証明書をアップロードし、時計も確認してください。',
  ],
  'no-such-tenant': ['テナントが見つかりません', 'テナント（`MAIL_OAUTH_TENANT`）を確認してください。'],
  'account-kind': [
    'アプリまたはテナントが、この種類のアカウントに合っていません',
    '個人アカウントには、個人アカウント用のアプリとテナント `consumers`（または `common`）が必要です。職場または学校のアカウントには、そのテナントの ID を使います。',
  ],
  'no-such-resource': [
    'このテナントには Exchange Online がありません',
    'テナントを確認してください。メールボックスのある Exchange Online が必要です。',
  ],
  permissions: [
    'アプリの登録に、メールのアクセス権がありません',
    'docs/microsoft.ja.md のアクセス権をアプリの登録に追加し、`hikyaku setup password` を実行してください。',
  ],
  redirect: [
    'アプリの登録に、ブラウザーが戻ってくるアドレスがありません',
    'アプリの登録の「モバイル アプリケーションとデスクトップ アプリケーション」に `http://localhost` を追加するか、コードでログインしてください。',
  ],
}

const why = (f: Facts): readonly [why: string, next: string] | undefined => lookUp(whys, f.or('reason', ''))
const whyWords = (f: Facts): string => {
  const [words] = why(f) ?? []
  return words === undefined ? '' : `${words}。`
}

export const ja: FaultTexts<'oauth'> = {
  'oauth.sign-in-missing': f =>
    text(
      `このメールボックス用に ${provider(f)} へのログインがまだ行われていません。`,
      stopped,
      '`hikyaku setup password` を実行してログインしてください。',
    ),
  'oauth.sign-in-ended': f =>
    text(
      `${provider(f)} へのログインが使えなくなりました。${whyWords(f)}${said(f)}`,
      stopped,
      why(f)?.[1] ?? again,
    ),
  'oauth.sign-in-failed': f =>
    text(
      `${provider(f)} へのログインができませんでした${because(f)}。${said(f)}`,
      'メールは失われません。何も変更しておらず、これまでの設定を引き続き使います。',
      '同じコマンドをもう一度実行してください。',
    ),
  'oauth.scope-missing': f =>
    text(
      `${provider(f)} へのログインに、必要な許可が含まれていません${f.with('what', what => `（不足: ${what}）`)}。`,
      stopped,
      'アプリの登録にアクセス権を追加し（docs/microsoft.ja.md）、`hikyaku setup password` を実行して、求められた許可すべてに同意してください。',
    ),
  'oauth.client-refused': f =>
    text(
      `${provider(f)} がアプリを受け付けません。${whyWords(f)}${said(f)}`,
      stopped,
      why(f)?.[1] ??
        '設定のクライアント ID、クライアント シークレット、テナントを、アプリの登録と照らし合わせてください（docs/microsoft.ja.md）。',
    ),
  'oauth.request-refused': f =>
    text(
      `この設定では ${provider(f)} からトークンを受け取れません。${whyWords(f)}${said(f)}`,
      stopped,
      why(f)?.[1] ??
        'テナント、クライアント ID、アプリのアクセス権を確認してください（docs/microsoft.ja.md）。',
    ),
  'oauth.unknown-answer': f =>
    text(`${provider(f)} から想定外の応答がありました${answer(f)}。${said(f)}`, waits, byItself),
  'oauth.server': f =>
    text(`${provider(f)} に一時的な問題が起きています${answer(f)}。${said(f)}`, waits, byItself),
  'oauth.limited': f =>
    text(
      `${provider(f)} から、要求の回数を減らすよう求められました。${said(f)}`,
      waits,
      '操作は不要です。指示された時間だけ待って、自動で再開します。',
    ),
  'oauth.unreachable': f =>
    text(
      `ログイン先のサービス${f.with('host', host => `（${host}）`)}に接続できません${because(f)}。`,
      waits,
      `${byItself}続く場合は、このコンピューターのインターネット接続を確認してください。`,
    ),
  'oauth.not-provider': f =>
    text(
      `${f.or('host', 'ログイン先のサービス')} の代わりに別のものが応答しました。ホテルや会社のネットワークが割り込んでいる可能性があります。`,
      `${waits}この応答は使っていません。`,
      'このネットワークがログインを求めている場合は、ブラウザーでログインしてください。または別のネットワークを使ってください。',
    ),
}
