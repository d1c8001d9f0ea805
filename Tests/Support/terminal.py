#!/usr/bin/env python3
"""Runs a program on a terminal of its own and talks to it: `terminal.py SCENARIO PROGRAM ARGUMENT...`.

SCENARIO is a JSON array of steps: ["expect", TEXT] waits until TEXT was printed after what the last step
matched,
["send", TEXT] types, ["code", N] waits for the end and for this exit code. What the terminal got is
printed at the end.
"""

import json
import os
import pty
import signal
import select
import sys
import time

WAIT_SECONDS = 60  # for any one step: only ever reached by a failure


class Terminal:
    """The other side of a pseudo-terminal."""

    def __init__(self, program, arguments):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execv(program, [program, *arguments])
        self.seen, self.matched = b"", 0

    def read(self, until):
        """Reads what comes next; returns false at the end."""
        ready, _, _ = select.select([self.descriptor], [], [], max(0, until - time.monotonic()))
        if not ready:
            return False
        try:
            chunk = os.read(self.descriptor, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += chunk
        return bool(chunk)

    def expect(self, text):
        until, wanted = time.monotonic() + WAIT_SECONDS, text.encode()
        while (place := self.seen.find(wanted, self.matched)) < 0:
            if not self.read(until):
                raise SystemExit(f"terminal: {text!r} did not come; there was:\n{self.seen[self.matched:]!r}")
        self.matched = place + len(wanted)

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def code(self, wanted):
        until = time.monotonic() + WAIT_SECONDS
        while self.read(until):
            pass
        _, status = os.waitpid(self.pid, 0)
        found = os.waitstatus_to_exitcode(status)
        if found != wanted:
            raise SystemExit(f"terminal: exit code {found}, not {wanted}; there was:\n{self.seen!r}")


def main():
    signal.alarm(60)  # a program that never ends fails the test instead of holding up all others
    terminal = Terminal(sys.argv[2], sys.argv[3:])
    for step, value in json.loads(sys.argv[1]):
        getattr(terminal, step)(value)
    sys.stdout.buffer.write(terminal.seen)


if __name__ == "__main__":
    main()
