/**
 * Authentication-Results as the RFC has it (appendix B of RFC 8601, in words of our own where that is enough), as well
 * known servers write it, and as its grammar allows though few have seen it. Values alone; `|` stands for a fold.
 */
const rfc: Readonly<Record<string, string>> = {
  'B.2, nothing done': 'example.org 1; none',
  'B.3, one method': 'example.com; spf=pass smtp.mailfrom=example.net',
  'B.4, several methods':
    'example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net',
  'B.4, another field of the same server': 'example.com; iprev=pass policy.iprev=192.0.2.200',
  'B.5, from another server': 'example.com; dkim=pass (good signature) header.d=example.com',
  'B.5, of two servers':
    'example.com; auth=fail (cram-md5) smtp.auth=sender@example.com;|spf=fail smtp.mailfrom=example.com',
  'B.6, two signatures':
    'example.com; dkim=pass reason="good signature" header.i=@mail-router.example.net;|dkim=fail reason="bad signature" header.i=@newyork.example.com',
  'B.7, comments everywhere':
    'foo.example.net (foobar) 1 (baz);|dkim (Because I like it) / 1 (One yay) = (wait for it) fail|policy (A dot can go here) . (like that) expired|(this surprised me) = (as I was not expecting it) 1362471462',
}

const servers: Readonly<Record<string, string>> = {
  Gmail:
    'mx.google.com;|dkim=pass header.i=@a.example header.s=s1 header.b=AbCdEfGh;|spf=pass (google.com: domain of x@a.example designates 203.0.113.5 as permitted sender) smtp.mailfrom=x@a.example;|dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.example',
  'Gmail, a forward with ARC':
    'mx.google.com;|dkim=neutral (body hash did not verify) header.i=@a.example;|arc=pass (i=1 spf=pass spfdomain=a.example dkim=pass dkdomain=a.example dmarc=pass fromdomain=a.example);|spf=softfail smtp.mailfrom=x@a.example',
  OpenDKIM:
    'mail1042.host.example;|dkim=pass (2048-bit key; unprotected) header.d=a.example header.i=@a.example header.b="AbCdEfGh"',
  'OpenDKIM, no signature': 'mail1042.host.example; dkim=none',
  'OpenDKIM, reason':
    'mx.host.example; dkim=fail reason="signature verification failed" (1024-bit key) header.d=a.example header.i=@a.example header.b=x1y2z3',
  OpenDMARC: 'mail1042.host.example; dmarc=pass (p=reject dis=none) header.from=a.example',
  'policyd-spf':
    'mail1042.host.example; spf=pass (sender SPF authorized) smtp.mailfrom=a.example (client-ip=203.0.113.5; helo=out.a.example; envelope-from=x@a.example; receiver=owner@shop.example)',
  rspamd:
    'mx.host.example;|dkim=pass header.d=a.example header.s=s1 header.b=abc;|dmarc=pass (policy=quarantine) header.from=a.example;|spf=pass (mx.host.example: domain of x@a.example designates 203.0.113.5 as permitted sender) smtp.mailfrom=x@a.example',
  amavis: 'mail.host.example (amavisd-new); dkim=pass (2048-bit key) header.d=a.example',
  'amavis, port':
    'mail.host.example (amavisd-new, port 10024);|dkim=pass (1024-bit key) reason="pass (just generated, assumed good)" header.d=a.example',
  Exim: 'mx.host.example;|iprev=pass (out.a.example) smtp.remote-ip=203.0.113.5;|spf=pass smtp.mailfrom=a.example;|dkim=pass header.d=a.example header.s=s1 header.a=rsa-sha256;|dmarc=pass header.from=a.example',
  Fastmail:
    'mx1.messagingengine.com; arc=none (no signatures found);|bimi=skipped (DMARC Policy is not at enforcement);|dkim=pass (2048-bit rsa key sha256) header.d=a.example header.i=@a.example header.b=AbCdEfGh header.a=rsa-sha256 header.s=s1 x-bits=2048;|dmarc=pass policy.published-domain-policy=none header.from=a.example',
  Yahoo:
    'atlas101.free.mail.ne1.yahoo.com;|dkim=pass header.i=@a.example header.s=s1;|spf=pass smtp.mailfrom=a.example;|dmarc=pass(p=REJECT) header.from=a.example;',
  'Yahoo Japan':
    'mta1.mail.djm.ynwp.yahoo.co.jp from=a.example; domainkeys=neutral (no sig); dkim=pass (ok); header.i=@a.example',
  'Microsoft 365, inbound':
    'spf=pass (sender IP is 203.0.113.5) smtp.mailfrom=a.example; dkim=pass (signature was verified) header.d=a.example;dmarc=pass action=none header.from=a.example;compauth=pass reason=100',
  'Microsoft 365, outbound':
    'shop.example; dkim=none (message not signed) header.d=none;shop.example; dmarc=none action=none header.from=a.example;',
  Zoho: 'mx.zohomail.com;|dkim=pass;|spf=pass (zohomail.com: domain of a.example designates 203.0.113.5 as permitted sender) smtp.mailfrom=x@a.example;|dmarc=pass(p=reject dis=none) header.from=a.example',
  iCloud: 'bimi.icloud.com; bimi=none',
  'iCloud, DMARC': 'dmarc.icloud.com; dmarc=pass header.from=a.example',
  'iCloud, SPF':
    'spf.icloud.com; spf=pass (spf.icloud.com: domain of x@a.example designates 203.0.113.5 as permitted sender) smtp.mailfrom=x@a.example',
  SpamAssassin:
    'mx.host.example; dkim=pass (2048-bit key; secure) header.d=a.example header.i=@a.example; dkim-adsp=pass',
  'dkimpy-milter':
    'mx.host.example; dkim=pass (Good 2048 bit rsa-sha256 signature) header.d=a.example header.i=x@a.example header.a=rsa-sha256',
  Mimecast:
    'relay.mimecast.com;|dkim=pass header.d=a.example header.s=s1 header.b=abc;|dmarc=pass (policy=reject) header.from=a.example;|spf=pass (relay.mimecast.com: domain of x@a.example designates 203.0.113.5 as permitted sender) smtp.mailfrom=x@a.example',
  WebARENA:
    'mx.host.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=out.a.example; dkim=pass header.i=@a.example; sender-id=pass header.From=x@a.example',
  Cloudmark:
    'mx.host.example; spf=softfail smtp.mailfrom=x@a.example; dkim=none; dmarc=fail header.from=a.example',
}

const grammar: Readonly<Record<string, string>> = {
  'a quoted authserv-id': '"mx host"; spf=pass smtp.mailfrom=a.example',
  'capitals in all words': 'MX.Host.Example; SPF=Pass SMTP.MailFrom=A.Example; DKIM=Fail Header.D=A.Example',
  'a version of the method': 'mx.host.example; dkim/1=pass header.d=a.example',
  'blanks around = and .': 'mx.host.example; spf = pass smtp.mailfrom = a.example',
  'a comment before the authserv-id': '(by us) mx.host.example; spf=pass',
  'a comment that nests': 'mx.host.example; spf=pass (one (two (three)) four) smtp.mailfrom=a.example',
  'a semicolon in a comment': 'mx.host.example; spf=pass (a; dkim=fail) smtp.mailfrom=a.example',
  'a semicolon in a quoted reason': 'mx.host.example; spf=pass reason="a; dkim=fail" smtp.mailfrom=a.example',
  'an escaped quotation mark': 'mx.host.example; spf=fail reason="it said \\"no\\"" smtp.mailfrom=a.example',
  'a quoted local part': 'mx.host.example; spf=pass smtp.mailfrom="a b"@a.example',
  'a base64 value with = at its end': 'mx.host.example; dkim=pass header.d=a.example header.b="AbCd=="',
  'an address of version 6': 'mx.host.example; iprev=pass policy.iprev="2001:db8::5"',
  'a semicolon at the end': 'mx.host.example; spf=pass smtp.mailfrom=a.example;',
  'no blank after the semicolons': 'mx.host.example;spf=pass smtp.mailfrom=a.example;dkim=none',
  'a fold within a result': 'mx.host.example;|spf=pass|smtp.mailfrom=a.example',
  'a method that nobody knows': 'mx.host.example; vbr=pass header.md=a.example; x-later=maybe policy.x=1',
  'an empty value': 'mx.host.example; spf=none smtp.mailfrom=""',
  'none after the version': 'mx.host.example 1; none',
}

export const resultsShapes: readonly (readonly [name: string, value: string])[] = Object.entries({
  ...rfc,
  ...servers,
  ...grammar,
}).map(([name, value]) => [name, value.replaceAll('|', '\r\n\t')])
