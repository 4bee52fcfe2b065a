"""Reads every message of a mailbox and prints one JSON line for each, and nothing else.

A second pair of eyes: another language, another implementation, no code of ours. Python's own poplib and imaplib
speak the protocol; the message octets are taken from the socket as the server sent them.

Input, one JSON object on standard input: protocol (pop3, imap), port, tls (bool), caFile, user, password, folder,
utf8 (bool: send UTF8 before the POP3 login, RFC 6856). Output: {"name", "octets", "announced", "sha256"}.
"""

import hashlib
import imaplib
import json
import poplib
import ssl
import sys

HOST = "127.0.0.1"
# Both libraries take a long line for an attack; messages have them.
poplib._MAXLINE = 1 << 30
imaplib._MAXLINE = 1 << 30


def report(name, octets, announced):
    digest = hashlib.sha256(octets).hexdigest()
    line = {"name": name, "octets": len(octets), "announced": announced, "sha256": digest}
    print(json.dumps(line), flush=True)


def retrieve(pop, number):
    """RETR from the raw lines: poplib drops each line's own end, and with it bare LF and CR CR LF."""
    pop._putcmd("RETR %d" % number)
    answer = pop._getresp()
    announced = int(answer.split()[1]) if answer.split()[1:2] and answer.split()[1].isdigit() else None
    parts = []
    ends_line = True  # whether the last octets were CRLF: only then is a dot the protocol's own
    while True:
        line = pop.file.readline()
        if not line:
            raise EOFError("connection ended within message %d" % number)
        if ends_line and line == b".\r\n":
            return b"".join(parts), announced
        if ends_line and line.startswith(b".."):
            line = line[1:]
        # A line with one dot and more cannot come from a server that stuffs. Dovecot and Courier do not stuff the
        # very first line of a message: that dot is the message's own and stays.
        parts.append(line)
        ends_line = line.endswith(b"\r\n")


def pop3(want, context):
    if want["tls"]:
        pop = poplib.POP3_SSL(HOST, want["port"], timeout=60, context=context)
    else:
        pop = poplib.POP3(HOST, want["port"], timeout=60)
    if want["utf8"]:
        pop.utf8()
    pop.user(want["user"])
    pop.pass_(want["password"])
    for line in pop.uidl()[1]:
        number, name = line.decode("ascii").split(" ", 1)
        octets, announced = retrieve(pop, int(number))
        report(name, octets, announced)
    pop.quit()


def imap(want, context):
    if want["tls"]:
        server = imaplib.IMAP4_SSL(HOST, want["port"], ssl_context=context, timeout=60)
    else:
        server = imaplib.IMAP4(HOST, want["port"], timeout=60)
    server.login('"%s"' % want["user"], want["password"])
    status, data = server.select('"%s"' % want["folder"], readonly=True)
    if status != "OK":
        raise ValueError(repr(data))
    uids = server.uid("SEARCH", "ALL")[1][0].split()
    for uid in uids:
        # Two commands, so that the announced size is the server's word before it sends anything.
        size = server.uid("FETCH", uid, "(RFC822.SIZE)")[1][0]
        announced = int(size.split(b"RFC822.SIZE ")[1].split(b")")[0].split()[0])
        data = server.uid("FETCH", uid, "(BODY.PEEK[])")[1]
        octets = next(part[1] for part in data if isinstance(part, tuple))
        report(uid.decode("ascii"), octets, announced)
    server.logout()


def main():
    want = json.load(sys.stdin)
    context = ssl.create_default_context(cafile=want["caFile"]) if want["tls"] else None
    {"pop3": pop3, "imap": imap}[want["protocol"]](want, context)


main()
