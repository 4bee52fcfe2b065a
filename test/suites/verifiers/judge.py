"""
Other verifiers, each over a whole batch in one process: judge.py VERIFIER <JSON >JSON.

In: a list of cases, whose form depends on the verifier. Out: the list of what it says of each. No network: DNS is
what stands in the case.
"""
import base64
import ctypes
import json
import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")


def records_of(case):
    """name -> octets of its TXT record; DKIM records in several strings are one text."""
    return {name.lower(): "".join(strings).encode() for name, strings in case["records"].items()}


def asker(case):
    records = records_of(case)

    def ask(name, timeout=5):
        return records.get((name.decode() if isinstance(name, bytes) else name).rstrip(".").lower())

    return ask


def dkimpy(case):
    import dkim

    try:
        return "pass" if dkim.verify(base64.b64decode(case["message"]), dnsfunc=asker(case)) else "fail"
    except Exception:  # It throws for much of what it refuses, and not only its own kind.
        return "fail"


def dkimpy_arc(case):
    import dkim

    try:
        verdict, _, _ = dkim.arc_verify(base64.b64decode(case["message"]), dnsfunc=asker(case))
        return verdict.decode()
    except Exception:
        return "fail"


class OpenDkim:
    """libopendkim by its C functions (opendkim/dkim.h), with keys from a file."""

    SET_OPTION, QUERY_METHOD, QUERY_INFO, QUERY_FILE = 1, 6, 7, 1

    def __init__(self):
        library = ctypes.CDLL("libopendkim.so.11")
        for name in ("dkim_init", "dkim_verify"):
            getattr(library, name).restype = ctypes.c_void_p
        self.library = library
        self.handle = ctypes.c_void_p(library.dkim_init(None, None))
        handle, self.path = tempfile.mkstemp(prefix="hikyaku-keys-")
        os.close(handle)
        method = ctypes.c_int(self.QUERY_FILE)
        library.dkim_options(
            self.handle, self.SET_OPTION, self.QUERY_METHOD, ctypes.byref(method), ctypes.c_size_t(4)
        )
        path = ctypes.create_string_buffer(self.path.encode())
        library.dkim_options(self.handle, self.SET_OPTION, self.QUERY_INFO, path, ctypes.c_size_t(len(path)))

    def __call__(self, case):
        with open(self.path, "wb") as keys:
            for name, text in records_of(case).items():
                keys.write(name.encode() + b" " + text + b"\n")
        status = ctypes.c_int(0)
        verification = ctypes.c_void_p(
            self.library.dkim_verify(self.handle, b"case", None, ctypes.byref(status))
        )
        message = base64.b64decode(case["message"])
        self.library.dkim_chunk(verification, message, ctypes.c_size_t(len(message)))
        self.library.dkim_chunk(verification, None, ctypes.c_size_t(0))
        end = self.library.dkim_eom(verification, None)
        self.library.dkim_free(verification)
        return "pass" if end == 0 else "fail"

    def close(self):
        os.unlink(self.path)


class OpenDmarc:
    """libopendmarc by its C functions (opendmarc/dmarc.h), with the public suffix list of Debian."""

    SPF = {"none": 0, "pass": 1, "fail": 2}
    POLICIES = {14: "none", 15: "pass", 16: "fail reject", 17: "fail quarantine", 18: "fail none"}

    class Settings(ctypes.Structure):
        _fields_ = [
            ("tld_type", ctypes.c_int),
            ("tld_source_file", ctypes.c_char * 4096),
            ("nscount", ctypes.c_int),
            ("nsaddr_list", ctypes.c_char * 48),
        ]

    def __init__(self):
        library = ctypes.CDLL("libopendmarc.so.2")
        library.opendmarc_policy_connect_init.restype = ctypes.c_void_p
        self.library = library
        self.settings = self.Settings(1, b"/usr/share/publicsuffix/public_suffix_list.dat", 0)
        status = library.opendmarc_policy_library_init(ctypes.byref(self.settings))
        if status != 0:
            raise RuntimeError(f"libopendmarc does not begin: {status}")

    def __call__(self, case):
        library = self.library
        policy = ctypes.c_void_p(library.opendmarc_policy_connect_init(b"203.0.113.5", 4))
        library.opendmarc_policy_store_from_domain(policy, case["from"].encode())
        library.opendmarc_policy_store_spf(
            policy, case["spfDomain"].encode(), self.SPF[case["spf"]], 1, b""
        )
        if case["dkimDomain"]:
            library.opendmarc_policy_store_dkim(policy, case["dkimDomain"].encode(), b"s1", 1, b"")
        library.opendmarc_policy_store_dmarc(
            policy, case["record"].encode(), case["from"].encode(), case["organization"].encode() if case["organization"] else None
        )
        verdict = library.opendmarc_get_policy_to_enforce(policy)
        library.opendmarc_policy_connect_shutdown(policy)
        return self.POLICIES.get(verdict, f"status {verdict}")

    def close(self):
        pass


def authres(case):
    from authres import AuthenticationResultsHeader

    try:
        header = AuthenticationResultsHeader.parse("Authentication-Results: " + case["value"])
    except Exception:
        return None
    return {
        "id": header.authserv_id,
        "results": [
            {
                "method": result.method,
                "result": result.result,
                "properties": {
                    **({"reason": result.reason} if result.reason else {}),
                    **{f"{part.type}.{part.name}": part.value for part in result.properties},
                },
            }
            for result in header.results
        ],
    }


def pyspf(case):
    import spf

    def ask(name, kind, *_rest, **_more):
        name = name.rstrip(".").lower()
        rows = case["zone"].get(name, {}).get(kind, [])
        if kind == "TXT":
            rows = [[row.encode() for row in strings] for strings in rows]
        if kind == "MX":
            rows = [(row["priority"], row["exchange"]) for row in rows]
        if kind == "AAAA":
            import socket

            rows = [socket.inet_pton(socket.AF_INET6, row) for row in rows]
        return [((name, kind), row) for row in rows]

    spf.DNSLookup = ask
    result, _code, why = spf.query(case["host"], case["sender"], case["helo"], timeout=100).check()
    return f"{result}: {why}"


VERIFIERS = {
    "dkimpy": dkimpy,
    "dkimpy-arc": dkimpy_arc,
    "opendkim": OpenDkim,
    "opendmarc": OpenDmarc,
    "authres": authres,
    "pyspf": pyspf,
}

verifier = VERIFIERS[sys.argv[1]]
judge = verifier() if isinstance(verifier, type) else verifier
json.dump([judge(case) for case in json.load(sys.stdin)], sys.stdout)
if isinstance(verifier, type):
    judge.close()
