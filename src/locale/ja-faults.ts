/** すべての異常の説明。サーバー管理者ではなく、お店や事務所でメールを使う方に向けて書く。 */
import type { FaultCode } from '../base/fault.ts'
import type { Facts, FaultText } from './facts.ts'
import { makeFormat } from './format.ts'
import { phaseText, reasonText } from './reasons.ts'

const text = (what: string, mail: string, next: string): FaultText => ({ what, mail, next })

const waits = 'メールは失われません。元のメールボックスに残り、復旧したあとに取り込まれます。'
const stays = 'このメールは元のメールボックスに残ります。ほかのメールの取り込みは続きます。'
const stopped = 'メールは失われません。新しいメールは元のメールボックスに残り、削除もしません。'
const noPassword = 'パスワードは送信していません。'
const byItself = '操作は不要です。自動で再試行します。'

const server = (f: Facts): string =>
  f.server === undefined ? 'メールサーバー' : `メールサーバー（${f.server}）`
const said = (f: Facts): string => f.with('words', words => `サーバーの応答:「${words}」`)
const google = (f: Facts): string => f.with('words', words => `Google の応答:「${words}」`)
const because = (f: Facts): string => f.with('reason', reason => `（${reasonText(reason, 'ja')}）`)
const during = (f: Facts): string => f.with('phase', phase => `（処理: ${phaseText(phase, 'ja')}）`)
/** ログイン後に起きたか。その場合、プロトコルとポートとパスワードは正しい。 */
const isLoggedIn = (f: Facts): boolean =>
  /^(folders|select|list|peek|retrieve|settle|quit|logout|watch|idle|command)$/.test(f.or('phase', ''))
/** 保存先のファイル、または保存しているもの。 */
const place = (f: Facts): string => {
  const found = f.get('file') ?? f.get('what')
  return found === undefined ? '' : `（${reasonText(found, 'ja')}）`
}
const account = (f: Facts): string => f.with('account', name => `（${name}）`)

const format = makeFormat('ja')
/** 次にログインを試す時刻。 */
const nextTry = (f: Facts): string =>
  f.with(
    'nextTryAtMs',
    atMs =>
      `次の再試行は${f.with('waitMs', ms => `今回から ${format.span(Number(ms))}後の`)} ${format.instant(Number(atMs))} です。`,
  )
/** サーバーの応答が示すこと。 */
const advice = (f: Facts): string => {
  const words = f.or('words', '')
  if (/app(lication)?[- ]?(specific )?pass/i.test(words))
    return 'アプリパスワードが必要です。メールアカウントのセキュリティ設定で作成してください。'
  if (/browser|web ?log|web ?sign/i.test(words))
    return 'ウェブブラウザーで一度ログインし、本人であることを確認するよう求められています。'
  return ''
}

export const jaFaults: Readonly<Record<FaultCode, (f: Facts) => FaultText>> = {
  // 元のメールボックスへの接続
  'source.unknown-host': f =>
    text(
      `サーバー名${f.with('host', host => `「${host}」`)}が見つかりません${because(f)}。`,
      waits,
      'このコンピューターがインターネットに接続されているかご確認ください。接続されている場合は、MAIL_HOST とサーバーパネルのメール設定に記載されたサーバー名を一字ずつ見比べてください。',
    ),
  'source.unreachable': f =>
    text(
      `${server(f)}に接続できません${because(f)}。`,
      waits,
      `${byItself}1 時間以上続く場合は、MAIL_HOST と MAIL_PORT、サーバー会社の障害情報、接続元の制限をご確認ください。`,
    ),
  'source.timeout': f =>
    text(
      `${server(f)}から時間内に応答がありませんでした${during(f)}。`,
      waits,
      `${byItself}何度も起きる場合は、サーバーが混み合っている可能性があります。サーバー会社にお問い合わせください。`,
    ),
  'source.connection-lost': f =>
    text(
      `${server(f)}との接続が切れました${during(f)}${because(f)}。${said(f)}`,
      `${waits}途中まで受け取ったメールは破棄し、最初から受け取り直します。`,
      byItself,
    ),
  'source.tls-name': f =>
    text(
      `${server(f)}の証明書が別の名前で発行されています${f.with('names', names => `（${names}）`)}。`,
      `${stopped}${noPassword}`,
      'サーバーパネルのメール設定に記載されたサーバー名（ご自身のドメインではなく、サーバー会社の名前のことが多い）を MAIL_HOST に設定してください。正しいサーバーだと確認できた場合は、MAIL_CERT_SHA256 で証明書を指定することもできます。値は `hikyaku doctor` で表示されます。',
    ),
  'source.tls-expired': f =>
    text(
      `${server(f)}の証明書は有効期間外です${f.with('until', until => `（有効期限: ${until}）`)}。`,
      `${stopped}${noPassword}`,
      'このコンピューターの日付と時刻をご確認ください。合っている場合は、サーバー会社に証明書の更新をご依頼ください。',
    ),
  'source.tls-untrusted': f =>
    text(
      `${server(f)}の証明書は、信頼できる認証局が発行したものではありません${because(f)}。`,
      `${stopped}${noPassword}`,
      'ご自身で管理するサーバーなら、MAIL_CA_FILE に認証局の証明書を指定するか、MAIL_CERT_SHA256 で証明書を指定してください。値は `hikyaku doctor` で表示されます。それ以外の場合は通信が盗聴されているおそれがあります。サーバー会社にお問い合わせください。',
    ),
  'source.tls-too-old': f =>
    text(
      `${server(f)}は、安全ではない古い暗号化（TLS 1.1 以前）にしか対応していません${because(f)}。`,
      `${stopped}${noPassword}`,
      'サーバー会社に TLS 1.2 または 1.3 への対応をご依頼になるか、新しいメールサーバーの名前をお問い合わせください。hikyaku は TLS 1.2 未満では接続しません。',
    ),
  'source.tls-weak-key': f =>
    text(
      `${server(f)}の暗号鍵は短すぎるため、安全ではありません${because(f)}。`,
      `${stopped}${noPassword}`,
      'サーバー会社に 2048 ビット以上の鍵を使った証明書への更新をご依頼になるか、新しいメールサーバーの名前をお問い合わせください。',
    ),
  'source.tls-weak-signature': f =>
    text(
      `${server(f)}の証明書は、偽造できる古い方式（SHA-1 または MD5）で署名されています${because(f)}。`,
      `${stopped}${noPassword}`,
      'サーバー会社に SHA-256 で署名された証明書への更新をご依頼になるか、新しいメールサーバーの名前をお問い合わせください。',
    ),
  'source.tls-clear-text': f =>
    text(
      `${server(f)}は、このポートでは最初から TLS で通信する方式に対応していません${because(f)}。${said(f)}`,
      `${stopped}${noPassword}`,
      'ポートが 143 か 110 の場合は MAIL_SECURITY=starttls にしてください。それ以外の場合は、MAIL_PORT を IMAP なら 993、POP3 なら 995 にしてください。',
    ),
  'source.tls-failed': f =>
    text(
      `${server(f)}と暗号化された接続を確立できませんでした${because(f)}。`,
      `${waits}${noPassword}`,
      `${byItself}一度も成功しない場合は、MAIL_PORT と MAIL_SECURITY をサーバーパネルのメール設定と見比べてください（通常は tls で、IMAP は 993、POP3 は 995）。`,
    ),
  'source.tls-not-offered': f =>
    text(
      `${server(f)}はこのポートで暗号化に対応していないため、ログインしませんでした。${said(f)}`,
      `${stopped}${noPassword}`,
      'MAIL_SECURITY=tls とし、MAIL_PORT を IMAP なら 993、POP3 なら 995 にしてください。',
    ),
  'source.tls-injection': f =>
    text(
      `${server(f)}から、暗号化が始まる前に余分なデータが届きました。通信経路への攻撃の可能性があります。`,
      `${waits}${noPassword}`,
      'サーバー会社が対応していれば MAIL_SECURITY=tls に変更してください。外出先などのネットワークで起きた場合は、別のネットワークをお使いください。',
    ),
  'source.protocol': f =>
    text(
      `${server(f)}から想定外の応答がありました${during(f)}。${said(f)}`,
      waits,
      `${byItself}${isLoggedIn(f) ? '長く続く場合は、この応答をサーバー会社にお伝えください。' : '一度も成功しない場合は、MAIL_PROTOCOL と MAIL_PORT の組み合わせをご確認ください（IMAP は 993 か 143、POP3 は 995 か 110）。'}`,
    ),
  'source.other-service': f =>
    text(
      `${server(f)}は、MAIL_PROTOCOL のメールサービスではありません（${f.with('service', service => reasonText(service, 'ja')) || 'このポートでは別のサービスが応答しています'}）。${said(f)}`,
      `${stopped}${noPassword}`,
      'MAIL_HOST、MAIL_PORT、MAIL_PROTOCOL、MAIL_SECURITY を直してください。IMAP は 993（tls）か 143（starttls）、POP3 は 995（tls）か 110（starttls）です。',
    ),
  'source.not-connected': f =>
    text(
      `${server(f)}はパスワードを受け付けましたが、その先のメールボックスに接続できません。${said(f)}`,
      waits,
      `${byItself}長く続く場合は、サーバー会社にお問い合わせください。メールボックスのあるサーバーの停止、ライセンスの不足、IMAP や POP3 の無効化が考えられます。`,
    ),
  'source.line-ends': f =>
    text(
      `${server(f)}の改行の形式が一定していないため${during(f)}、メールの終わりを本文と見分けられません。`,
      waits,
      `${byItself}サーバー会社にこの表示をお伝えになるか（RFC 1939 では改行はすべて CR LF です）、IMAP が使える場合は MAIL_PROTOCOL=imap にしてください。`,
    ),
  'source.over-budget': f =>
    text(
      `${server(f)}から、要求をはるかに超える量のデータが送られてきました${during(f)}。接続を切断しました。`,
      waits,
      `${byItself}繰り返す場合は、サーバーの故障や別のサーバーへの接続が考えられますので、サーバー会社にお問い合わせください。`,
    ),
  // ログイン
  'source.login-refused': f =>
    text(
      `${server(f)}にログインできません。ユーザー名${f.with('user', user => `（${user}）`)}かパスワードが違います。${said(f)}`,
      `${stopped}サーバーに接続を遮断されないよう、このパスワードでの再試行は間隔を大きく空けます。${nextTry(f)}`,
      `${advice(f)}ユーザー名（メールアドレス全体の場合と、その一部だけの場合があります）をご確認のうえ、MAIL_PASSWORD を直すか、\`hikyaku setup password\` でパスワードを入力し直してください。`,
    ),
  'source.login-doubtful': f =>
    text(
      `${server(f)}が、これまで使えていたログイン${f.with('user', user => `（${user}）`)}を拒否しました。${said(f)}`,
      `${waits}サーバーに接続を遮断されないよう、再試行は間隔を大きく空けます。${nextTry(f)}`,
      `${advice(f)}原因は二つ考えられます。サーバー側でパスワードを変更した場合は、新しいパスワードが必要です。MAIL_PASSWORD を直すか、\`hikyaku setup password\` を実行してください。hikyaku やほかのメールソフトのログイン回数が多すぎた場合は、何もする必要はありません。自動的に再試行します。`,
    ),
  'source.login-limited': f =>
    text(
      `${server(f)}がログインを一時的に制限しています${f.with('seconds', s => `（${s} 秒待つよう求められました）`)}。ログイン回数が多すぎた可能性があります。${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself}その間はログインの回数を減らします。何度も起きる場合は SCHEDULE の間隔を長くし、同じメールボックスを使うほかのメールソフトを閉じてください。`,
    ),
  'source.login-capped': f =>
    text(
      `${server(f)}へのログインを控えています。1 時間に ${f.or('count', '数')} 回拒否され、続けると接続を遮断されるおそれがあるためです。${said(f)}`,
      `${waits}${nextTry(f)}`,
      'パスワードが正しければ、何もする必要はありません。自動的に再試行します。サーバー側でパスワードを変更した場合は、MAIL_PASSWORD を直すか、この間隔が過ぎてから `hikyaku setup password` を実行してください。',
    ),
  'source.login-delay': f =>
    text(
      `${server(f)}は、ログインの間隔を${f.with('seconds', s => ` ${s} 秒以上`)}空けるよう求めています。${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself}同じメールボックスを使うほかのメールソフトのログインも、間隔に数えられます。`,
    ),
  'source.login-method': f =>
    text(
      `${server(f)}では、対応しているログイン方法が使えません。${said(f)}`,
      stopped,
      f.with(
        'starttls',
        () =>
          'このサーバーは暗号化された接続でだけログインを受け付けます。MAIL_SECURITY=starttls に変更してください。',
      ) ||
        'サーバーパネルで、このメールボックスの POP3 または IMAP（パスワードでのログイン）が有効になっているかご確認ください。アプリパスワードが必要なサービスもあります。MAIL_SECURITY=none の場合は、MAIL_SECURITY=starttls か tls に変更してください。',
    ),
  'source.busy': f =>
    text(
      `メールボックスは、いまほかのメールソフトが使用中です。${said(f)}`,
      waits,
      `${byItself}長く続く場合は、ほかのメールソフトを閉じるか、そちらを IMAP に切り替えてください。`,
    ),
  'source.limited': f =>
    text(
      `${server(f)}の利用上限（接続数、通信量、時間など）に達しました。${said(f)}`,
      waits,
      `${byItself}何度も起きる場合は、同じメールボックスを使うほかのメールソフトを閉じるか、SCHEDULE の間隔を長くしてください。`,
    ),
  'source.server-temporary': f =>
    text(`${server(f)}で一時的な障害が起きています。${said(f)}`, waits, byItself),
  'source.server-permanent': f =>
    text(
      `${server(f)}で、待っても直らない問題が起きています。${said(f)}`,
      stopped,
      'サーバーの応答をご確認のうえ、サーバー会社にお問い合わせください。容量超過、利用停止、サーバー移転などが考えられます。',
    ),
  // メールボックス
  'source.folder-missing': f =>
    text(
      `フォルダー${f.with('folder', folder => `「${folder}」`)}が元のメールボックスにないか、開けません。${said(f)}${f.with('folders', all => `あるフォルダー: ${all}`)}`,
      'メールは失われません。ほかのフォルダーの取り込みは続きます。',
      'MAIL_FOLDERS（または AFTER_IMPORT）の名前を、サーバーでの表記どおりに直してください。フォルダーの一覧は `hikyaku doctor` で表示されます。',
    ),
  'source.listing-unclear': f =>
    text(
      `${server(f)}から届いたメールの一覧${f.with('folder', folder => `（フォルダー「${folder}」）`)}に、理解できない部分があります${because(f)}。${said(f)}`,
      'メールは失われません。理解できたメールの取り込みは続きます。一覧が正しくなるまで、なくなったとは見なさず、削除も移動もしません。',
      `${byItself}長く続く場合は、上の応答をサーバー会社にお伝えください。メールボックスの索引が壊れている可能性があります。`,
    ),
  'source.identity-unsafe': f =>
    text(
      `${server(f)}でメールの番号が振り直されました${f.with('folder', folder => `（フォルダー「${folder}」）`)}。取り込み済みのメールを照合し直しています。`,
      'メールは失われず、二重にも取り込みません。一通ずつ内容で照合し、終わるまで元のメールボックスからは何も削除しません。',
      '操作は不要です。今回だけ、いつもより時間がかかります。',
    ),
  'source.read-only': f =>
    text(
      `元のメールボックスで${f.with('messages', n => ` ${n} 通の`)}削除や移動が行われませんでした${f.with('folder', folder => `（フォルダー「${folder}」）`)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残りますが、再び取り込むことはありません。',
      '元のメールボックスの容量が気になる場合は、古いメールをご自身で削除してください。AFTER_IMPORT=keep にすると、この表示は出なくなります。',
    ),
  'source.cannot-settle': f =>
    text(
      `${server(f)}では、指定したメールだけを安全に削除・移動することができません${because(f)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。ほかのメールまで消してしまうおそれがあるため、元のメールボックスにはそのまま残します。',
      'AFTER_IMPORT=keep に変更してください。サーバーから削除したい場合は MAIL_PROTOCOL=pop3 をお使いください。',
    ),
  'source.target-refused': f =>
    text(
      `${server(f)}では、フォルダー「${f.or('target', '?')}」を作成できません。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残ります。新着メールの取り込みは続きます。',
      `AFTER_IMPORT=move:… に、そのサーバーで使えるフォルダー名${f.with('possible', names => `（${names}）`)}を指定するか、フォルダーをご自身で作成するか、AFTER_IMPORT=keep にしてください。`,
    ),
  'source.settle-failed': f =>
    text(
      `${server(f)}で、取り込み済みのメール${f.with('messages', n => `のうち ${n} 通`)}の削除や移動が行われませんでした${f.with('folder', folder => `（フォルダー「${folder}」）`)}${because(f)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残ります。新着メールの取り込みは続きます。',
      '数分後、その後は数時間おきに自動で再試行します。続く場合は AFTER_IMPORT=keep にするか、サーバーの管理者にお問い合わせください。',
    ),
  'source.left-there': f =>
    text(
      `取り込み済みのメールのうち ${f.or('messages', '?')} 通は、元のメールボックスから削除も移動もしません。${[
        f.or('short', '0') === '0'
          ? ''
          : `${f.or('short', '')} 通は、サーバーが示すサイズより短く届きました。`,
        f.or('others', '0') === '0'
          ? ''
          : `${f.or('others', '')} 通は、同じ Message-ID の別のメールが Gmail にあります。`,
      ].join('')}`,
      'メールは失われません。完全なメールは元のメールボックスにしかない可能性があります。ほかのメールの取り込みは続きます。',
      '`hikyaku list` で確認し、Gmail の内容に問題がなければ、元のメールボックスからご自身で削除してください。',
    ),
  'books.broken': f =>
    text(
      `メールの数が合いません${f.with('missing', n => `（${f.or('listed', '?')} 通のうち ${n.replace('-', '')} 通が${n.startsWith('-') ? '二重に数えられています' : '確認できません'}）`)}。`,
      'Gmail に取り込んでいないメールを削除することはありません。取り込みは続きます。',
      '`hikyaku compare` で Gmail にあるものとないものを確認し、hikyaku の不具合としてご報告ください。',
    ),
  'mailbox.unattended': f =>
    text(
      `このメールボックスを確認する処理が動いていません。サービスは停止中で、${f.with('since', since => `${since} 以降`) || 'まだ一度も'}確認されていません。`,
      'メールは失われません。新着メールは元のメールボックスで待っています。',
      '`hikyaku service install`（または `hikyaku service install --timer`）でサービスを登録するか、`hikyaku run` で起動してください。登録済みの場合は、`hikyaku service status` で動いていない理由を確認できます。',
    ),
  // 一通のメール
  'message.gone': () =>
    text(
      '受け取る前に、メールが元のメールボックスからなくなりました。',
      'どなたかが、または別のソフトが、削除か移動をしました。このメールは Gmail に取り込まれていません。',
      '心当たりがない場合は、同じメールボックスからメールを削除するメールソフトがないか、ごみ箱に入っていないかをご確認ください。',
    ),
  'message.listed-only': f =>
    text(
      `${server(f)}は、一覧にあるメールを「存在しない」と答えています。${said(f)}`,
      'このメールは Gmail に取り込まれていません。削除もしません。ほかのメールの取り込みは続きます。',
      'サーバー会社の Web メールでご確認ください。メールがある場合は、サーバー会社にメールボックスの索引の修復をご依頼のうえ、`hikyaku retry` を実行してください。ない場合、操作は不要です。',
    ),
  'message.short': f =>
    text(
      `元のサーバーから届いたメールが、予告されたサイズより小さいものでした${f.with('octets', n => `（${n} バイト${f.with('announced', all => `、予告 ${all} バイト`)}）`)}。`,
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.empty': () =>
    text(
      '元のサーバーから、中身が空のメールが届きました。',
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.not-retrieved': f =>
    text(
      `元のサーバーからメールを受け取れませんでした。${said(f)}`,
      stays,
      '操作は不要です。もう一度受け取ります。',
    ),
  'message.over-announced': f =>
    text(
      `元のサーバーから届いたメールが、予告されたサイズを大きく超えました${f.with('octets', n => `（${n} バイト以上${f.with('announced', all => `、予告 ${all} バイト`)}）`)}。接続を切断しました。`,
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.too-large': f =>
    text(
      `メールのサイズが Gmail の上限を超えています${f.with('octets', n => `（${n} バイト）`)}。`,
      stays,
      'サーバー会社の Web メールで開き、添付ファイルを保存してください。',
    ),
  'message.poison': f =>
    text(
      `${f.with('id', id => `メール ${id} `) || '同じメール'}の処理中に、hikyaku が ${f.or('ends', '2')} 回続けて突然終了しました。`,
      `このメールは取り込みを見合わせ、元のメールボックスに残します。${f.get('ends') === '2' ? '1 時間後に一度だけ自動で再試行します。' : ''}ほかのメールの取り込みは続きます。`,
      '停電や強制終了が原因であれば、`hikyaku retry` ですぐに再試行できます。それ以外の場合はサーバー会社の Web メールで読み、その時刻のログを添えてご報告ください。このメールが原因の可能性があります。',
    ),
  // 一通のメールへの Gmail の応答
  'gmail.message-refused': f =>
    text(
      `Gmail がこのメールの取り込みを拒否しました。${google(f)}`,
      `${stays}元のメールボックスから削除することはありません。`,
      'サーバー会社の Web メールでお読みください。より緩やかな方法で Gmail に入れるには、WHEN_REFUSED=insert を設定して `hikyaku retry` を実行してください。',
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
        ? '別の名前を選ぶか（GMAIL_LABELS、またはフォルダーの `labels`）、Gmail でこのラベルを手動で作成してください。ラベルが多すぎるという応答なら、Gmail で不要なラベルを削除してください。hikyaku は自動で再試行します。'
        : '`hikyaku setup google` を実行してもう一度サインインし、Google の画面ですべての項目にチェックを入れてください。または、このラベルを設定から外してください。',
    ),
  'gmail.unknown-answer': f =>
    text(
      `Gmail から想定外の応答がありました${f.with('status', status => `（HTTP ${status}）`)}。${google(f)}`,
      // メール以外（トークン、ラベル）への応答なら、そのアカウント全体が待つ。
      f.get('phase') === undefined ? stays : waits,
      byItself,
    ),
  'gmail.outcome-unknown': f =>
    text(
      f.get('status') === undefined
        ? 'Gmail の応答を受け取る前に接続が切れたため、メールが届いたかどうかわかりません。'
        : `Gmail の応答（HTTP ${f.or('status', '')}）からは、メールが届いたかどうかわかりません。${google(f)}`,
      'このメールは元のメールボックスに残ります。送り直す前に、届いているかどうかを確かめます。',
      byItself,
    ),
  'gmail.ask-owner': () =>
    text(
      'Gmail にすでに届いているかどうか確認できないメールがあります。このような場合はご自身で判断する設定になっています。',
      'このメールは元のメールボックスに残ります。Gmail にも届いている可能性があります。',
      'Gmail で検索し、見つからなければ `hikyaku retry` を実行してください。WHEN_OUTCOME_UNKNOWN=repeat にすると自動で送り直します。',
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
    text(
      `Gmail 側で一時的な障害が起きています${f.with('status', status => `（HTTP ${status}）`)}。${google(f)}`,
      waits,
      byItself,
    ),
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
      `Google アカウント${account(f)}へのサインインが無効になりました。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度サインインしてください。動作中の hikyaku は自動で再開します。',
    ),
  'gmail.consent-ended': f =>
    text(
      `Google アカウント${account(f)}へのアクセス許可が終了しました。許可の取り消し、Google のパスワード変更、6 か月間の未使用のほか、Google のプロジェクトが「テスト」状態のときは 7 日で終了します。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度サインインしてください。毎週終了する場合は、Google Cloud の「対象」ページで「アプリを公開」を選んでください。',
    ),
  'gmail.consent-missing': f =>
    text(
      `Google アカウント${account(f)}へのアクセスがまだ許可されていません${because(f)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、サインインしてください。',
    ),
  'gmail.scope-missing': f =>
    text(
      `Google アカウント${account(f)}で、必要な権限の一部が許可されていません${f.with('what', what => `（不足: ${what}）`)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行してもう一度サインインし、Google の画面ですべての項目にチェックを入れてください。',
    ),
  'gmail.session-control': f =>
    text(
      `Google アカウント${account(f)}の再認証が求められています。組織の管理者が Google へのサインインの有効時間を制限しているためです（Google Workspace のセッション管理）。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、もう一度サインインしてください。数時間から数日でまた終了しないようにするには、管理者にご相談ください。管理コンソールの「セキュリティ」→「Google Cloud のセッション管理」（再認証ポリシー）で信頼できるアプリを除外し、「API の制御」でこのクライアントを信頼できるアプリにします。「アプリを公開」では解決しません。',
    ),
  'gmail.client-invalid': f =>
    text(
      `Google のクライアント ID かクライアント シークレットが正しくありません${because(f)}。${google(f)}`,
      stopped,
      'GOOGLE_CLIENT_ID と GOOGLE_CLIENT_SECRET を、Google Cloud の「デスクトップ アプリ」クライアントの JSON ファイルと見比べてください。新しいクライアントを作り直し、`hikyaku setup google --client-file ファイル` を実行する方法もあります。',
    ),
  'gmail.client-mismatch': f =>
    text(
      `Google アカウント${account(f)}の許可は、設定とは別のクライアントに与えられたものです${because(f)}。${google(f)}`,
      stopped,
      '`hikyaku setup google` を実行し、いま使っているクライアントでもう一度サインインしてください。',
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
      'GMAIL_ACCOUNT が Workspace の有効なユーザーであること、鍵がサービス アカウントの「鍵」ページに残っていること、このコンピューターの時計が正しいこと、管理コンソールの「セキュリティ」→「API の制御」→「ドメイン全体の委任」でそのクライアント ID に gmail.insert と gmail.labels が許可されていることをご確認ください。',
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
      'Google Cloud の「対象」ページで「外部」を選んでアプリを公開するか、`hikyaku setup google` でその組織のアカウントにサインインしてください。',
    ),
  'gmail.account-refused': f =>
    text(
      `Google が現在、アカウント${account(f)}へのメールを受け付けていません${f.with('status', status => `（HTTP ${status}）`)}${f.with('reason', reason => `（${reason}）`)}。${google(f)}`,
      waits,
      `${byItself}Google の応答をお読みください。ブラウザーで Gmail にサインインし、Google Cloud のプロジェクトも開いて、お知らせがないかご確認ください。会社や学校のアカウントの場合は、管理者にご相談ください。`,
    ),
  'gmail.account-unexplained': f =>
    text(
      `Gmail が別々のメールの取り込みを続けて断りました${f.with('status', status => `（HTTP ${status}）`)}${f.with('reason', reason => `（${reason}）`)}。メールではなく、アカウント${account(f)}に原因があると考えられます。${google(f)}`,
      waits,
      '操作は不要です。ときどき 1 通ずつ試し、Gmail が受け付けるようになれば、すべて自動で取り込みます。長く続く場合は、ブラウザーで Gmail にサインインし、Google からのお知らせがないかご確認ください。',
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
      '会社や学校のアカウントの場合は、管理者にご相談ください。それ以外の場合は、ブラウザーで Gmail にサインインし、Google からのお知らせがないかご確認ください。',
    ),
  'gmail.account-mismatch': f =>
    text(
      `サインインした Gmail アカウント${f.with('words', words => `（${words}）`)}が、設定のアカウント${f.with('user', name => `（${name}）`)}と異なります。`,
      `${stopped}別のアカウントには何も入れていません。`,
      '`hikyaku setup google` で正しいアカウントにサインインするか、GMAIL_ACCOUNT を直してください。GMAIL_ACCOUNT には、別名ではなく、アカウントのメインのアドレスを指定します。',
    ),
  'gmail.account-unproved': f =>
    text(
      `この許可がどのアカウントのものか、Google から信頼できる形で示されませんでした${f.with('reason', reason => `（ID トークン: ${reason}）`)}。`,
      `${stopped}どのアカウントにも何も入れていません。`,
      '自動的に再試行します。続く場合は、このコンピューターの時計を確かめ、`hikyaku setup google` でサインインし直してください。',
    ),
  // このコンピューター
  'state.second-instance': f =>
    text(
      `同じデータを使う hikyaku がすでに動いています${f.with('file', file => `（${file}）`)}。`,
      '取り込みは動作中の hikyaku が続けています。こちらは何もしていません。',
      'メールは動作中の hikyaku が予定どおり取り込みます。こちらで実行したい場合は、先にそちらを停止してください。',
    ),
  'state.disk-full': f =>
    text(
      `ディスクの空き容量が${f.get('reserve') === undefined ? 'ありません' : '残りわずかのため、これ以上は使いません'}${f.with('file', file => `（${file}）`)}。`,
      waits,
      'ディスクの空き容量を増やしてください。空きができれば自動で再開します。',
    ),
  'state.read-only': f =>
    text(
      `記録を保存する場所に書き込めません${f.with('file', file => `（${file}）`)}${because(f)}。`,
      stopped,
      'hikyaku を実行するユーザーに書き込みを許可するか、STATE_DIR で別のフォルダーを指定してください。',
    ),
  'state.exposed': f =>
    text(
      `記録を保存する場所${f.with('file', file => `（${file}）`)}が、ほかのユーザーから保護されていません${because(f)}${f.with('what', what => `（${what}）`)}。`,
      stopped,
      f.get('command') === undefined
        ? 'STATE_DIR で hikyaku 専用のフォルダーを指定するか、フォルダーの所有者として hikyaku を実行してください。'
        : `「${f.or('command', '')}」を実行するか、STATE_DIR で hikyaku 専用のフォルダーを指定してください。`,
    ),
  'state.io': f =>
    text(
      `ディスクの読み書きでエラーが起きました${f.with('file', file => `（${file}）`)}${because(f)}。`,
      waits,
      `${byItself}何度も起きる場合は、バックアップを取り、ディスクを点検してください。`,
    ),
  'journal.newer': f =>
    text(
      `記録ファイルが、より新しいバージョンの hikyaku で作られています${f.with('file', file => `（${file}）`)}。`,
      stopped,
      '新しいバージョンの hikyaku をもう一度インストールしてください。',
    ),
  'journal.damaged': f =>
    text(
      `記録ファイルが壊れています${f.with('file', file => `（${file}）`)}${because(f)}。`,
      `${stopped}二重に取り込むおそれがあるため、新しい記録を自動で作り直すことはしません。`,
      'バックアップから記録ファイルを戻すか、`hikyaku journal rebuild` を実行してください。元のメールボックスと Gmail を確かめて記録を作り直します（何も削除しません）。',
    ),
  'journal.missing': f =>
    text(
      `記録ファイルがなくなっています${f.with('file', file => `（${file}）`)}。`,
      `${stopped}二重に取り込むおそれがあるため、新しい記録を自動で作り直すことはしません。`,
      'STATE_DIR を確認し、バックアップから記録ファイルを戻すか、`hikyaku journal rebuild` を実行してください。元のメールボックスと Gmail を確かめて記録を作り直します（何も削除しません）。',
    ),
  'journal.locked': f =>
    text(
      `別のソフトが記録ファイルを開いています${f.with('file', file => `（${file}）`)}。`,
      waits,
      `${byItself}長く続く場合は、そのファイルを開いているソフトを閉じてください。`,
    ),
  'secret.missing': f =>
    text(
      `パスワードまたはアクセス許可が登録されていません${f.with('variable', name => `（${name}）`)}${f.with('what', what => `（${what}）`)}${f.with('name', name => `（保存名: ${name}）`)}。`,
      stopped,
      '`hikyaku setup` を実行して登録してください。',
    ),
  'secret.unreadable': f =>
    text(
      `保存されたパスワードまたはアクセス許可${place(f)}を読み取れません${because(f)}。`,
      stopped,
      f.get('command') === undefined
        ? 'このコンピューターのキーチェーンのロックを解除するか、`hikyaku setup` で登録し直してください。'
        : f.get('reason') === 'key-format'
          ? `次のコマンドで鍵を作り直してください: ${f.or('command', '')}`
          : `次のコマンドを実行してください: ${f.or('command', '')}`,
    ),
  'secret.other-destination': f =>
    text(
      `保存されたパスワードまたはアクセス許可${f.with('name', name => `（${name}）`)}は ${f.or('kept', '別のサーバー')} のために登録されたものですが、現在の設定は ${f.or('wanted', '別のサーバー')} を指しているため、送信しませんでした。`,
      stopped,
      '設定を変えたのがご自身であれば、`hikyaku setup` を実行して、新しいサーバー用に登録し直してください。心当たりがなければ、設定がどこから読み込まれているか（現在のフォルダーの `.env`、環境変数、設定ファイル）を確認してください。',
    ),
  'secret.without-destination': f =>
    text(
      `保存されたパスワードまたはアクセス許可${f.with('name', name => `（${name}）`)}は以前のバージョンのもので、どのサーバーのために登録されたかの記録がありません。${f.or('wanted', '設定のサーバー')} には送信しませんでした。`,
      stopped,
      'そのサーバーで間違いなければ、`hikyaku setup` を実行して、もう一度登録してください。',
    ),
  'secret.not-kept': f =>
    text(
      f.with(
        'variable',
        variable =>
          `パスワードまたはアクセス許可を保存しませんでした。hikyaku はこれを ${variable} から読み込んでいます。`,
      ) || `パスワードまたはアクセス許可を保存できませんでした${because(f)}。`,
      'メールには何もしていません。以前に保存したものはそのまま残っています。',
      f.with(
        'variable',
        variable =>
          `新しいパスワードを ${variable} に書いてください。変数は起動時に読み込むため、その場合は hikyaku を再起動してください。`,
      ) ||
        'このコンピューターのキーチェーンのロックを解除するか、STATE_DIR に書き込めることを確認してから、もう一度入力してください。',
    ),
  'config.invalid': f =>
    text(
      [
        `設定に誤りがあります${f.with('what', what => `（${what}）`)}${because(f)}。`,
        ...f.lines('problems').map(line => `・${line}`),
      ].join('\n'),
      f.get('problems') === undefined ? stopped : 'hikyaku は起動していません。メールには何もしていません。',
      '上の各行を直してから、もう一度起動してください。すべての設定項目は `.env.example` に説明があります。',
    ),
  'usage.invalid': f =>
    text(
      `入力を認識できませんでした${f.with('what', what => `（${reasonText(what, 'ja')}）`)}${because(f)}。`,
      '何も実行していません。メールにも何もしていません。',
      '`hikyaku help` でコマンドの一覧を表示できます。',
    ),
  bug: f =>
    text(
      `hikyaku 自身の不具合が起きました${f.with('what', what => `（${what}）`)}。`,
      waits,
      'ご利用方法が原因ではありません。前後のログを添えて開発元へご報告ください。',
    ),
}
