/** The settings of a fleet: several workers on one PostgreSQL. Variables alone, since its mailboxes stand in the database. */
import { readNumber, readText, readWorkerName } from '../readers.ts'
import { optional, secret, usually } from './setting.ts'

export const fleetSettings = {
  fleetDatabase: secret({
    variable: 'FLEET_DATABASE',
    about: {
      en: 'The PostgreSQL database of a fleet (several workers on several computers), with user and password.',
      ja: 'フリート（複数のコンピューターで動くワーカー）の PostgreSQL データベース。ユーザー名とパスワードも含めます。',
    },
    otherwise: {
      en: 'no fleet: this computer alone',
      ja: 'フリートを使わず、このコンピューターだけで動きます',
    },
    example: 'postgresql://hikyaku:password@db.example.jp:5432/hikyaku',
  }),
  fleetKeyFile: optional({
    variable: 'FLEET_KEY_FILE',
    read: readText,
    path: true,
    about: {
      en: 'The key that opens the secrets in a fleet’s database, which does not hold it (`openssl rand -base64 32` makes one). The systemd credential `fleet-key` may take its place.',
      ja: 'フリートのデータベースにあるパスワードなどを開く鍵のファイル。鍵はデータベースには入りません。`openssl rand -base64 32` で作れます。systemd のクレデンシャル `fleet-key` でも渡せます。',
    },
    otherwise: { en: '`fleet.key` in `STATE_DIR`', ja: '`STATE_DIR` の `fleet.key`' },
    example: '/etc/hikyaku/fleet.key',
  }),
  fleetAs: optional({
    variable: 'FLEET_AS',
    read: readText,
    about: {
      en: 'Who changes the fleet, as `hikyaku fleet audit` is to show it beside the login of PostgreSQL.',
      ja: 'フリートを変更する人の名前。`hikyaku fleet audit` に、PostgreSQL のユーザーと並べて表示します。',
    },
    otherwise: { en: 'the login of PostgreSQL alone', ja: 'PostgreSQL のユーザーだけ' },
    example: 'Hanako',
  }),
  workerName: optional({
    variable: 'WORKER_NAME',
    read: readWorkerName,
    about: {
      en: 'The name of a worker, which no other one of the fleet may have.',
      ja: 'ワーカーの名前。同じフリートの中で重ならないようにします。',
    },
    otherwise: {
      en: 'the computer’s name and a part of `STATE_DIR`’s digest',
      ja: 'コンピューター名と、`STATE_DIR` のダイジェストの一部',
    },
    example: 'worker-1',
  }),
  workerCapacity: usually({
    variable: 'WORKER_CAPACITY',
    read: readNumber(1, 100_000),
    about: {
      en: 'How many mailboxes a worker takes at most.',
      ja: 'ワーカーが受け持つメールボックスの最大数。',
    },
    usual: 1000,
  }),
  fleetLoginsAtOnce: usually({
    variable: 'FLEET_LOGINS_AT_ONCE',
    read: readNumber(1, 10_000),
    about: {
      en: 'How many logins all workers together have under way at one mail server. Those that share an address count together (`WORKER_ADDRESS`).',
      ja: '1 つのメールサーバーに対して同時に行うログインの数。接続元のアドレスが同じワーカー（`WORKER_ADDRESS`）の合計です。',
    },
    usual: 20,
  }),
  fleetLoginsPerMinute: usually({
    variable: 'FLEET_LOGINS_PER_MINUTE',
    read: readNumber(1, 1_000_000),
    about: {
      en: 'How many logins a minute all workers together make at one mail server. POP3 logs in for each pull.',
      ja: '1 つのメールサーバーに対して 1 分間に行うログインの数。全ワーカーの合計です。POP3 では取得のたびにログインします。',
    },
    usual: 1200,
  }),
  workerAddress: optional({
    variable: 'WORKER_ADDRESS',
    read: readWorkerName,
    about: {
      en: 'A name for the address that mail servers see a worker come from, where it is not the same for all. What a server takes from one address is counted for each.',
      ja: 'メールサーバーから見た接続元アドレスの名前。ワーカーによって異なる場合に設定すると、アドレスごとの上限を別々に数えます。',
    },
    otherwise: { en: 'one for all workers', ja: '全ワーカーで共通' },
    example: 'gateway-a',
  }),
}
