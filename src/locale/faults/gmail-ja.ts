/** Gmail と Google の応答（メール 1 通について、アカウントについて）。 */
import type { FaultTexts } from '../fault-texts.ts'
import { describeFolder } from '../reasons.ts'
import { account, answer, because, byItself, google, stays, stopped, text, waits } from './phrases-ja.ts'

export const ja: FaultTexts<'gmail'> = {
  // メール 1 通への Gmail の応答
  'gmail.message-refused': f =>
    text(
      `Gmail がこのメールを受け付けませんでした。${google(f)}`,
      `${stays}元のメールボックスから削除することはありません。`,
      `サーバー会社の Web メールでお読みください。Gmail の検査を通さない方法（insert）で入れるには、${f.setting('WHEN_REFUSED', 'insert')} を設定して \`hikyaku retry\` を実行してください。`,
    ),
  'gmail.message-unexplained': f =>
    text(
      `Gmail が理由を示さずにメールの取り込みを断りました。${google(f)}`,
      stays,
      '操作は不要です。一時的なことが多いため、時間をおいて再試行します。',
    ),
  'gmail.label': f =>
    text(
      `Gmail にラベル${f.with('labels', labels => `「${labels}」`)}が見つかりません。削除されたか、名前が変わった可能性があります。${google(f)}`,
      waits,
      '操作は不要です。ラベルを読み込み直し、足りないものは作成します。',
    ),
  'gmail.label-refused': f =>
    text(
      f.get('phase') === 'upload'
        ? `Gmail が、取り込むメールにラベル${f.with('labels', name => `「${name}」`)}を付けることを拒否しました。${google(f)}`
        : `Gmail のラベル${f.with('labels', name => `「${name}」`)}を使えません。${google(f)}`,
      'メールは失われません。このラベルを付けずに取り込みを続けています。',
      f.get('scope') === undefined
        ? `別の名前を選ぶか（${f.setting('GMAIL_LABELS')}、またはフォルダーの \`labels\`）、Gmail でこのラベルを手動で作成してください。ラベルが多すぎるという応答なら、Gmail で不要なラベルを削除してください。hikyaku は自動で再試行します。`
        : '`hikyaku setup google` を実行してもう一度ログインし、Google の画面ですべての項目にチェックを入れてください。または、このラベルを設定から外してください。',
    ),
  'gmail.unknown-answer': f =>
    text(
      `Gmail から想定外の応答がありました${answer(f)}。${google(f)}`,
      // メール以外（トークン、ラベル）への応答なら、そのアカウント全体が待つ。
      f.get('phase') === undefined ? stays : waits,
      byItself,
    ),
  'gmail.outcome-unknown': f =>
    text(
      f.get('status') === undefined
        ? 'Gmail の応答を受け取る前に接続が切れたため、メールが届いたかどうかわかりません。'
        : `Gmail の応答${answer(f)}からは、メールが届いたかどうかわかりません。${google(f)}`,
      'このメールは元のメールボックスに残ります。送り直す前に、届いているかどうかを確かめます。',
      byItself,
    ),
  'gmail.ask-owner': f =>
    text(
      'Gmail にすでに届いているかどうか確認できないメールがあります。このような場合はご自身で判断する設定になっています。',
      'このメールは元のメールボックスに残ります。Gmail にも届いている可能性があります。',
      `Gmail で検索し、見つからなければ \`hikyaku retry\` を実行してください。${f.setting('WHEN_OUTCOME_UNKNOWN', 'repeat')} にすると自動で送り直します。`,
    ),
  'gmail.cannot-append': () =>
    text(
      'メールに値が 0 のバイト（NUL）が含まれています。アプリ パスワードの方法（IMAP）では送れません。',
      stays,
      'サーバー会社の Web メールでお読みください。Gmail の取り込み（import）なら入れられます。`hikyaku setup google` で切り替え、`hikyaku retry` を実行してください。',
    ),
  'gmail.folder-hidden': f =>
    text(
      `このメールを入れるフォルダー${f.with('folder', use => `（${describeFolder(use, 'ja')}）`)}を、Gmail が IMAP に表示していません。`,
      stays,
      'Gmail の「設定」→「ラベル」で、そのフォルダーの「IMAP で表示」にチェックを入れてください。自動で再試行します。',
    ),
  // Gmail / Google アカウント
  'gmail.rate-limited': f =>
    text(
      `Gmail から速度を落とすよう求められました${f.with('seconds', s => `（${s} 秒間）`)}。${google(f)}`,
      waits,
      '操作は不要です。少し待ち、速度を落として続けます。たまったメールが多いときにはよくあることです。',
    ),
  'gmail.daily-limit': f =>
    text(
      `Gmail の 1 日の上限に達しました。${google(f)}`,
      waits,
      '操作は不要です。遅くとも明日には自動で再開します。',
    ),
  'gmail.storage-full': f =>
    text(
      `Google アカウント${account(f)}の保存容量がいっぱいです。${google(f)}`,
      stopped,
      'https://one.google.com/storage で不要なデータを削除するか、容量を追加してください。空きができれば自動で再開します。',
    ),
  'gmail.server': f =>
    text(`Gmail 側で一時的な障害が起きています${answer(f)}。${google(f)}`, waits, byItself),
  'gmail.unreachable': f =>
    text(
      `Gmail に接続できません${f.with('host', host => `（${host}）`)}${because(f)}。`,
      waits,
      `${byItself}長く続く場合は、このコンピューターのインターネット接続をご確認ください。`,
    ),
  'gmail.not-google': f =>
    text(
      `Gmail の代わりに、Google ではない相手が応答しました${f.with('host', host => `（${host}）`)}。公衆 Wi-Fi や社内ネットワークが通信に割り込んでいる可能性があります。${f.with('words', words => `相手の応答:「${words}」`)}`,
      `${waits}相手には何も渡していません。`,
      'ネットワークへのログインが必要な場合は、ブラウザーでログインしてください。別のネットワークを使う方法もあります。',
    ),
  'gmail.unauthorized': f =>
    text(
      `Google アカウント${account(f)}へのログインが無効になりました。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度ログインしてください。動作中の hikyaku は自動で再開します。',
    ),
  'gmail.consent-ended': f =>
    text(
      `Google アカウント${account(f)}へのアクセス権が無効になりました（期限切れまたは取り消し）。アクセス権の取り消し、Google のパスワード変更、6 か月間の未使用のほか、Google のプロジェクトが「テスト」状態のときは 7 日で無効になります。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度ログインしてください。毎週無効になる場合は、Google Cloud の「対象」ページで「アプリを公開」を選んでください。',
    ),
  'gmail.consent-missing': f =>
    text(
      `Google アカウント${account(f)}へのアクセス権がまだありません${because(f)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、ログインしてください。',
    ),
  'gmail.scope-missing': f =>
    text(
      `Google アカウント${account(f)}で、必要なアクセス権の一部がありません${f.with('what', what => `（不足: ${what}）`)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行してもう一度ログインし、Google の画面ですべての項目にチェックを入れてください。',
    ),
  'gmail.session-control': f =>
    text(
      `Google アカウント${account(f)}の再認証が求められています。組織の管理者が Google へのログインの有効時間を制限しているためです（Google Workspace のセッション管理）。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度ログインしてください。数時間から数日でまた求められないようにするには、管理者にご相談ください。管理コンソールの「セキュリティ」→「Google Cloud のセッション管理」（再認証ポリシー）で信頼できるアプリを除外し、「API の制御」でこのクライアントを信頼できるアプリにします。「アプリを公開」では解決しません。',
    ),
  'gmail.client-invalid': f =>
    text(
      `Google のクライアント ID かクライアント シークレットが正しくありません${because(f)}。${google(f)}`,
      stopped,
      `${f.setting('GOOGLE_CLIENT_ID')} ${f.placeOf('GOOGLE_CLIENT_SECRET').isKept ? '' : `と ${f.setting('GOOGLE_CLIENT_SECRET')} `}を、Google Cloud の「デスクトップ アプリ」クライアントの JSON ファイルと見比べてください。新しいクライアントを作り直し、\`hikyaku setup google --client-file ファイル\` を実行する方法もあります。`,
    ),
  'gmail.client-mismatch': f =>
    text(
      `Google アカウント${account(f)}のアクセス権は、設定とは別のクライアントに与えられたものです${because(f)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、いま使っているクライアントでもう一度ログインしてください。',
    ),
  'gmail.client-disabled': f =>
    text(
      `Google のクライアントが削除されたか、無効になっています${because(f)}。${google(f)}`,
      stopped,
      'Google Cloud の「クライアント」ページをご確認ください。削除したクライアントは 30 日以内なら復元でき、無効になったものには理由が示されます。新しいクライアントを作り、`hikyaku setup google --client-file ファイル` を実行する方法もあります。',
    ),
  'gmail.service-account': f =>
    text(
      `サービス アカウントが Google アカウント${account(f)}の代わりに操作することを、Google が認めていません${because(f)}。${google(f)}`,
      stopped,
      `${f.setting('GMAIL_ACCOUNT')} が Workspace の有効なユーザーであること、鍵がサービス アカウントの「鍵」ページに残っていること、このコンピューターの時計が正しいこと、管理コンソールの「セキュリティ」→「API の制御」→「ドメイン全体の委任」でそのクライアント ID に gmail.insert と gmail.labels が許可されていることをご確認ください。`,
    ),
  'gmail.project-refused': f =>
    text(
      `Google のプロジェクト（クライアント ID のプロジェクト）が Google に拒否されています${because(f)}。${google(f)}`,
      stopped,
      'https://console.cloud.google.com でプロジェクトを選び、お知らせをご確認ください。停止、削除、請求先の未設定などが考えられます。直せない場合は、新しいプロジェクトを作って `hikyaku setup google` を実行してください。Google が受け付けるようになれば自動で再開します。',
    ),
  'gmail.admin-policy': f =>
    text(
      `Google アカウント${account(f)}の管理者が、このアプリによる Gmail の利用を許可していません${because(f)}。${google(f)}`,
      stopped,
      '管理者に、管理コンソールの「セキュリティ」→「API の制御」→「アプリのアクセス制御」でクライアント ID を信頼できるアプリにするよう依頼し、そのあと `hikyaku setup google` を実行してください。',
    ),
  'gmail.org-internal': f =>
    text(
      `Google のプロジェクトがその組織の内部専用で、Google アカウント${account(f)}は組織に含まれていません${because(f)}。${google(f)}`,
      stopped,
      'Google Cloud の「対象」ページで「外部」を選んでアプリを公開するか、`hikyaku setup google` でその組織のアカウントにログインしてください。',
    ),
  'gmail.account-refused': f =>
    text(
      `Google が現在、アカウント${account(f)}へのメールを受け付けていません${answer(f)}${f.with('reason', reason => `（${reason}）`)}。${google(f)}`,
      waits,
      `${byItself}Google の応答をお読みください。ブラウザーで Gmail にログインし、Google Cloud のプロジェクトも開いて、お知らせがないかご確認ください。会社や学校のアカウントの場合は、管理者にご相談ください。`,
    ),
  'gmail.account-unexplained': f =>
    text(
      `Gmail が別々のメールの取り込みを続けて断りました${answer(f)}${f.with('reason', reason => `（${reason}）`)}。メールではなく、アカウント${account(f)}に原因があると考えられます。${google(f)}`,
      waits,
      '操作は不要です。ときどき 1 通ずつ試し、Gmail が受け付けるようになれば、すべて自動で取り込みます。長く続く場合は、ブラウザーで Gmail にログインし、Google からのお知らせがないかご確認ください。',
    ),
  'gmail.api-disabled': f =>
    text(
      `Google のプロジェクトで Gmail API が有効になっていません。${google(f)}`,
      stopped,
      'https://console.cloud.google.com/apis/library/gmail.googleapis.com を開き、プロジェクトを選んで「有効にする」を押してください。数分後から使えるようになります。',
    ),
  'gmail.forbidden': f =>
    text(
      `Google がアカウント${account(f)}へのアクセスを禁止しています。${google(f)}`,
      stopped,
      '会社や学校のアカウントの場合は、管理者にご相談ください。それ以外の場合は、ブラウザーで Gmail にログインし、Google からのお知らせがないかご確認ください。',
    ),
  'gmail.account-mismatch': f =>
    text(
      `ログインした Gmail アカウント${f.with('words', words => `（${words}）`)}が、設定のアカウント${f.with('user', name => `（${name}）`)}と異なります。`,
      `${stopped}別のアカウントには何も入れていません。`,
      `\`hikyaku setup google\` で正しいアカウントにログインするか、${f.setting('GMAIL_ACCOUNT')} を直してください。${f.setting('GMAIL_ACCOUNT')} には、エイリアスではなく、アカウントのメインのアドレスを指定します。`,
    ),
  'gmail.account-unproved': f =>
    text(
      `このアクセス権がどのアカウントのものか、Google から信頼できる形で示されませんでした${f.with('reason', reason => `（ID トークン: ${reason}）`)}。`,
      `${stopped}どのアカウントにも何も入れていません。`,
      '自動で再試行します。続く場合は、このコンピューターの時計を確かめ、`hikyaku setup google` でログインし直してください。',
    ),
  'gmail.app-password-refused': f =>
    text(
      `Gmail が${account(f)}のアプリ パスワードを受け付けません。アプリ パスワードは、削除したときと、Google のパスワードを変えたときに使えなくなります。${google(f)}`,
      stopped,
      'https://myaccount.google.com/apppasswords で新しいものを作り（2 段階認証が必要です）、`hikyaku setup google` を実行してください。',
    ),
  'gmail.app-password-needed': f =>
    text(
      `これは${account(f)}の通常のパスワードです。Gmail がここで受け付けるのはアプリ パスワードだけです。${google(f)}`,
      stopped,
      'https://myaccount.google.com/apppasswords でアプリ パスワードを作り、`hikyaku setup google` を実行してください。',
    ),
  'gmail.web-login': f =>
    text(
      `Google が${account(f)}の持ち主に、先にブラウザーでログインするよう求めています。${google(f)}`,
      stopped,
      'https://mail.google.com にログインし、本人であることを確認してください。自動で再試行します。',
    ),
  'gmail.imap-disabled': f =>
    text(
      `${account(f)}では IMAP が無効になっています。${google(f)}`,
      stopped,
      'Google Workspace の管理者に IMAP の許可を依頼してください。または `hikyaku setup google` で、Google プロジェクトを使う方法を選んでください。',
    ),
}
