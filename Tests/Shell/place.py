"""Where a scenario happens: homes in a temporary folder, on loopback alone, and what can be seen of them."""

import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Support"))
sys.dont_write_bytecode = True
from descord import WAIT_SECONDS, Failure, Home, check  # noqa: E402 (found through the path above)

PATIENCE = "60"  # seconds for a command that should find somebody: a busy machine may be slow
SCENARIOS = {}


def scenario(function):
    """Registers a scenario under its name; its docstring says what holds."""
    SCENARIOS[function.__name__] = function
    return function


def until(condition, what):
    """Looks at the system until `condition` holds, and returns what it gave; fails after a minute."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        os.sched_yield()
    raise Failure(f"nothing within {WAIT_SECONDS} s while waiting for {what}")


class Place:
    """The binary, the folder, and chance that can be repeated."""

    def __init__(self, binary, folder, scale, seed):
        self.binary, self.folder, self.scale, self.seed = binary, pathlib.Path(folder), scale, seed
        self.random = random.Random(seed)
        self.leaving = contextlib.ExitStack()  # what is to be undone before the folder can go

    def home(self, name, **settings):
        """Makes a home with an identity."""
        home = Person(self.binary, self.folder / name, **settings)
        home.run("keygen", "-q")
        return home

    def bare(self, name):
        """Makes no more than the folder of a home."""
        home = Person(self.binary, self.folder / name)
        home.path.mkdir(mode=0o700)
        return home

    def copy(self, home, name):
        """Copies a home whose node does not run."""
        copy = Person(self.binary, self.folder / name, **home.settings)
        copy.path.mkdir(mode=0o700)
        for file in home.path.iterdir():
            if file.is_file():
                data = file.read_bytes()
                target = copy.path / file.name
                target.write_bytes(data)
                target.chmod(0o600)
        return copy

    def pair(self, **settings):
        """Makes Alice with a space, and Bob as its second member; neither is on the air."""
        alice, bob = self.home("alice", **settings), self.home("bob", **settings)
        alice.found()
        alice.admit(bob)
        return alice, bob


class Person(Home):
    """A home, and what it says of itself."""

    def run(self, *arguments, **options):
        """Runs a command to its end, which has a minute for the network; what stays has no end of its own."""
        return super().run(*arguments, **{"DESCORD_TIMEOUT": PATIENCE, **options})

    def found(self):
        """Makes a space with one channel."""
        self.run("space", "create", "ops")
        self.run("channel", "create", "general")

    def ticket(self, *options):
        return self.run("space", "invite", *(options or ("--uses", "9"))).out

    def admit(self, *others):
        """Lets others into the space."""
        with self.start("listen", "--json") as listener:
            listener.address()
            ticket = self.ticket()
            for other in others:
                other.run("space", "join", "-", stdin=ticket)
            check(listener.stop() == 143, "listen did not end with SIGTERM's code")

    def log(self, *options):
        """Returns the messages, as objects."""
        return self.run("log", "--json", *options).objects

    def ids(self):
        return [message["op"] for message in self.log()]

    @property
    def peer(self):
        return self.run("id", "--json").object["peer_id"]

    @property
    def forks(self):
        return self.run("space", "info", "--json").object["forks"]

    @property
    def outbox(self):
        return self.run("outbox", "list", "--json").objects

    def sequences(self, op):
        """Returns the sequence numbers of the chain that an operation stands in, in order, as stored here."""
        query = """SELECT sequence FROM operations o WHERE EXISTS (SELECT 1 FROM operations x
                   WHERE x.id = ? AND x.author = o.author AND x.space = o.space) ORDER BY sequence"""
        database = sqlite3.connect(f"file:{self.path}/descord.db?mode=ro", uri=True)
        try:
            return [row[0] for row in database.execute(query, [bytes.fromhex(op)])]
        finally:
            database.close()

    def column(self, op, name):
        """Returns what the database holds of an operation."""
        database = sqlite3.connect(f"file:{self.path}/descord.db?mode=ro", uri=True)
        try:
            query = f"SELECT {name} FROM operations WHERE id = ?"
            return database.execute(query, [bytes.fromhex(op)]).fetchone()[0]
        finally:
            database.close()

    def check_chain(self, op):
        """Checks that no sequence number is missing and none was used twice."""
        found = self.sequences(op)
        check(found and found == list(range(found[0], found[0] + len(found))), f"a broken chain: {found}")


def refuses(address):
    """Whether nobody listens at a multiaddr such as /ip4/127.0.0.1/tcp/4001/p2p/…."""
    _, _, host, _, port, *_ = address.split("/")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def without_peer(address):
    return address.split("/p2p/")[0]


def end(process, number=signal.SIGTERM):
    """Sends a signal, and returns the exit code as a shell would say it."""
    process.send_signal(number)
    code = process.wait(WAIT_SECONDS)
    return 128 - code if code < 0 else code


def warnings(errors):
    """Returns the warnings among lines of standard error, as text or as objects."""
    return [line for line in errors.splitlines() if "warning" in line]


def read_json(text):
    return json.loads(text)
