import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback } from '../../src/base/loopback.ts'

test('only what can be nothing but this computer is loopback', () => {
  const here = [
    'localhost',
    'LOCALHOST',
    'mail.localhost',
    '127.0.0.1',
    '127.255.0.9',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]
  for (const host of here) assert.equal(isLoopback(host), true, host)
  const elsewhere = [
    ...[
      '',
      'localhost.example.jp',
      'notlocalhost',
      '127.example.jp',
      '127.0.0.1.example.jp',
      '1127.0.0.1',
      '128.0.0.1',
    ],
    ...[
      '0.0.0.0',
      '10.0.0.1',
      '192.0.2.1',
      '::',
      '::2',
      '::ffff:10.0.0.1',
      '::ffff:127.example',
      'fe80::1',
      '127.1',
    ],
  ]
  for (const host of elsewhere) assert.equal(isLoopback(host), false, host)
})
