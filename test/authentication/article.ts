/**
 * The two cases that this project began with, as messages and DNS: a report mail of google.com that a rental
 * server received and forwarded from 150.95.219.104, and a sender without DKIM whose DMARC policy is strict.
 */
import { makeKey, type SigningKey, signDkim } from './signing.ts'
import { crlf, received, type Zone } from './world.ts'

export const forwardingAddress = '150.95.219.104'

export const googleReport = (key: SigningKey): Buffer =>
  received(
    signDkim(
      crlf(`MIME-Version: 1.0
Date: Tue, 24 Nov 2026 15:59:59 -0800
Message-ID: <9391651994964116463@google.com>
Subject: Report domain: shop.example Submitter: google.com Report-ID: 9391651994964116463
From: noreply-dmarc-support@google.com
To: dmarc@shop.example
Content-Type: application/zip; name="google.com!shop.example!1763856000!1763942399.zip"
Content-Transfer-Encoding: base64

UEsDBAoAAAAIAA==
`),
      { key, domain: 'google.com', selector: '20230601' },
    ),
    {
      helo: 'mail-qv1-f73.google.com',
      address: '209.85.219.73',
      sender: 'noreply-dmarc-support@google.com',
      host: 'mail1042.conoha.ne.jp',
      at: 'Wed, 25 Nov 2026 08:00:03 +0900',
      stamps: `Authentication-Results: mail1042.conoha.ne.jp;
	dkim=pass (2048-bit key; unprotected) header.d=google.com header.i=@google.com header.b="AbCdEfGh"
Authentication-Results: mail1042.conoha.ne.jp; spf=pass smtp.mailfrom=noreply-dmarc-support@google.com
Authentication-Results: mail1042.conoha.ne.jp; dmarc=pass (p=reject dis=none) header.from=google.com
`,
    },
  )

/** A small shop's invoice: SPF is set up, DKIM is not. */
export const unsignedInvoice = (): Buffer =>
  received(
    crlf(`Date: Tue, 24 Nov 2026 18:30:00 +0900
Message-ID: <20261124183000.1@invoice.example>
From: =?UTF-8?B?6KuL5rGC5pu4?= <billing@invoice.example>
To: owner@shop.example
Subject: =?UTF-8?B?6KuL5rGC5pu444Gu44GU6YCB5LuY?=
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

請求書をお送りします。
`),
    {
      helo: 'smtp.invoice.example',
      address: '203.0.113.25',
      sender: 'billing@invoice.example',
      host: 'mail1042.conoha.ne.jp',
      at: 'Tue, 24 Nov 2026 18:30:02 +0900',
      stamps: `Authentication-Results: mail1042.conoha.ne.jp; dkim=none
Authentication-Results: mail1042.conoha.ne.jp; spf=pass smtp.mailfrom=billing@invoice.example
Authentication-Results: mail1042.conoha.ne.jp; dmarc=pass header.from=invoice.example
`,
    },
  )

export const googleKey = makeKey('rsa')

export const articleZone = (policy: 'none' | 'quarantine' | 'reject' = 'quarantine'): Zone => ({
  'google.com': { TXT: ['v=spf1 include:_spf.google.com ~all'] },
  '_spf.google.com': { TXT: ['v=spf1 include:_netblocks.google.com ~all'] },
  '_netblocks.google.com': { TXT: ['v=spf1 ip4:209.85.128.0/17 ~all'] },
  '20230601._domainkey.google.com': { TXT: [googleKey.record] },
  '_dmarc.google.com': { TXT: ['v=DMARC1; p=reject; rua=mailto:mailauth-reports@google.com'] },
  'invoice.example': { TXT: ['v=spf1 ip4:203.0.113.0/24 -all'] },
  '_dmarc.invoice.example': { TXT: [`v=DMARC1; p=${policy}`] },
  'mail1042.conoha.ne.jp': { A: [forwardingAddress] },
})
