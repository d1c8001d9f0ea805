"""Runs the descord binary in homes of their own, and waits for what it says rather than for time to pass."""

import json
import os
import pathlib
import signal
import subprocess
import threading
from collections import deque

WAIT_SECONDS = 60  # for any single event: only ever reached by a failure
READY = "listening on "  # how a node says on stderr that it is on the air; its addresses follow, one a line


class Failure(Exception):
    """What a check found wrong."""


def check(condition, text):
    """Fails with `text` unless `condition` holds."""
    if not condition:
        raise Failure(text)


class Inbox:
    """Items in order of arrival; filled by a reader's thread, emptied by the one who waits for them."""

    def __init__(self):
        self.waiting, self.changed, self.ended = deque(), threading.Condition(), None

    def put(self, item):
        with self.changed:
            self.waiting.append(item)
            self.changed.notify_all()

    def end(self, why):
        with self.changed:
            self.ended = why
            self.changed.notify_all()

    def take(self, what, seconds=WAIT_SECONDS):
        """Waits for the next item and returns it."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.ended, seconds)
            if self.waiting:
                return self.waiting.popleft()
            raise Failure(f"{self.ended or f'nothing within {seconds} s'} while waiting for {what}")


class Result:
    """A finished run: exit code and both streams as text."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def objects(self):
        """What `--json` printed, one object a line."""
        try:
            return [json.loads(line) for line in self.out.splitlines()]
        except json.JSONDecodeError as error:
            raise Failure(f"not one object a line ({error}): {self.out[:200]}") from None

    @property
    def object(self):
        check(len(self.objects) == 1, f"one object was due, not {len(self.objects)}: {self.out[:200]}")
        return self.objects[0]


class Running:
    """A run that goes on, such as `listen --json` or a `repl`: its lines are read as they come."""

    def __init__(self, process, what):
        self.process, self.what = process, what
        self.lines, self.notes, self.said = Inbox(), Inbox(), []
        self.readers = [
            threading.Thread(target=self.read, args=arguments, daemon=True)
            for arguments in (
                (process.stdout, self.lines, None), (process.stderr, self.notes, self.said))
        ]
        for reader in self.readers:
            reader.start()

    def read(self, stream, inbox, keep):
        for line in stream:
            if keep is not None:
                keep.append(line)
            inbox.put(line.rstrip("\n"))
        inbox.end(f"`{self.what}` ended")

    def address(self):
        """Waits until the node is on the air and returns its first address."""
        while True:
            note = self.notes.take(f"`{READY}` from `{self.what}`")
            if READY in note:
                return note.split(READY, 1)[1].split()[0]

    def next(self, what="a line", seconds=WAIT_SECONDS):
        """Waits for the next object on stdout."""
        return json.loads(self.lines.take(f"{what} from `{self.what}`", seconds))

    def type(self, line):
        """Writes one line to its stdin."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self, how=signal.SIGTERM):
        """Ends it, and returns its exit code once both streams have been read to their end."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.poll() is None and how is not None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"`{self.what}` did not end") from None
        for reader in self.readers:
            reader.join(WAIT_SECONDS)
            check(not reader.is_alive(), f"what `{self.what}` started keeps its streams open")
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Home:
    """One identity in a directory of its own, on loopback alone."""

    def __init__(self, binary, folder, **settings):
        self.binary, self.path = str(binary), pathlib.Path(folder)
        self.name = self.path.name
        self.settings = settings

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DESCORD_")}
        return kept | {
            "DESCORD_HOME": str(self.path), "DESCORD_LISTEN": "/ip4/127.0.0.1", "DESCORD_NO_MDNS": "1",
            "XDG_CONFIG_HOME": str(self.path / "config"), "NO_COLOR": "1",
        } | self.settings | more

    def run(self, *arguments, stdin="", code=0, **environment):
        """Runs a command to its end; `code` is the exit code that is due, None for any."""
        finished = subprocess.run(
            [self.binary, *arguments], input=stdin, text=True, capture_output=True,
            env=self.environment(**environment), timeout=WAIT_SECONDS * 5, check=False)
        result = Result(finished.returncode, finished.stdout, finished.stderr)
        if code is not None:
            what = f"`descord {' '.join(arguments)[:80]}` exited {result.code}, not {code}"
            check(result.code == code, f"{what}: {result.err.strip()[-400:]}")
        return result

    def start(self, *arguments, stdin=False, **environment):
        """Starts a command that goes on."""
        process = subprocess.Popen(
            [self.binary, *arguments], text=True, bufsize=1,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment(**environment))
        return Running(process, f"descord {' '.join(arguments)[:80]}")
