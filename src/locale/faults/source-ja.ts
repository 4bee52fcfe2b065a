/** 元のメールボックスへの接続、ログイン、メールボックスそのもの。 */
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import {
  advice,
  because,
  byItself,
  changePassword,
  during,
  isLoggedIn,
  nextTry,
  noPassword,
  refusedWith,
  said,
  server,
  stopped,
  text,
  waits,
} from './phrases-ja.ts'

export const ja: FaultTexts<'source'> = {
  // 元のメールボックスへの接続
  'source.unknown-host': f =>
    text(
      `サーバー名${f.with('host', host => `「${host}」`)}が見つかりません${f.get('reason') === 'ENOTFOUND' ? '' : because(f)}。`,
      waits,
      `このコンピューターがインターネットに接続されているかご確認ください。接続されている場合は、${f.setting('MAIL_HOST')} と管理画面のメール設定に記載されたサーバー名を 1 文字ずつ見比べてください。`,
    ),
  'source.unreachable': f =>
    text(
      `${server(f)}に接続できません${because(f)}。`,
      waits,
      `${byItself}1 時間以上続く場合は、${f.setting('MAIL_HOST')} と ${f.setting('MAIL_PORT')}、サーバー会社の障害情報、接続元の制限をご確認ください。`,
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
      `管理画面のメール設定に記載されたサーバー名（ご自身のドメインではなく、サーバー会社の名前のことが多い）を ${f.setting('MAIL_HOST')} に設定してください。正しいサーバーだと確認できた場合は、${f.setting('MAIL_CERT_SHA256')} で証明書を指定することもできます。値は \`hikyaku doctor\` で表示されます。`,
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
      `ご自身で管理するサーバーなら、${f.setting('MAIL_CA_FILE')} に認証局の証明書を指定するか、${f.setting('MAIL_CERT_SHA256')} で証明書を指定してください。値は \`hikyaku doctor\` で表示されます。それ以外の場合は、第三者がサーバーになりすましているおそれがあります。サーバー会社にお問い合わせください。`,
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
      `ポートが 143 か 110 の場合は ${f.setting('MAIL_SECURITY', 'starttls')} にしてください。それ以外の場合は、${f.setting('MAIL_PORT')} を IMAP なら 993、POP3 なら 995 にしてください。`,
    ),
  'source.tls-failed': f =>
    text(
      `${server(f)}と暗号化された接続を確立できませんでした${because(f)}。`,
      `${waits}${noPassword}`,
      `${byItself}一度も成功しない場合は、${f.setting('MAIL_PORT')} と ${f.setting('MAIL_SECURITY')} を管理画面のメール設定と見比べてください（通常は tls で、IMAP は 993、POP3 は 995）。`,
    ),
  'source.tls-not-offered': f =>
    text(
      `${server(f)}はこのポートで暗号化に対応していないため、ログインしませんでした。${said(f)}`,
      `${stopped}${noPassword}`,
      `${f.setting('MAIL_SECURITY', 'tls')} とし、${f.setting('MAIL_PORT')} を IMAP なら 993、POP3 なら 995 にしてください。`,
    ),
  'source.tls-injection': f =>
    text(
      `${server(f)}から、暗号化が始まる前に余分なデータが届きました。通信経路への攻撃の可能性があります。`,
      `${waits}${noPassword}`,
      `サーバー会社が対応していれば ${f.setting('MAIL_SECURITY', 'tls')} に変更してください。外出先などのネットワークで起きた場合は、別のネットワークをお使いください。`,
    ),
  'source.protocol': f =>
    text(
      `${server(f)}から想定外の応答がありました${during(f)}。${said(f)}`,
      waits,
      `${byItself}${isLoggedIn(f) ? '長く続く場合は、この応答をサーバー会社にお伝えください。' : `一度も成功しない場合は、${f.setting('MAIL_PROTOCOL')} と ${f.setting('MAIL_PORT')} の組み合わせをご確認ください（IMAP は 993 か 143、POP3 は 995 か 110）。`}`,
    ),
  'source.other-service': f =>
    text(
      `${server(f)}は、${f.setting('MAIL_PROTOCOL')} のメールサービスではありません（${f.with('service', service => describeReason(service, 'ja')) || 'このポートでは別のサービスが応答しています'}）。${said(f)}`,
      `${stopped}${noPassword}`,
      `${f.get('service') === 'service-tls' ? `${f.setting('MAIL_SECURITY', 'tls')} にするか、` : ''}${f.setting('MAIL_HOST')}、${f.setting('MAIL_PORT')}、${f.setting('MAIL_PROTOCOL')}、${f.setting('MAIL_SECURITY')} を直してください。IMAP は 993（tls）か 143（starttls）、POP3 は 995（tls）か 110（starttls）です。`,
    ),
  'source.not-connected': f =>
    text(
      `${server(f)}はログインを受け付けましたが、その先のメールボックスに接続できません。${said(f)}`,
      waits,
      `${byItself}長く続く場合は、サーバー会社にお問い合わせください。メールボックスのあるサーバーの停止、ライセンスの不足、IMAP や POP3 の無効化が考えられます。${f.with('oauth', () => `${f.with('user', user => `${user} `) || 'メールボックス'}とは別のアカウントでログインした場合にも起こります。その場合は \`hikyaku setup password\` を実行してください。`)}`,
    ),
  'source.line-ends': f =>
    text(
      `${server(f)}の改行の形式が一定していないため${during(f)}、メールの終わりを本文と見分けられません。`,
      waits,
      `${byItself}サーバー会社にこの表示をお伝えになるか（RFC 1939 では改行はすべて CR LF です）、IMAP が使える場合は ${f.setting('MAIL_PROTOCOL', 'imap')} にしてください。`,
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
      `${advice(f)}ユーザー名（メールアドレス全体の場合と、その一部だけの場合があります）をご確認のうえ、${changePassword(f)}\`hikyaku setup password\` でパスワードを入力し直してください。`,
    ),
  'source.login-doubtful': f =>
    text(
      `${server(f)}が、これまで使えていたログイン${f.with('user', user => `（${user}）`)}を拒否しました。${said(f)}`,
      `${waits}サーバーに接続を遮断されないよう、再試行は間隔を大きく空けます。${nextTry(f)}`,
      `${advice(f)}原因は 2 つ考えられます。サーバー側でパスワードを変更した場合は、新しいパスワードが必要です。${changePassword(f)}\`hikyaku setup password\` を実行してください。hikyaku やほかのメールソフトのログイン回数が多すぎた場合は、何もする必要はありません。自動で再試行します。`,
    ),
  'source.token-refused': f =>
    text(
      `${server(f)}が、OAuth 2.0 によるログイン${f.with('user', user => `（${user}）`)}を受け付けません。${said(f)}${refusedWith(f)}`,
      `${stopped}サーバーに接続を遮断されないよう、再試行は間隔を大きく空けます。${nextTry(f)}`,
      `${advice(f)}ログインしたアカウントが${f.with('user', user => ` ${user} `) || '設定のユーザー名'}と同じか、プロバイダーがこのメールボックスの IMAP または POP3 を許可しているか（Microsoft 365 と Google Workspace では管理者が決めます）をご確認のうえ、\`hikyaku setup password\` でログインし直してください。`,
    ),
  'source.login-limited': f =>
    text(
      `${server(f)}がログインを一時的に制限しています${f.with('seconds', s => `（${s} 秒待つよう求められました）`)}。ログイン回数が多すぎた可能性があります。${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself}その間はログインの回数を減らします。何度も起きる場合は ${f.setting('SCHEDULE')} の間隔を長くし、同じメールボックスを使うほかのメールソフトを閉じてください。`,
    ),
  'source.login-capped': f =>
    text(
      `${server(f)}へのログインを控えています。1 時間に ${f.or('count', '数')} 回拒否され、続けると接続を遮断されるおそれがあるためです。${said(f)}`,
      `${waits}${nextTry(f)}`,
      f.with(
        'oauth',
        () =>
          'OAuth 2.0 のログインが有効なら、何もする必要はありません。自動で再試行します。無効になった場合は、この間隔が過ぎてから `hikyaku setup password` を実行し、ログインし直してください。',
      ) ||
        `パスワードが正しければ、何もする必要はありません。自動で再試行します。サーバー側でパスワードを変更した場合は、${changePassword(f)}この間隔が過ぎてから \`hikyaku setup password\` を実行してください。`,
    ),
  'source.login-delay': f =>
    text(
      f.with(
        'mostOfMailbox',
        most =>
          `${server(f)}のサービスは、ログインを ${f.or('minutes', '60')} 分に ${most} 回までに制限しています。hikyaku はこれを守ります。`,
      ) ||
        f.with(
          'mostOfAddress',
          most =>
            `${server(f)}のサービスは、同じ接続元からのログインを、全メールボックスの合計で ${f.or('minutes', '60')} 分に ${most} 回までに制限しています。hikyaku はこれを超えないようにしています。`,
        ) ||
        f.with(
          'mostOfFleet',
          most =>
            `フリートのワーカーは、${server(f)}へのログインを合計で 1 分に ${most} 回までに抑えています。今は同じサーバーのほかのメールボックスが先です。`,
        ) ||
        `${server(f)}は、ログインの間隔を${f.with('seconds', s => ` ${s} 秒以上`)}空けるよう求めています。${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself}同じメールボックスを使うほかのメールソフトのログインも、間隔に数えられます。`,
    ),
  'source.login-method': f =>
    text(
      `${server(f)}では、対応しているログイン方法が使えません。${said(f)}`,
      stopped,
      f.with(
        'oauthOnly',
        name =>
          `${name} は独自のログイン（OAuth 2.0）だけを受け付けます。hikyaku はまだ対応していないため、対応するまでこのメールボックスは設定できません。`,
      ) ||
        f.with(
          'starttls',
          () =>
            `このサーバーは暗号化された接続でだけログインを受け付けます。${f.setting('MAIL_SECURITY', 'starttls')} に変更してください。`,
        ) ||
        f.with(
          'oauth',
          () =>
            `このメールボックスは OAuth 2.0 のログインで設定されていますが、サーバーが対応していないか、許可していません。${f.setting('MAIL_HOST')} と、プロバイダーがこのメールボックスの IMAP または POP3 を許可しているかをご確認ください。パスワードが使えるサーバーなら、\`hikyaku setup\` でパスワードを選んでください。`,
        ) ||
        `管理画面で、このメールボックスの POP3 または IMAP（パスワードでのログイン）が有効になっているかご確認ください。アプリ用パスワードが必要なサービスもあります。${f.setting('MAIL_SECURITY', 'none')} の場合は、${f.setting('MAIL_SECURITY', 'starttls')} か tls に変更してください。`,
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
      `${byItself}何度も起きる場合は、同じメールボックスを使うほかのメールソフトを閉じるか、${f.setting('SCHEDULE')} の間隔を長くしてください。`,
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
      `フォルダー${f.with('folder', folder => `「${folder}」`)}が元のメールボックスにないか、開けません。${f.with('folders', all => `あるフォルダー: ${all}。`)}${said(f)}`,
      'メールは失われません。ほかのフォルダーの取り込みは続きます。',
      `${f.setting('MAIL_FOLDERS')}（または ${f.setting('AFTER_IMPORT')}）の名前を、サーバーでの表記どおりに直してください。フォルダーの一覧は \`hikyaku doctor\` で表示されます。`,
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
      'メールは失われず、二重にも取り込みません。1 通ずつ内容で照合し、終わるまで元のメールボックスからは何も削除しません。',
      '操作は不要です。今回だけ、いつもより時間がかかります。',
    ),
  'source.read-only': f =>
    text(
      `元のメールボックスで${f.with('messages', n => ` ${n} 通の`)}削除や移動が行われませんでした${f.with('folder', folder => `（フォルダー「${folder}」）`)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残りますが、再び取り込むことはありません。',
      `元のメールボックスの容量が気になる場合は、古いメールをご自身で削除してください。${f.setting('AFTER_IMPORT', 'keep')} にすると、この表示は出なくなります。`,
    ),
  'source.cannot-settle': f =>
    text(
      `${server(f)}では、指定したメールだけを安全に削除・移動することができません${because(f)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。ほかのメールまで消してしまうおそれがあるため、元のメールボックスにはそのまま残します。',
      `${f.setting('AFTER_IMPORT', 'keep')} に変更してください。サーバーから削除したい場合は ${f.setting('MAIL_PROTOCOL', 'pop3')} をお使いください。`,
    ),
  'source.target-refused': f =>
    text(
      `${server(f)}では、フォルダー「${f.or('target', '?')}」を作成できません。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残ります。新着メールの取り込みは続きます。',
      `${f.setting('AFTER_IMPORT', 'move:…')} に、そのサーバーで使えるフォルダー名${f.with('possible', names => `（${names}）`)}を指定するか、フォルダーをご自身で作成するか、${f.setting('AFTER_IMPORT', 'keep')} にしてください。`,
    ),
  'source.settle-failed': f =>
    text(
      `${server(f)}で、取り込み済みのメール${f.with('messages', n => `のうち ${n} 通`)}の削除や移動が行われませんでした${f.with('folder', folder => `（フォルダー「${folder}」）`)}${because(f)}。${said(f)}`,
      'メールは Gmail に取り込み済みです。元のメールボックスにも残ります。新着メールの取り込みは続きます。',
      `数分後、その後は数時間おきに自動で再試行します。続く場合は ${f.setting('AFTER_IMPORT', 'keep')} にするか、サーバーの管理者にお問い合わせください。`,
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
      '`hikyaku compare` で Gmail にあるものを確認し、内容に問題がなければ、元のメールボックスからご自身で削除してください。',
    ),
}
