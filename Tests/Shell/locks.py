"""A database that another process has locked."""

import sqlite3
import subprocess

from clocks import Clock
from place import PATIENCE, WAIT_SECONDS, Failure, check, read_json, scenario

LOCKED_SECONDS = 10
ONCE = ("listen", "--once", "--cursor", "bot")


class Locked:
    """The database of a home, held by a write transaction meanwhile, as by a backup or a debugger."""

    def __init__(self, *homes):
        self.paths, self.databases = [home.path / "descord.db" for home in homes], []

    def __enter__(self):
        for path in self.paths:
            self.databases.append(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None))
            self.databases[-1].execute("BEGIN IMMEDIATE")

    def __exit__(self, *_):
        for database in self.databases:
            database.execute("ROLLBACK")
            database.close()
        self.databases = []


def check_waits(running, seconds):
    """Checks that a process does not end within a time."""
    try:
        code = running.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise Failure(f"`{running.what}` did not wait, but ended with {code}: {running.said}")


def finished(running, code=0):
    """Waits for the end of a process, and returns the lines of its standard output."""
    ended = running.stop(how=None)
    check(ended == code, f"`{running.what}` ended with {ended}: {running.said}")
    return list(running.lines.waiting)


@scenario
def locked_database_is_waited_for(place):
    """Ten seconds long: posts, a sync, a cursor and a listener wait, and nothing is lost."""
    alice, bob, carol = place.home("alice"), place.home("bob"), place.home("carol")
    alice.found()
    alice.admit(bob, carol)
    early = bob.run("post", "early", "--wait", "0").out.strip()
    with bob.start("listen", "--json") as ear, alice.start("listen", "--json") as listener:
        at_bob, at_alice = ("--connect", ear.address()), ("--connect", listener.address())
        alice.run("sync", *at_bob)
        check(listener.next()["op"] == early, "the listener printed something else")
        with Locked(alice, carol):
            patient = {"DESCORD_TIMEOUT": PATIENCE}
            waiting = [
                alice.start("post", "by alice", "--wait", "0"),
                carol.start("post", "by carol", *at_bob, **patient),
                carol.start("sync", *at_bob, **patient),
                carol.start("listen", "--json", "--once", "--cursor", "bot", *at_bob, **patient),
            ]
            # Bob's own is free; what he waits for is Alice's receipt.
            heard = bob.start("post", "by bob", *at_alice, **patient)
            check(alice.ids() == [early], "what only reads waits too")
            check_waits(waiting[0], LOCKED_SECONDS)
            for one in (*waiting[1:], heard):
                check(one.process.poll() is None, f"`{one.what}` did not wait: {one.said}")
        posts = [finished(one)[0] for one in (waiting[0], waiting[1], heard)]
        finished(waiting[2])
        shown = [read_json(line)["op"] for line in finished(waiting[3])]
        check({listener.next()["op"] for _ in posts} == set(posts), "the listener printed something else")
        carol.run("sync", *at_bob)
        check(listener.stop() == ear.stop() == 143, "a listener failed")
    again = carol.run("listen", "--json", "--once", "--cursor", "bot", "--timeout", "0", code=75).objects
    shown += [message["op"] for message in again]
    check(sorted(shown) == sorted([early, *posts]), f"the cursor showed {len(shown)} of {1 + len(posts)}")
    for home in (alice, bob, carol):
        check(sorted(home.ids()) == sorted([early, *posts]), f"{home.name} lacks something")
        check(home.outbox == [] and home.forks == [], f"{home.name} has something queued, or a fork")


@scenario
def database_locked_for_too_long_ends_with_74(place):
    """Nothing is stored and no id printed; a listener goes on, and what it could not store comes later."""
    alice, bob = place.pair()
    known = alice.run("post", "known", "--wait", "0").out.strip()
    # SQLite's patience of a minute is the sum of its naps, from which it awakes at once here.
    hurry = {**Clock(place, "now").settings, "FAKETIME_NO_NAPS": "1"}
    alice.settings |= hurry
    with alice.start("listen", "--json") as listener:
        address = listener.address()
        with Locked(alice):
            for command in (("post", "no"), ("channel", "create", "no"), ("space", "invite")):
                refused = alice.run(*command, "--json", code=74)
                error = read_json(refused.err.splitlines()[-1])["error"]
                check(error["code"] == "io" and "held by another process" in error["message"], f"{error}")
                check(error["hint"] and refused.out == "", f"no hint, or printed {refused.out}")
            check(alice.ids() == [known], "what only reads is refused, or something was stored")
            queued = bob.run("post", "later", "--connect", address, code=75, DESCORD_TIMEOUT="2")
            check(queued.err.startswith("queued"), f"what Alice could not store is {queued.err}")
            check(listener.process.poll() is None, "the listener ended")
        bob.run("sync", "--connect", address)
        check(listener.next()["op"] == queued.out.strip(), "the listener printed something else")
        check(listener.stop() == 143, "the listener failed")
    missed = bob.run("post", "missed", "--wait", "0").out.strip()
    with bob.start("listen") as listener:
        address = listener.address()
        with Locked(alice):
            # What came could not be stored: that is no success, and no absence either.
            for command in (("sync",), ("listen", "--once", "--since", "1d"), ONCE):
                refused = alice.run(*command, "--json", "--connect", address, code=74)
                check(read_json(refused.err.splitlines()[-1])["error"]["code"] == "io", f"{refused.err}")
        alice.run("sync", "--connect", address)
        check(listener.stop() == 143, "the listener failed")
    check(set(alice.ids()) == set(bob.ids()) == {known, queued.out.strip(), missed}, "something is missing")
    check(bob.outbox == [], "something is queued")
    alice.check_chain(known)
