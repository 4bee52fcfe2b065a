"""Runs a program under a seccomp filter as systemd's SystemCallFilter= would set it: x86-64 Linux only.

Usage: under-filter.py HEADER FILTER... -- PROGRAM ARGS; FILTER is `@set` or `~@set`, later ones take away.
Whatever is not allowed fails with EPERM.
"""
import ctypes, os, re, struct, subprocess, sys

header, *rest = sys.argv[1:]
filters, command = rest[:rest.index('--')], rest[rest.index('--') + 1:]

listing = subprocess.run(['systemd-analyze', 'syscall-filter', '--no-pager'], check=True, capture_output=True, text=True)
sets, current = {}, None
for line in listing.stdout.splitlines():
    if line.startswith('@'):
        current = sets.setdefault(line.strip(), [])
    elif line.startswith('    ') and current is not None and not line.strip().startswith('#'):
        current.append(line.strip())


def members(name):
    return set().union(*map(members, sets[name])) if name.startswith('@') else {name}


allowed = members('@default') | {'execve'}  # systemd always lets the program itself be started
for item in filters:
    allowed = allowed - members(item[1:]) if item.startswith('~') else allowed | members(item)
allowed |= {'execve'}

numbers = dict(re.findall(r'#define __NR_(\w+)\s+(\d+)', open(header).read()))
op = lambda code, jt, jf, k: struct.pack('HBBI', code, jt, jf, k)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
program = op(LOAD, 0, 0, 4) + op(EQUAL, 1, 0, 0xC000003E) + op(RETURN, 0, 0, 0x00050001) + op(LOAD, 0, 0, 0)
for name in sorted(allowed & numbers.keys()):
    program += op(EQUAL, 0, 1, int(numbers[name])) + op(RETURN, 0, 0, 0x7FFF0000)
program += op(RETURN, 0, 0, 0x00050001)  # EPERM


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
prog = Program(len(program) // 8, program)
assert libc.prctl(38, 1, 0, 0, 0) == 0, 'PR_SET_NO_NEW_PRIVS'
assert libc.prctl(22, 2, ctypes.byref(prog), 0, 0) == 0, f'PR_SET_SECCOMP: {os.strerror(ctypes.get_errno())}'
os.execv(command[0], command)
