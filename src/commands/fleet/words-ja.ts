/** `hikyaku fleet` の文。 */
import { makeFormat } from '../../locale/format.ts'
import type { FleetWords } from './words-en.ts'

const { number, span, relative, percent } = makeFormat('ja')

const mailboxes = (count: number): string => `${number(count)} 個のメールボックス`
const list = (parts: readonly (readonly [count: number, text: string])[]): string =>
  parts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${text} ${number(count)}`)
    .join('、')

export const ja: FleetWords = {
  init: {
    made: place => `フリートのテーブルの場所: ${place}`,
    keyMade: file => `フリートの鍵: ${file}`,
    keep: 'データベースのパスワードは、すべてこの鍵で暗号化されています。鍵はデータベースには入っていません。鍵のファイルの控えを、データベースともそのバックアップとも別の場所に保管してください。両方を手に入れた人は、すべてのパスワードを読めます。鍵を失うとパスワードは取り戻せず、すべて入力し直すことになります（取り込み記録はそのまま使えます）。',
    rewrapped: (tenants, isAll) =>
      `鍵ファイルの 1 行目が新しい鍵になっているため、${tenants} 件のテナントの鍵を新しい鍵で包み直しました。${isAll ? 'すべてのワーカーにこのファイルを置いたら、古い行を消してください。' : ''}`,
    notRewrapped: (tenants, more) =>
      `${number(tenants.length + more)} 件のテナントの鍵は開けないため、そのまま残しました: ${tenants.join('、')}${more > 0 ? ` ほか ${number(more)} 件` : ''}。足りない行を鍵ファイルに戻すか、テーブル tenant の行をバックアップから戻して、もう一度 \`hikyaku fleet init\` を実行してください。それまで古い行を消さないでください。`,
    nothingToDo: place => `何も変更していません。${place} のフリートは最新で、鍵もあります。`,
    next: '次にすること:',
    steps: [
      'hikyaku fleet add                  メールボックスの追加（質問に答える）',
      'hikyaku fleet import ファイル.csv  まとめて追加',
      'hikyaku worker                     取り込みを行う各コンピューターで実行。',
      '                                   同じ FLEET_DATABASE と、鍵ファイルの写しが必要',
      'hikyaku fleet status               メールが届いているかの確認',
    ],
  },
  add: {
    askAccount: 'どの Gmail アカウントに取り込みますか',
    newAccount: 'ほかのアカウント',
    askGmail: 'Gmail アカウントのアドレス',
    askWay: 'どの方法で Gmail に取り込みますか',
    byKey: 'Google Workspace: サービス アカウントの鍵',
    byClient: '`hikyaku setup google` で得たアクセス権',
    askKey: '鍵ファイル（JSON）のパス',
    askClient: 'デスクトップ クライアントの JSON ファイルのパス',
    askToken: 'リフレッシュ トークンのファイルのパス',
    noAccount: tenant =>
      `テナント ${tenant} の Gmail アカウントがないか、複数あります。--account で指定するか、--gmail-account と、--service-account-file または --client-file・--refresh-token-file で追加してください`,
    oneOfBoth: '--service-account-file は、--client-file や --refresh-token-file と同時に指定できません',
    both: '--client-file と --refresh-token-file は両方指定してください',
    unchecked: 'ログインは試していません。`hikyaku fleet status` で、取り込めているか確かめてください。',
    account: {
      added: 'Gmail アカウントを追加しました:',
      changed: 'Gmail アカウントを変更しました:',
      unchanged: 'Gmail アカウントに変更はありません:',
    },
    mailbox: {
      added: 'メールボックスを追加しました:',
      changed: 'メールボックスを変更しました:',
      unchanged: 'メールボックスに変更はありません:',
    },
    goesOn: workers =>
      workers === 0
        ? 'ワーカーが動いていないため、まだ取り込まれません。起動: hikyaku worker'
        : '数秒以内にワーカーが取り込みを始めます。',
  },
  import: {
    line: (line, column, reason) =>
      `${number(line)} 行目${column === null ? '' : `（${column}）`}: ${reason}`,
    flaws: {
      unclosed: '引用符（"）が閉じていません。値に改行は入れられません',
      'stray-quote': '値の途中に引用符（"）があります。値全体を引用符で囲み、中の引用符は 2 つ重ねてください',
      'behind-quote': '閉じる引用符（"）の後ろに文字があります。値の中の引用符は 2 つ重ねてください',
      'too-long': '行が 64 KB を超えています',
      'not-utf-8': 'UTF-8 ではない行です',
    },
    fields: (fields, columns) =>
      `値が ${number(fields)} 個あります。1 行目の列は ${number(columns)} 個です。カンマを含む値は引用符（"）で囲んでください`,
    twice: line => `${number(line)} 行目と同じメールボックスです`,
    noName: most =>
      `英小文字、数字、. _ @ - を使い、英小文字か数字で始めて、${number(most)} 文字までにしてください`,
    gmail: 'Gmail アカウントのアドレス（例: info@example.jp）ではありません',
    noAccount:
      'テナントにこのアカウントはありません。`hikyaku fleet add` で追加するか、このコマンドに --service-account-file を付けてください',
    unfit: 'この列に書ける値ではないか、ほかの列と合いません',
    otherAddress: '同じ名前のアカウントのアドレスが異なります',
    progress: (lines, part, whole) => `${number(lines)} 行（${percent(part, whole)}）`,
    stopping: '停止します。保存済みの分は残ります。もう一度実行すると、続きから処理します。',
    done: count =>
      `ファイルのメールボックス ${number(count.lines)} 個: ${
        list([
          [count.added, '追加'],
          [count.changed, '変更'],
          [count.unchanged, '変更なし'],
          [count.notTaken, '登録できず'],
        ]) || 'なし'
      }`,
    rehearsed: count =>
      `ファイルのメールボックス ${number(count.lines)} 個: ${
        list([
          [count.added, '追加の予定'],
          [count.changed, '変更の予定'],
          [count.unchanged, '変更なし'],
          [count.notTaken, '登録不可'],
        ]) || 'なし'
      }。何も変更していません。`,
    beside: count =>
      list([
        [count.tenantsAdded, 'テナントの追加'],
        [count.accountsAdded, 'Gmail アカウントの追加'],
        [count.accountsChanged, 'Gmail アカウントの変更'],
      ]),
    notTaken:
      '登録できなかった行のメールボックスは、元のままです。行を直して、もう一度実行してください。正しい行には影響しません。',
  },
  audit: {
    none: 'まだ何も変更されていません。',
    headings: ['日時', '変更者', '対象', '変更'],
    kinds: {
      tenant: 'テナント',
      account: 'アカウント',
      mailbox: 'メールボックス',
      operator: 'オペレーター',
      key: '鍵',
    },
    acts: {
      added: '追加',
      changed: '変更',
      paused: '一時停止',
      resumed: '再開',
      removed: '削除',
      moved: '移動',
    },
    more: (count, before) =>
      `${number(count)} 件を表示しました。これより前: hikyaku fleet audit --before ${before}`,
    number: '--before には `hikyaku fleet audit` が表示した番号を指定してください',
  },
  list: {
    none: 'メールボックスはありません。',
    headings: ['メールボックス', 'Gmail', 'サーバー', '状態'],
    paused: '一時停止中',
    waiting: 'ワーカー待ち',
    trouble: '✖',
    more: (count, after) => `${number(count)} 個を表示しました。続き: hikyaku fleet list --after ${after}`,
    mostRange: '--most は 1 から 1000 までの整数で指定してください',
  },
  status: {
    empty:
      'メールボックスはまだありません。`hikyaku fleet add` または `hikyaku fleet import` で追加してください。',
    allPaused: count => `⏸ ${mailboxes(count)}がすべて一時停止中です。取り込みは行いません。`,
    comes: (count, lastAgoMs) =>
      `✔ メールは届いています（${mailboxes(count)}）。${lastAgoMs === undefined ? 'まだ 1 通も届いていません。' : `最後の 1 通: ${relative(-lastAgoMs)}。`}`,
    comesBut: (count, lastAgoMs, troubles) =>
      `! メールは届いています（${mailboxes(count)}${lastAgoMs === undefined ? '' : `、最後は ${relative(-lastAgoMs)}`}）が、確認が必要なことが ${number(troubles)} 件あります。`,
    comesInPart: (failing, all) =>
      `✖ ${mailboxes(all)}のうち ${number(failing)} 個から取り込めていません。理由と対処:`,
    comesNot: all => `✖ ${mailboxes(all)}のどれからも取り込めていません。理由と対処:`,
    nobody: all =>
      `✖ ワーカーが動いていないため、${mailboxes(all)}のメールは届きません。起動: hikyaku worker`,
    starting: (free, all) =>
      `… ${mailboxes(all)}のうち ${number(free)} 個を、ワーカーが順に引き受けています（毎秒数個）。しばらくして、もう一度確かめてください。`,
    tooFew: (free, room) =>
      `ワーカーが受け持てるのは合計 ${number(room)} 個までで、${number(free)} 個はどのワーカーも取り込んでいません。メールは元のメールボックスに残っています。ワーカーを増やすか、WORKER_CAPACITY を大きくしてください。`,
    workers: 'ワーカー:',
    worker: (name, held, capacity) => `${name}: ${number(held)} 個（最大 ${number(capacity)} 個）`,
    goneWorker: (name, agoMs) => `${name}: 停止（${relative(-agoMs)}）`,
    mailboxes: (all, paused, free, tenants) => {
      const parts = list([
        [paused, '一時停止中'],
        [free, 'ワーカー待ち'],
      ])
      return `メールボックス ${number(all)} 個、テナント ${number(tenants)} 個${parts === '' ? '' : `（${parts}）`}`
    },
    messages: (waiting, today) => `今日の取り込み ${number(today)} 通、未取り込み ${number(waiting)} 通`,
    oldest: (key, agoMs) =>
      agoMs === undefined
        ? `まだ確認していません: ${key}`
        : `最後の確認からいちばん長い: ${key}（${span(agoMs)}）`,
    group: (of, kind, within) =>
      kind === 'messages'
        ? `${mailboxes(within)}のメール ${number(of)} 通`
        : kind === 'accounts'
          ? `Gmail アカウント ${number(of)} 個`
          : kind === 'mailboxes'
            ? `メールボックス ${number(of)} 個`
            : `${number(of)} 件`,
    named: (names, more) => `${names}${more > 0 ? `、ほか ${number(more)}` : ''}`,
    since: agoMs => `最長で ${span(agoMs)}前から`,
    whole: 'すべて表示: hikyaku fleet list --trouble',
  },
  act: {
    needsKeys: 'メールボックス（テナント/名前）を指定するか、--tenant でテナント全体を指定してください',
    ask: {
      pause: count => `${mailboxes(count)}を一時停止しますか？`,
      resume: count => `${mailboxes(count)}を再開しますか？`,
      remove: count => `${mailboxes(count)}をフリートから外しますか？`,
      move: count => `${mailboxes(count)}を移しますか？`,
    },
    needsYes: count => `${mailboxes(count)}が対象です。対話できない環境では --yes が必要です`,
    unchanged: '何も変更していません。',
    unknown: count =>
      `メール ${number(count)} 通が Gmail に届いたかどうかは、まだわかりません。この記録は残り、もう一度取り込む前に確かめます。`,
    noneOf: tenant => `テナント ${tenant} にメールボックスはありません。`,
    pause: {
      one: key => `${key}: 一時停止しました。`,
      same: key => `${key}: すでに一時停止中です。`,
      all: (changed, same) =>
        `${mailboxes(changed)}を一時停止しました${same > 0 ? `（${number(same)} 個はすでに停止中）` : ''}。`,
      after:
        'ワーカーは数秒以内にメールサーバーとの接続を閉じます。`hikyaku fleet resume` まで、どのワーカーもログインしません。メールは元のメールボックスに残ります。',
    },
    resume: {
      one: key => `${key}: 再開しました。`,
      same: key => `${key}: 一時停止していません。`,
      all: (changed, same) =>
        `${mailboxes(changed)}を再開しました${same > 0 ? `（${number(same)} 個は停止していませんでした）` : ''}。`,
      after: '数秒以内にワーカーが引き受け、残っているメールを取り込みます。',
    },
    remove: {
      one: key => `${key}: フリートから外しました。`,
      same: key => `${key}: すでに外されています。`,
      all: (changed, _same) => `${mailboxes(changed)}をフリートから外しました。`,
      after:
        'どのワーカーも取り込みを行わず、保管していたパスワードも削除しました。メールサーバーと Gmail には何もしていません。取り込んだ記録は残るので、同じ名前で追加し直しても、二重に取り込むことはありません。',
    },
    'check-now': {
      one: key => `${key}: 確認を依頼しました。`,
      same: key => `${key}: 一時停止中のため対象外です。`,
      all: (changed, same) =>
        `${mailboxes(changed)}の確認を依頼しました${same > 0 ? `（一時停止中の ${number(same)} 個は対象外）` : ''}。`,
      after: '受け持つワーカーが、数秒以内に確認します。',
    },
  },
  move: {
    needsTarget: '--to-account か --to-tenant で移動先を指定してください',
    one: (key, account) => `${key}: これからのメールは ${account} に取り込みます。`,
    moved: (key, to) => `${key} は ${to} になりました。`,
    all: count => `${mailboxes(count)}を移しました。`,
    after: 'これまでに取り込んだメールは元のアカウントに残り、もう一度取り込むことはありません。',
  },
  adopt: {
    pair: '--as は 元の名前=新しい名前 の形で指定してください',
    done: count => `取り込み記録のメール ${number(count)} 通を、フリートに移しました。`,
    unknown: count =>
      `このうち ${number(count)} 通は Gmail に入ったかどうかがまだわかりません。ワーカーが確かめてから、必要なら取り込み直します。`,
    mailbox: {
      offered: key => `${key}: これからはワーカーが取り込みます。`,
      paused: key =>
        `${key}: 元のとおり一時停止中です。再開するには \`hikyaku fleet resume ${key}\` を実行してください。`,
      unknown: key =>
        `${key}: 設定がここにないため、誰も取り込みません。この名前で追加すると（\`hikyaku fleet add --name\`）、続きから取り込みます。`,
      failed: key =>
        `${key}: 引き継げなかったため、誰も取り込みません。同じコマンドをもう一度実行するか、この名前で追加してください。`,
    },
    after:
      '二重に取り込まないように、元のコンピューターでは hikyaku を使えなくなりました。サービスの登録を解除してください。',
  },
  leave: {
    done: (key, folder, count) =>
      `${key} をフリートから出しました。メール ${number(count)} 通の記録は ${folder} にあります。`,
    after: name =>
      `今は誰も取り込みません。使うコンピューターで、このデータフォルダー（STATE_DIR）を使い、メールボックスを ${name} という名前で、Gmail アカウントをフリートでの名前で設定してください。`,
  },
  operator: {
    needsName: 'ユーザー名を指定してください: hikyaku fleet operator add 名前 --tenant テナント',
    needsTenant: 'どのテナントを見えるようにするか、--tenant で指定してください',
    ofAdd: '--password-file と --password-to は `add` で使います',
    oneOfBoth:
      '--password-file はパスワードを指定し、--password-to は自動で作るときに使います。同時には使えません',
    weak: 'パスワードは、ASCII の英数字と記号だけで 12 文字以上にしてください',
    fileThere: file => `${file} はすでにあります。新しいファイルの名前を指定してください`,
    added: {
      made: (name, tenant) => `${name}: ユーザーを作りました。テナント ${tenant} が見えます。`,
      'let-in': (name, tenant) => `${name}: テナント ${tenant} が見えるようになりました。`,
      changed: (name, tenant) => `${name}: パスワードを変更しました。テナント ${tenant} が見えます。`,
      unchanged: (name, tenant) => `${name}: すでにテナント ${tenant} が見えます。`,
    },
    password: 'パスワード（表示はこの 1 回だけです）:',
    passwordIn: file => `パスワードは ${file} にあります。`,
    after:
      'このユーザー名とパスワードを FLEET_DATABASE に指定すると、hikyaku fleet の list、status、audit、pause、resume を使えます。',
    removed: (name, tenants) => `${name}: ${tenants} は見えなくなりました。`,
    sessions: count => `接続を ${number(count)} 本切断しました。`,
    loginRemoved: 'ユーザーを削除しました。',
    loginStays: 'ユーザー自体は PostgreSQL に残っています。',
    none: 'オペレーターはいません。',
    headings: ['オペレーター', 'テナント', '接続'],
    cannotLogIn: 'ログイン不可',
  },
  retry: {
    again: count => `メール ${number(count)} 通を、数秒以内にもう一度試します。`,
    paused: key => `${key} は一時停止中です。\`hikyaku fleet resume ${key}\` で再開すると試します。`,
  },
}
