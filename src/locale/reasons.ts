/** Machines' reasons in words: system error codes and our own short names. What is not here is shown as it is. */
import type { Language } from '../base/language.ts'

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
  foreign: ['it belongs to another user', '別のユーザーのファイルです'],
  writable: ['other users can write it', 'ほかのユーザーも書き込めます'],
  empty: ['it is empty', '中身が空です'],
  damaged: ['it is damaged', '壊れています'],
  locked: ['it is locked', 'ロックされています'],
  'not-a-file': ['it is not a file', 'ファイルではありません'],
  'not-one-line': [
    'it holds more than the one line of a secret',
    '秘密の値は 1 行だけのはずですが、それ以外の内容が含まれています',
  ],
  'too-large': ['it is too large', 'サイズが大きすぎます'],
  'not-utf-8': ['it is not saved as UTF-8', 'UTF-8 で保存されていません'],
  'both-given': ['the value and a file are both given', '値とファイルの両方が指定されています'],
  'read-only': ['it can only be read', '読み取り専用です'],
  timeout: ['no answer in time', '時間内に応答がありません'],
  closed: ['connection closed', '接続が閉じられました'],
  aborted: ['broken off', '中断されました'],
  abandoned: ['broken off', '中断されました'],
  // Certificates (OpenSSL's names, openssl-verification-options(1))
  CERT_HAS_EXPIRED: ['the certificate has expired', '証明書の有効期限が切れています'],
  CERT_NOT_YET_VALID: ['the certificate is not valid yet', '証明書の有効期間がまだ始まっていません'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['the server vouches for itself alone', '自己署名証明書です'],
  SELF_SIGNED_CERT_IN_CHAIN: ['issued by an unknown authority', '不明な認証局が発行しています'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['issued by an unknown authority', '不明な認証局が発行しています'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'the server sent an incomplete certificate',
    '証明書の情報が不足しています',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ['made out to another name', '別の名前で発行されています'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['the port does not speak TLS', 'このポートは TLS に対応していません'],
  'not the pinned certificate': [
    'not the certificate of MAIL_CERT_SHA256',
    'MAIL_CERT_SHA256 で指定した証明書ではありません',
  ],
  // Whose the data folder is
  everybody: ['everybody may exchange it for another', '誰でも別のものに置き換えられます'],
  'two-owners': ['its path belongs to two different users', 'パスの所有者が複数います'],
  exchanged: ['it was exchanged for another', '別のものに置き換えられました'],
  'service-smtp': ['it is a server for sending mail (SMTP)', '送信用のサーバー（SMTP）が応答しています'],
  'service-http': ['it is a web server (HTTP)', 'Web サーバー（HTTP）が応答しています'],
  'service-imap': ['it speaks IMAP', 'IMAP サーバーが応答しています'],
  'service-pop3': ['it speaks POP3', 'POP3 サーバーが応答しています'],
  'service-ssh': ['it is an SSH server', 'SSH サーバーが応答しています'],
  'service-ftp': ['it is an FTP server', 'FTP サーバーが応答しています'],
  'service-tls': [
    'it speaks TLS from the first octet: set MAIL_SECURITY=tls',
    '最初から TLS で通信しています。MAIL_SECURITY=tls にしてください',
  ],
  'listing-line': ['a line of it is none', '一覧の形をしていない行があります'],
  'listing-count': ['its numbers contradict each other', '件数が一致しません'],
  become: [
    'it belongs to another user, whose rights cannot be taken here',
    '別のユーザーのもので、そのユーザーの権限では実行できません',
  ],
  unreachable: ['its owner cannot reach it', '所有者がたどり着けない場所にあります'],
  'others-read': ['others may read it', 'ほかのユーザーも読み取れます'],
  'not-its-own': ['other things are kept there, too', 'ほかのファイルも置かれています'],
  'foreign-file': ['a file in it is somebody else’s', '別のユーザーのファイルが含まれています'],
  // Where secrets are kept
  'no-bus': ['there is no keychain in this session', 'キーチェーンを利用できない環境です'],
  'no-service': ['no keychain is running', 'キーチェーンが起動していません'],
  failed: ['the keychain reports an error', 'キーチェーンのエラー'],
  'no-key': ['its key is missing', '鍵がありません'],
  'wrong-key': ['the key does not fit', '鍵が一致しません'],
  'key-format': ['the key has the wrong form', '鍵の形式が正しくありません'],
  newer: ['written by a newer version', '新しいバージョンで作られています'],
  // The file of the Google client
  'not-found': ['there is no such file', 'ファイルがありません'],
  unreadable: ['the file cannot be read', 'ファイルを読み取れません'],
  'not-json': ['the file is not JSON', 'JSON ファイルではありません'],
  'web-client': [
    'the client is of the type “Web application”; “Desktop app” is needed',
    'クライアントの種類が「ウェブ アプリケーション」です。「デスクトップ アプリ」が必要です',
  ],
  'service-account': ['the file is the key of a service account', 'サービス アカウントの鍵のファイルです'],
  'authorized-user': ['the file is a sign-in of another program', 'ほかのプログラムのサインイン情報です'],
  'not-a-client': ['the file describes no client', 'クライアントの情報がありません'],
  'no-secret': ['the file holds no client secret', 'クライアント シークレットがありません'],
  keychain: ['the keychain', 'キーチェーン'],
  'sealed file': ['the sealed file', '暗号化ファイル'],
  environment: ['the environment', '環境変数'],
  // The sign-in
  'pasted-url': ['the pasted address', '貼り付けた URL'],
  access_denied: ['you or Google said no', '許可されませんでした'],
  'code-ended': ['the sign-in took too long', 'サインインに時間がかかりすぎました'],
  'no-refresh-token': ['Google gave no lasting permission', 'Google から継続的な許可が得られませんでした'],
  'not-an-address': ['that is no web address', 'URL ではありません'],
  'google-page': [
    'that is still Google’s own page; press “Continue” there first',
    'まだ Google のページです。先に「続行」を押してください',
  ],
  'other-address': ['that is another address', '別の URL です'],
  'cut-off': ['the address is cut off', 'URL が途中で切れています'],
  'other-attempt': ['that address belongs to another attempt', '別の回のサインインの URL です'],
}

const phases: Readonly<Record<string, readonly [en: string, ja: string]>> = {
  lookup: ['looking up the name', '名前の検索'],
  connect: ['connecting', '接続'],
  greeting: ['greeting', '最初の応答'],
  tls: ['setting up encryption', '暗号化'],
  starttls: ['setting up encryption', '暗号化'],
  capa: ['asking what the server can do', '対応機能の確認'],
  login: ['logging in', 'ログイン'],
  folders: ['listing folders', 'フォルダー一覧の取得'],
  select: ['opening a folder', 'フォルダーを開く'],
  list: ['listing messages', 'メール一覧の取得'],
  peek: ['looking at a message', 'メールの確認'],
  retrieve: ['retrieving a message', 'メールの受け取り'],
  settle: ['deleting or moving', '削除・移動'],
  quit: ['saying goodbye', '終了処理'],
  logout: ['saying goodbye', '終了処理'],
  watch: ['waiting for news', '新着の待機'],
  idle: ['waiting for news', '新着の待機'],
  upload: ['uploading', '送信'],
  answer: ['waiting for the answer', '応答の待機'],
  token: ['signing in', 'サインイン'],
  consent: ['signing in', 'サインイン'],
  revoke: ['withdrawing the permission', '許可の取り消し'],
}

const inWords = (table: typeof reasons, key: string, language: Language): string =>
  (Object.hasOwn(table, key) ? table[key] : undefined)?.[language === 'ja' ? 1 : 0] ?? key

/** What was being done when it happened. */
export function phaseText(phase: string, language: Language): string {
  return inWords(phases, phase, language)
}

export function reasonText(reason: string, language: Language): string {
  return inWords(reasons, reason, language)
}
