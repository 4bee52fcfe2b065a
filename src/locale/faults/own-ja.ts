/** このコンピューター、データ、秘密の値、設定、hikyaku 自身。 */
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import { because, byItself, place, stopped, text, waits } from './phrases-ja.ts'

/** EMFILE, ENFILE (open(2)). */
const isOutOfHandles = (f: Facts): boolean => /^E[MN]FILE$/.test(String(f.get('reason')))
/** 取り込み記録が PostgreSQL にある。 */
const isOnServer = (f: Facts): boolean => f.or('file', '').includes('://')

export const ja: FaultTexts<'state' | 'journal' | 'secret' | 'config' | 'usage' | 'bug'> = {
  // このコンピューター
  'state.second-instance': f =>
    text(
      `同じ取り込み記録を使う hikyaku がすでに動いています${f.with('file', file => `（${file}）`)}。`,
      '取り込みは動作中の hikyaku が続けています。こちらは何もしていません。',
      '今すぐ確認するには `hikyaku check-now` を実行してください。こちらで取り込みたい場合は、先にそちらを停止してください。',
    ),
  'state.disk-full': f =>
    text(
      `ディスクの空き容量が${f.get('reserve') === undefined ? 'ありません' : '残りわずかのため、これ以上は使いません'}${f.with('file', file => `（${file}）`)}。`,
      waits,
      'ディスクの空き容量を増やしてください。空きができれば自動で再開します。',
    ),
  'state.read-only': f =>
    text(
      `取り込み記録の保存先に書き込めません${f.with('file', file => `（${file}）`)}${because(f)}。`,
      stopped,
      `hikyaku を実行するユーザーに書き込みを許可するか、${f.setting('STATE_DIR')} で別のフォルダーを指定してください。`,
    ),
  'state.exposed': f =>
    text(
      `取り込み記録の保存先${f.with('file', file => `（${file}）`)}が、ほかのユーザーから保護されていません${because(f)}${f.with('what', what => `（${what}）`)}。`,
      stopped,
      f.get('command') === undefined
        ? `${f.setting('STATE_DIR')} で hikyaku 専用のフォルダーを指定するか、フォルダーの所有者として hikyaku を実行してください。`
        : `「${f.or('command', '')}」を実行するか、${f.setting('STATE_DIR')} で hikyaku 専用のフォルダーを指定してください。`,
    ),
  'state.no-folder': f =>
    text(
      `取り込み記録の保存先${f.with('file', file => `（${file}）`)}がフォルダーではなく、フォルダーを作ることもできません${because(f)}。`,
      stopped,
      `${f.setting('STATE_DIR')} で別のフォルダーを指定するか、その場所にあるものを取り除いてください。`,
    ),
  'state.hangs': f =>
    text(
      `取り込み記録の保存先${f.with('file', file => `（${file}）`)}から応答がありません。ネットワークドライブなどが外れている可能性があります。`,
      waits,
      `ディスクを接続し直すか（\`mount\` で一覧を確認できます）、${f.setting('STATE_DIR')} で別のディスクのフォルダーを指定して、hikyaku をもう一度起動してください。`,
    ),
  'state.io': f =>
    text(
      isOutOfHandles(f)
        ? 'このコンピューターの制限により、hikyaku はファイルや接続をこれ以上開けません。'
        : `ディスクの読み書きでエラーが起きました${f.with('file', file => `（${file}）`)}${because(f)}。`,
      waits,
      isOutOfHandles(f)
        ? `${byItself}何度も起きる場合は、開けるファイル数の上限（\`ulimit -n\`）を引き上げてください。`
        : `${byItself}何度も起きる場合は、バックアップを取り、ディスクを点検してください。`,
    ),
  'journal.newer': f =>
    text(
      `取り込み記録が、より新しいバージョンの hikyaku で作られています${f.with('file', file => `（${file}）`)}。`,
      stopped,
      '新しいバージョンの hikyaku をもう一度インストールしてください。',
    ),
  'journal.older': f =>
    text(
      `フリートのテーブルがこの hikyaku より古く${f.with('file', file => `（${file}）`)}、PostgreSQL のこのユーザーでは変更できません。`,
      waits,
      'テーブルの所有者（hikyaku_admin）のユーザーで、このバージョンを一度起動してください。テーブルが更新されます。',
    ),
  'journal.damaged': f =>
    text(
      `取り込み記録が壊れています${f.with('file', file => `（${file}）`)}${because(f)}。`,
      `${stopped}二重に取り込むおそれがあるため、取り込み記録を自動で作り直すことはしません。`,
      isOnServer(f)
        ? 'PostgreSQL のログを確かめ、バックアップからデータベースを戻してください。'
        : 'バックアップから取り込み記録を戻すか、`hikyaku journal rebuild` を実行してください。元のメールボックスと Gmail を確かめて作り直します（何も削除しません）。',
    ),
  'journal.missing': f => {
    if (isOnServer(f))
      return text(
        `このデータベースにフリートはありません${f.with('file', file => `（${file}）`)}。`,
        `${stopped}二重に取り込むおそれがあるため、自動で作ることはしません。`,
        `${f.setting('FLEET_DATABASE')} を確認してください。新しく始める場合は \`hikyaku fleet init\` を実行し、あったはずのものがなくなった場合は、バックアップからデータベースを戻してください。`,
      )
    return text(
      `取り込み記録がなくなっています${f.with('file', file => `（${file}）`)}。`,
      `${stopped}二重に取り込むおそれがあるため、取り込み記録を自動で作り直すことはしません。`,
      `${f.setting('STATE_DIR')} を確認し、バックアップから取り込み記録を戻すか、\`hikyaku journal rebuild\` を実行してください。元のメールボックスと Gmail を確かめて作り直します（何も削除しません）。`,
    )
  },
  'journal.other-tables': f =>
    text(
      `データベース${f.with('file', file => ` ${file} `)}には、ほかのソフトのテーブルがあります${f.with('what', names => `（${names}）`)}。`,
      '何も変更していません。メールにも何もしていません。',
      `専用のデータベースを作り（\`createdb hikyaku\`）、${f.setting('FLEET_DATABASE')} で指定してください。`,
    ),
  'journal.locked': f =>
    text(
      `別のソフトが取り込み記録を開いています${f.with('file', file => `（${file}）`)}。`,
      waits,
      `${byItself}長く続く場合は、そのファイルを開いているソフトを閉じてください。`,
    ),
  'journal.unreachable': f =>
    text(
      `取り込み記録のデータベース${f.with('file', file => ` ${file} `)}に接続できません${because(f)}。`,
      waits,
      `${byItself}長く続く場合は、PostgreSQL が動いていて、このパソコンから接続できるか確かめてください。`,
    ),
  'journal.busy': f =>
    text(
      `取り込み記録のデータベース${f.with('file', file => ` ${file} `)}への書き込みが重なり、終わりませんでした${f.with('reason', reason => `（${reason}）`)}。`,
      waits,
      `${byItself}長く続く場合は、PostgreSQL の CPU を増やすか、1 つのデータベースで扱うメールボックスを減らしてください。`,
    ),
  'journal.not-held': f =>
    text(
      `メールボックス${f.with('name', name => ` ${name} `)}は、ほかのワーカーが引き継ぎました。`,
      'メールは失われません。今はそのワーカーが取り込みます。',
      '操作は必要ありません。頻繁に入れ替わる場合は、このワーカーが止まっていたり、PostgreSQL に接続できなかったりしていないか確かめてください。',
    ),
  'journal.closed': f =>
    text(
      `PostgreSQL が取り込み記録${f.with('file', file => ` ${file} `)}の使用を許可していません${f.with('reason', reason => `（${reason}）`)}。`,
      'メールは失われません。ワーカーがこれを伝えた場合、メールは元のメールボックスに残り、復旧したあとに取り込まれます。コマンドが伝えた場合、拒否されたのはそのコマンドだけで、ワーカーはそれぞれのユーザー名で取り込みを続けています。',
      'PostgreSQL のユーザー名、パスワード、権限を確かめてください。',
    ),
  'journal.adopted': f =>
    text(
      `この取り込み記録のメールは、今はフリートが取り込んでいます${f.with('place', place => `（${place}）`)}${f.with('file', file => `（${file}）`)}。`,
      'メールは失われません。フリートのワーカーが取り込みます。二重に取り込まないように、ここでは何も取り込んでいません。',
      `このコンピューターのサービスを停止して登録を解除してください。\`hikyaku fleet adopt\` が途中で止まった場合は、${f.with('tenant', tenant => `\`--tenant ${tenant}\` を付けて`)}もう一度実行してください。メールボックスを 1 台に戻すには \`hikyaku fleet leave\` を使います。`,
    ),
  'journal.taken': f =>
    text(
      `同じ名前のメールボックスがフリートにすでにあります${f.with('name', name => `（${name}）`)}。`,
      'メールには触れていません。こちらもフリートも、何も変更していません。',
      '別のテナントに移すか（`--tenant`）、フリートでの名前を変えてください（`--as 元の名前=新しい名前`）。',
    ),
  'journal.departed': f =>
    text(
      `メールボックス${f.with('name', name => ` ${name} `)}は、フリートから${f.with('place', place => ` ${place} へ`)}移りました。`,
      'メールは失われません。移った先で取り込まれます。そこで何を取り込んだかをフリートは知らないため、もう一度取り込むおそれがあります。',
      'フリートに戻すには、今のデータフォルダーを指定して `hikyaku fleet adopt` を実行してください。',
    ),
  'journal.address': f =>
    text(
      `取り込み記録のデータベースのアドレスが使えません${because(f)}${f.with('option', option => `: ${option}`)}${f.with('path', path => ` (${path})`)}。`,
      waits,
      'postgresql://ユーザー名@ホスト名:ポート/データベース名 の形で指定してください。PostgreSQL の証明書が独自の認証局のものであれば ?sslrootcert=ファイル を付けます。パスワードの中の % は %25、/ は %2F、? は %3F、# は %23、@ は %40、: は %3A と書きます。',
    ),
  'journal.insecure': f =>
    text(
      `${f.with('file', file => `PostgreSQL（${file}）`) || 'PostgreSQL '}が正しいサーバーだと確認できません${because(f)}。`,
      `${waits}パスワードは送っていません。`,
      'アドレスのホスト名に対する証明書を PostgreSQL に設定し、独自の認証局であれば ?sslrootcert=ファイル を指定してください。ほかの誰も使えないネットワークの中に限り、?sslmode=disable とすることもできます。',
    ),
  'journal.pooled': f =>
    text(
      `hikyaku と ${f.with('file', file => `PostgreSQL（${file}）`) || 'PostgreSQL '}の間に、接続を使い回すプーラーがあります${because(f)}。`,
      waits,
      'PostgreSQL そのもののアドレスを指定してください。メールボックスがいくつあっても、ワーカーが使う接続はわずかです。',
    ),
  'secret.missing': f =>
    text(
      `パスワードまたはアクセス権が登録されていません${f.with('variable', name => `（${name}）`)}${f.with('what', what => `（${what}）`)}${f.with('name', name => `（保存名: ${name}）`)}。`,
      stopped,
      '`hikyaku setup` を実行して登録してください。',
    ),
  'secret.unreadable': f =>
    text(
      `保存されたパスワードまたはアクセス権${place(f)}を読み取れません${because(f)}。`,
      stopped,
      f.get('command') === undefined
        ? 'このコンピューターのキーチェーンのロックを解除するか、`hikyaku setup` で登録し直してください。'
        : f.get('reason') === 'key-format'
          ? `次のコマンドで鍵を作り直してください: ${f.or('command', '')}`
          : `次のコマンドを実行してください: ${f.or('command', '')}`,
    ),
  'secret.other-destination': f =>
    text(
      `保存されたパスワードまたはアクセス権${f.with('name', name => `（${name}）`)}は ${f.or('kept', '別のサーバー')} のために登録されたものですが、現在の設定は ${f.or('wanted', '別のサーバー')} を指しているため、送信しませんでした。`,
      stopped,
      '設定を変えたのがご自身であれば、`hikyaku setup` を実行して、新しいサーバー用に登録し直してください。心当たりがなければ、設定がどこから読み込まれているか（現在のフォルダーの `.env`、環境変数、設定ファイル）を確認してください。',
    ),
  'secret.without-destination': f =>
    text(
      `保存されたパスワードまたはアクセス権${f.with('name', name => `（${name}）`)}は以前のバージョンのもので、どのサーバーのために登録されたかの記録がありません。${f.or('wanted', '設定のサーバー')} には送信しませんでした。`,
      stopped,
      'そのサーバーで間違いなければ、`hikyaku setup` を実行して、もう一度登録してください。',
    ),
  'secret.not-kept': f =>
    text(
      f.with(
        'variable',
        variable =>
          `パスワードまたはアクセス権を保存しませんでした。hikyaku はこれを ${variable} から読み込んでいます。`,
      ) || `パスワードまたはアクセス権を保存できませんでした${because(f)}。`,
      'メールには何もしていません。以前に保存したものはそのまま残っています。',
      f.with(
        'variable',
        variable =>
          `新しいパスワードを ${variable} に書いてください。変数は起動時に読み込むため、その場合は hikyaku を再起動してください。`,
      ) ||
        `このコンピューターのキーチェーンのロックを解除するか、${f.setting('STATE_DIR')} に書き込めることを確認してから、もう一度入力してください。`,
    ),
  'config.invalid': f => {
    const what = [
      `${f.with('member', member => `${member} の`)}設定に誤りがあります${f.with('what', setting => `（${setting}）`)}${because(f)}。`,
      ...f.lines('problems').map(line => `・${line}`),
    ].join('\n')
    // フリートの場合: コマンドに渡されたもの、またはワーカーのコンピューターで使えないもの。
    if (f.get('member') !== undefined)
      return text(
        what,
        '何も変更していません。メールは失われません。取り込まないメールは元のメールボックスに残ります。',
        '上の各行を `hikyaku fleet add` か、`hikyaku fleet import` で使うファイルで直してください。すべての設定項目は docs/configuration.ja.md に説明があります。',
      )
    return text(
      what,
      f.get('problems') === undefined ? stopped : 'hikyaku は起動していません。メールには何もしていません。',
      '上の各行を直してから、もう一度起動してください。すべての設定項目は `.env.example` に説明があります。',
    )
  },
  'config.none': f =>
    f.get('reason') === 'of-the-computer'
      ? text(
          'hikyaku はこのコンピューターのサービスとして動いており、設定と取り込み記録を見られるのは管理者だけです。',
          'メールには何もしていません。',
          'コマンドの前に `sudo` を付けて実行してください。`sudo` なしの `hikyaku setup` は、ご自分専用の hikyaku の設定を始めます。',
        )
      : text(
          `まだ設定されていません。設定ファイル（${f.with('file', file => file) || 'config.yaml'}）も、現在のフォルダーの \`.env\` も、環境変数も見つかりませんでした。`,
          'メールには何もしていません。',
          '`hikyaku setup` を実行してください。必要なことを順にお尋ねします。',
        ),
  'usage.invalid': f =>
    text(
      `コマンドの指定が正しくありません${f.with('what', what => `（${describeReason(what, 'ja')}）`)}${because(f)}。`,
      '何も実行していません。メールにも何もしていません。',
      f.with('command', command => `\`hikyaku help ${command}\` でこのコマンドの使い方を表示できます。`) ||
        '`hikyaku help` でコマンドの一覧を表示できます。',
    ),
  bug: f =>
    text(
      `hikyaku 自身の不具合が起きました${f.with('what', what => `（${what}）`)}。`,
      waits,
      'ご利用方法が原因ではありません。前後のログを添えて開発元へご報告ください。',
    ),
}
