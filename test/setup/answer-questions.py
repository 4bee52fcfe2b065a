"""Runs a command on a pseudo-terminal of 80x24 and answers its questions: standard input holds a JSON list of pairs, a
text to wait for and what is then typed. Shows all that was shown, and ends with the command's exit code."""
import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios

steps = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])


def bare(text):
    """Lines are broken and framed at will."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return re.sub(r"[\s│└]+", "", text)


shown = b""
seen = 0
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # Linux: EIO when the last process has let go of the terminal
        part = b""
    if not part:
        break
    shown += part
    while steps:
        text = bare(shown.decode("utf-8", "replace"))
        at = text.find(bare(steps[0][0]), seen)
        if at < 0:
            break
        seen = at + len(bare(steps[0][0]))
        os.write(terminal, steps.pop(0)[1].encode())
sys.stdout.write(shown.decode("utf-8", "replace"))
for wanted, _ in steps:
    print("not asked:", wanted, file=sys.stderr)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
