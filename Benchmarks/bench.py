"""What the measurements share: the programs, homes with one space, and a way to run something and time it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Tests" / "Support"), str(ROOT / "Tests" / "Interop")]
sys.dont_write_bytecode = True
from descord import Failure, Home, check  # noqa: E402 (found through the path above)

RUNS = 5
TEXT_BYTES = 300  # of a message, as in the figures of go-libp2p
CHANNEL = "general"
READY_SECONDS = 60


class Bench:
    """The programs under measurement, a folder of their own, and the report."""

    def __init__(self, binary, in_process, p2pd, folder, report):
        self.binary, self.in_process, self.p2pd = os.path.abspath(binary), in_process, p2pd
        self.folder, self.report = pathlib.Path(folder), report
        self.template = None

    def home(self, name):
        return Home(self.binary, self.folder / name)

    def pair(self, name):
        """Returns two homes, alice and bob, that are members of one space and have nothing else to tell.

        Each pair is a copy of the same two: nobody is ever on the air with two of them, and what is posted in
        one never meets the other.
        """
        if self.template is None:
            self.template = self.make_pair()
        target = self.folder / name
        for member in ("alice", "bob"):
            shutil.copytree(self.template / member, target / member)
        return Home(self.binary, target / "alice"), Home(self.binary, target / "bob")

    def make_pair(self):
        folder = self.folder / "template"
        alice, bob = Home(self.binary, folder / "alice"), Home(self.binary, folder / "bob")
        for member in (alice, bob):
            member.run("keygen")
        alice.run("space", "create", "bench")
        alice.run("channel", "create", CHANNEL)
        ticket = alice.run("space", "invite").out
        with alice.start("listen", "--json") as listener:
            listener.address()
            bob.run("space", "join", "-", stdin=ticket)
            listener.stop()
        return folder


class Inside:
    """The in-process benchmark as a server: prints its address, stays until its stdin ends."""

    def __init__(self, bench, *arguments):
        self.process = subprocess.Popen(
            [bench.in_process, "serve", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = json.loads(self.process.stdout.readline())["address"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(READY_SECONDS)


def inside(bench, *arguments, preload=None):
    """Runs one in-process measurement to its end and returns its object; `preload` is a library under it."""
    environment = {**os.environ, "LD_PRELOAD": str(preload)} if preload else None
    try:
        done = subprocess.run(
            [bench.in_process, *(str(argument) for argument in arguments)], capture_output=True, text=True,
            timeout=READY_SECONDS, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise Failure(f"{arguments} did not end within {READY_SECONDS} s") from None
    check(done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr[-300:]}")
    return json.loads(done.stdout)


def milliseconds(body):
    """Returns how long `body` took, in milliseconds."""
    start = time.perf_counter()
    body()
    return (time.perf_counter() - start) * 1000


def resident_mib(pid):
    """Returns the resident memory of a process, in MiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def start_quietly(arguments, **environment):
    """Runs a program to its end without looking at what it says; for times that are all process start."""
    subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True, **environment)
