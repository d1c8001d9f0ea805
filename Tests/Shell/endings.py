"""How a command ends: Ctrl-C, a request to terminate, a reader that goes away."""

import os
import signal
import socket
import subprocess

from place import WAIT_SECONDS, check, end, scenario, until

ENDINGS = ((signal.SIGINT, 130), (signal.SIGTERM, 143))


def start(home, *arguments, **more):
    """Starts a command whose streams are pipes; its SIGINT is not ignored, as a background job's would be."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen(
        [home.binary, *arguments], env=home.environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options)


def catches(process, number):
    """Whether the process has a handler for a signal, by /proc/PID/status (proc(5))."""
    with open(f"/proc/{process.pid}/status") as status:
        caught = next(line for line in status if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def reads_standard_input(process):
    """Whether some thread of the process is blocked in read(2) of descriptor 0, by /proc/PID/task."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{thread}/syscall") as file:
            words = file.read().split()
        if words[:2] in (["0", "0x0"], ["63", "0x0"]):  # read is 0 on x86-64 and 63 on AArch64
            return True
    return False


class Silence:
    """A listener that takes connections and never says a word: the one who dials it waits."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.taken = []

    @property
    def address(self):
        return f"/ip4/127.0.0.1/tcp/{self.listener.getsockname()[1]}"

    def await_visitor(self):
        self.listener.settimeout(WAIT_SECONDS)
        self.taken.append(self.listener.accept()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (self.listener, *self.taken):
            one.close()


def check_ended(process, number, code, what):
    found = end(process, number)
    errors = process.stderr.read().decode() if process.stderr else ""
    check(found == code, f"{what} ended with {found}, not {code}: {errors}")
    check("descord: " not in errors, f"{what} complained: {errors}")


@scenario
def signals_end_a_post_that_reads_a_pipe(place):
    """Nothing was committed, nothing is stored."""
    alice, _ = place.pair()
    for number, code in ENDINGS:
        process = start(alice, "post", "-", stdin=subprocess.PIPE)
        process.stdin.write(b"half a mess")
        process.stdin.flush()
        until(lambda: catches(process, number) and reads_standard_input(process), "a read of the pipe")
        check_ended(process, number, code, "post -")
        check(process.stdout.read() == b"", "an id was printed")
    check(alice.log() == [], "something was stored")


@scenario
def signals_end_a_post_that_awaits_its_receipt(place):
    """What was printed stays, and is delivered later."""
    alice, bob = place.pair()
    ids = []
    for number, code in ENDINGS:
        with Silence() as silence:
            process = start(alice, "post", "nobody answers", "--connect", silence.address)
            ids.append(process.stdout.readline().decode().strip())
            silence.await_visitor()
            check_ended(process, number, code, "post")
    check(alice.ids() == ids, "what was printed is not there")
    check(set(ids) <= {one["op"] for one in alice.outbox}, "what was printed is not queued")
    check(not (alice.path / "run/node.sock").exists(), "the socket was left behind")
    with bob.start("listen", "--json") as listener:
        alice.run("sync", "--connect", listener.address())
        check({listener.next()["op"] for _ in ids} == set(ids), "it was not delivered")


@scenario
def signals_end_listen_and_it_says_goodbye(place):
    """The lock and the socket are given back, and peers see it leave."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        for number, code in ENDINGS:
            process = start(alice, "listen", "--connect", address)
            while b"listening on" not in process.stderr.readline():
                pass
            check_ended(process, number, code, "listen")
            check(not (alice.path / "run/node.sock").exists(), "the socket was left behind")


@scenario
def signals_end_a_sync_that_nobody_answers(place):
    """Also while it dials."""
    alice, _ = place.pair()
    for number, code in ENDINGS:
        with Silence() as silence:
            process = start(alice, "sync", "--connect", silence.address)
            silence.await_visitor()
            check_ended(process, number, code, "sync")


@scenario
def signals_end_a_join_that_nobody_answers(place):
    """Nothing of the space is left, and the ticket stays good."""
    alice, bob = place.home("alice"), place.home("bob")
    alice.found()
    with Silence() as silence:
        ticket = alice.ticket("--uses", "1", "--listen", silence.address).strip()
        for number, code in ENDINGS:
            process = start(bob, "space", "join", ticket, "--connect", silence.address)
            silence.await_visitor()
            check_ended(process, number, code, "space join")
            check(bob.run("space", "list", "--json").objects == [], "a space is listed")
    with alice.start("listen") as listener:
        joined = bob.run("space", "join", ticket, "--connect", listener.address())
        check(len(joined.out.split()) == 1, f"printed {joined.out}")


@scenario
def signals_end_a_scripted_repl(place):
    """While it waits for its next line."""
    alice, _ = place.pair()
    for number, code in ENDINGS:
        process = start(alice, "repl", stdin=subprocess.PIPE)
        process.stdin.write(b"post --wait 0 a line\n")
        process.stdin.flush()
        check(len(process.stdout.readline()) == 65, "the line did not post")
        check_ended(process, number, code, "repl")
    check(len(alice.log()) == len(ENDINGS), "what was posted is not there")


@scenario
def reader_that_goes_away_ends_listen_with_141(place):
    """At the next message, quietly, and the socket is given back."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        process = start(alice, "listen", "--json", "--connect", address)
        while b"listening on" not in process.stderr.readline():
            pass
        first = alice.run("post", "is read").out.strip()
        check(ear.next()["op"] == first, "Bob heard something else")
        check(b"is read" in process.stdout.readline(), "the listener printed something else")
        process.stdout.close()
        alice.run("post", "finds no reader", "--wait", "0")
        check(process.wait(WAIT_SECONDS) == 141, f"listen ended with {process.returncode}")
        check(b"descord: " not in process.stderr.read(), "listen complained")
        check(not (alice.path / "run/node.sock").exists(), "the socket was left behind")


@scenario
def reader_that_wants_one_line_ends_log_with_141(place):
    """`log | head -1`, with more than a pipe holds."""
    home = place.home("alice")
    home.found()
    lines = "".join(f"post {number} {'x' * 4_000}\n" for number in range(40))
    home.run("repl", "-q", stdin=lines)
    process = start(home, "log")
    check(process.stdout.readline() != b"", "nothing was printed")
    process.stdout.close()
    check(process.wait(WAIT_SECONDS) == 141, f"log ended with {process.returncode}")
    check(process.stderr.read() == b"", "log complained")
