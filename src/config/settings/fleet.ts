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
}
