/** Mail of a given size, each different, with 8-bit octets and dots at the start of lines. */
export function mailOf(serial: number, octets: number): Buffer {
  const head = Buffer.from(
    `From: a@example.jp\r\nSubject: ${serial}\r\nDate: Thu, 26 Nov 2026 00:00:00 +0900\r\n` +
      `Message-ID: <${serial}.${octets}@bench.example>\r\n\r\n`,
  )
  const line = Buffer.concat([
    Buffer.from([0x93, 0xfa, 0x96, 0x7b]),
    Buffer.from(`\r\n.${'0123456789abcdef'.repeat(4)}\r\n`),
  ])
  const mail = Buffer.alloc(octets, line)
  head.copy(mail)
  mail.set(Buffer.from('\r\n'), octets - 2)
  return mail
}
