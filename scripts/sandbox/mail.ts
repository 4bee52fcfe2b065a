/** Sample mail: what a small shop receives, in the encodings that Japanese mail really has. */
const shops = ['注文が入りました', 'お問い合わせ', '【重要】ログインコード', 'Your invoice', '予約の変更']

/** A message with raw 8-bit octets, dots at line starts and a length that differs from message to message. */
export function sampleMail(serial: number): Buffer {
  const subject = `=?UTF-8?B?${Buffer.from(`${shops[serial % shops.length]} #${serial}`).toString('base64')}?=`
  const date = new Date(Date.UTC(2026, 0, 1) + serial * 61_000).toUTCString().replace('GMT', '+0000')
  const head = [
    'Return-Path: <shop@example.net>',
    `Received: from mail.example.net (mail.example.net [192.0.2.25]) by mx.example.jp with ESMTP id S${serial}; ${date}`,
    'Authentication-Results: mx.example.jp; spf=pass smtp.mailfrom=example.net; dkim=none; dmarc=pass header.from=example.net',
    'From: =?UTF-8?B?5L6L5bqX?= <shop@example.net>',
    'To: owner@example.jp',
    `Subject: ${subject}`,
    `Date: ${date}`,
    `Message-ID: <sandbox-${serial}@example.net>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=Shift_JIS',
    'Content-Transfer-Encoding: 8bit',
    '',
    '',
  ].join('\r\n')
  // 日本語 in Shift_JIS, then lines that begin with dots, then some bulk.
  const body = Buffer.concat([
    Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x0d, 0x0a]),
    Buffer.from('.one dot\r\n..two dots\r\n.\r\n'),
    Buffer.from(`${'0123456789abcdef'.repeat(4)}\r\n`.repeat(1 + (serial % 40))),
  ])
  return Buffer.concat([Buffer.from(head), body])
}
