"""Wall clocks that are wrong, and that jump: `Tests/Support/faketime` sets them, for each home its own."""

import os
import sqlite3
import struct
import subprocess

from place import ROOT, check, read_json, scenario, until

MINUTE, HOUR = 60_000, 3_600_000  # milliseconds
SLACK = 120_000  # for what a test takes itself, between two clocks that should be equal
ONCE = ("listen", "--json", "--once", "--cursor", "bot")


class Clock:
    """A wall clock: that of the machine, and so many milliseconds."""

    def __init__(self, place, name, offset=0):
        self.file, self.preload = place.folder / f"{name}.clock", place.folder / "faketime.so"
        subprocess.run([ROOT / "Scripts/build-faketime", self.preload], check=True)
        self.file.write_bytes(bytes(8))
        self.set(offset)

    def set(self, offset):
        """Lets the clock jump, at once and for everybody who looks at it."""
        file = os.open(self.file, os.O_WRONLY)
        os.pwrite(file, struct.pack("=q", offset), 0)
        os.close(file)
        self.offset = offset

    @property
    def settings(self):
        return {"LD_PRELOAD": str(self.preload), "FAKETIME_FILE": str(self.file)}


def with_clocks(place, *names):
    """Makes homes with a clock each; the first has a space, and the others are its members."""
    clocks = [Clock(place, name) for name in names]
    homes = [place.home(name, **clock.settings) for name, clock in zip(names, clocks)]
    homes[0].found()
    homes[0].admit(*homes[1:])
    return homes, clocks


def state(home, name):
    return home.run("space", "info", "--json").object[name]


def chain(home, op):
    """Returns the clocks, in milliseconds and counters, along the chain that an operation stands in."""
    query = """SELECT clock FROM operations o WHERE EXISTS (SELECT 1 FROM operations x
               WHERE x.id = ? AND x.author = o.author AND x.space = o.space) ORDER BY sequence"""
    database = sqlite3.connect(f"file:{home.path}/descord.db?mode=ro", uri=True)
    try:
        return [row[0] for row in database.execute(query, [bytes.fromhex(op)])]
    finally:
        database.close()


def check_rises(home, op):
    found = chain(home, op)
    check(all(one < other for one, other in zip(found, found[1:])), f"clocks that do not rise: {found}")
    home.check_chain(op)


def meet(one, other):
    """Lets two homes synchronise, and their cursors move; returns what each was shown."""
    with one.start("listen") as listener:
        shown = other.run(*ONCE, "--connect", listener.address()).objects
        check(listener.stop() == 143, "the listener failed")
    return cursor(one), [message["op"] for message in shown]


def cursor(home):
    """Returns what the cursor had not shown yet, with nobody there."""
    return [message["op"] for message in home.run(*ONCE, "--timeout", "0", code=75).objects]


@scenario
def member_an_hour_ahead_is_heard_when_the_hour_comes(place):
    """What it writes is stored, acknowledged, passed on by sync and shown by nobody before; then by all."""
    (alice, bob, carol), clocks = with_clocks(place, "alice", "bob", "carol")
    clocks[1].set(HOUR)
    with alice.start("listen", "--json") as listener:
        address = listener.address()
        early = [bob.run("post", text, "--connect", address) for text in ("an hour", "too early")]
        check([one.err for one in early] == ["stored by 1\n"] * 2, f"the posts said {early[0].err}")
        early = [one.out.strip() for one in early]
        # Alice writes what follows nothing of it, and prints her own message first.
        mine = alice.run("post", "in time", "--wait", "0").out.strip()
        check(listener.next()["op"] == mine, "what is held was printed")
        check(listener.stop() == 143, "the listener failed")
    check(alice.ids() == [mine] and state(alice, "held") == 2, "what is an hour ahead is not held")
    apart = chain(alice, early[0])[-1] - chain(alice, mine)[-1]
    check(apart > (HOUR - SLACK) << 16, "Alice's clock was pulled along")
    check(meet(alice, carol) == ([mine], [mine]), "a cursor shows something else")
    check(carol.ids() == [mine] and state(carol, "held") == 2, "Carol did not get it, or shows it")
    check(state(alice, "heads") == state(carol, "heads"), "Alice and Carol hold different operations")
    # The hour comes for all three; what was held is new to every cursor, in its author's order.
    for clock in clocks:
        clock.set(HOUR + HOUR // 2)
    check(meet(alice, carol) == (early, early), "what was held did not come")
    for home in (alice, carol):
        check(home.ids() == [mine, *early] and state(home, "held") == 0, f"{home.name} has another log")
    answer = carol.run("post", "in time again", "--wait", "0").out.strip()
    meet(alice, carol)
    meet(alice, bob)
    for home in (alice, bob, carol):
        check(home.ids() == [mine, *early, answer], f"{home.name} ends with another log")
        check_rises(home, early[0])


@scenario
def own_clock_that_was_an_hour_ahead_loses_nothing(place):
    """Mended, it writes above what it wrote; that waits for the hour, at home and at all others."""
    (alice, bob), (ours, _) = with_clocks(place, "alice", "bob")
    theirs = bob.run("post", "the right time", "--wait", "0").out.strip()
    meet(bob, alice)
    ours.set(HOUR)
    ahead = alice.run("post", "an hour ahead", "--wait", "0").out.strip()
    ours.set(0)
    mended = alice.run("post", "mended", "--wait", "0").out.strip()
    check_rises(alice, ahead)
    check(alice.ids() == [theirs, ahead], "what was shown is hidden, or what is held is shown")
    check(state(alice, "held") == 1, "the second is not held")
    check(chain(alice, mended)[-1] - chain(alice, theirs)[-1] > (HOUR - SLACK) << 16, "below its parents")
    meet(alice, bob)
    check(bob.ids() == [theirs] and state(bob, "held") == 2, "Bob does not hold both")
    # What others write meanwhile is not pulled along.
    later = bob.run("post", "meanwhile", "--wait", "0").out.strip()
    check(chain(bob, later)[-1] - chain(bob, theirs)[-1] < SLACK << 16, "Bob's clock was pulled along")
    ours.set(HOUR + SLACK)
    bob.settings |= Clock(place, "bob", HOUR + SLACK).settings
    meet(alice, bob)
    for home in (alice, bob):
        check(home.ids() == [theirs, later, ahead, mended], f"{home.name} has another log")
        check(state(home, "held") == state(home, "invalid") == 0, f"{home.name} holds something back")
        check(home.forks == [] and home.outbox == [], f"{home.name} has a fork, or something queued")


@scenario
def clock_that_jumps_back_keeps_order_and_chain(place):
    """By minutes, also under a node that runs: clocks stay above their parents, and cursors skip nothing."""
    (alice, bob), (ours, theirs) = with_clocks(place, "alice", "bob")
    ours.set(HOUR)
    theirs.set(HOUR)
    ids = [alice.run("post", f"{number}", "--wait", "0").out.strip() for number in range(2)]
    check(meet(alice, bob) == (ids, ids), "a cursor shows something else")
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        with alice.start("listen", "--json", "--connect", address) as listener:
            listener.address()
            for jump in (-MINUTE, -8 * MINUTE, -5 * MINUTE, 0):
                ours.set(HOUR + jump)
                ids.append(alice.run("post", f"after {jump}").out.strip())
                check(listener.next()["op"] == ids[-1], "the own listener printed something else")
                check(ear.next()["op"] == ids[-1], "Bob's listener printed something else")
            ours.set(HOUR - 8 * MINUTE)
            check(listener.stop() == 143, "the listener failed")
        check(ear.stop() == 143, "Bob's listener failed")
    ids.append(alice.run("post", "without a node", "--wait", "0").out.strip())
    check_rises(alice, ids[0])
    check(meet(bob, alice) == (ids[2:], ids[2:]), "a cursor left something out, or repeats something")
    # Bob's jumps by the whole hour: what he was shown stays, and he links to none of it.
    theirs.set(0)
    check(bob.ids() == ids, "what was shown is hidden by a jump")
    answer = bob.run("post", "from the past", "--wait", "0").out.strip()
    check(meet(bob, alice) == ([answer], [answer]), "the answer did not come")
    for home in (alice, bob):
        check(home.ids() == [answer, *ids], f"{home.name} has another log")
        check(home.forks == [] and state(home, "invalid") == 0, f"{home.name} sees a fork")
        check_rises(home, ids[0])
        check_rises(home, answer)


@scenario
def member_minutes_ahead_keeps_nobody_from_writing(place):
    """What it wrote is shown at once and linked to by nobody before its time, who follow what came before."""
    (alice, bob), (ours, _) = with_clocks(place, "alice", "bob")
    ours.set(5 * MINUTE)
    ahead = alice.run("post", "five minutes ahead", "--wait", "0").out.strip()
    alice.run("channel", "create", "later")
    check(meet(alice, bob) == ([ahead], [ahead]), "what is within ten minutes is not shown")
    # Bob has written nothing since he joined, and his admission is known by what Alice wrote.
    answer = bob.run("post", "-c", "general", "at the right time", "--wait", "0").out.strip()
    apart = chain(bob, ahead)[-1] - chain(bob, answer)[-1]
    check(apart > (4 * MINUTE) << 16, "Bob's clock was pulled along")
    check(meet(bob, alice) == ([answer], [answer]), "the answer did not come")
    check(alice.ids() == bob.ids() == [answer, ahead], "not in the order of the clocks")
    with bob.start("listen") as listener:
        carol = place.home("carol")
        carol.run("space", "join", "-", stdin=bob.ticket(), DESCORD_TIMEOUT="10")
        heard = carol.run("post", "-c", "general", "a newcomer too", "--connect", listener.address())
        check(heard.err == "stored by 1\n", f"a newcomer's post said {heard.err}")
        check(listener.stop() == 143, "the listener failed")


@scenario
def space_whose_creator_is_ahead_can_be_joined(place):
    """A public space that was made minutes ahead of us: its genesis is followed all the same."""
    ours = Clock(place, "alice", 5 * MINUTE)
    alice, bob = place.home("alice", **ours.settings), place.home("bob")
    alice.run("space", "create", "plaza", "--public")
    alice.run("channel", "create", "general")
    with alice.start("listen") as listener:
        bob.run("space", "join", state(alice, "space"), "--connect", listener.address())
        check(listener.stop() == 143, "the listener failed")
    check(state(alice, "members") == state(bob, "members") == 2, "Bob is no member")
    # What admitted him is too far ahead for him to follow it.
    error = read_json(bob.run("post", "too early", "--json", code=77).err)["error"]
    check("ahead of this machine's clock" in error["message"] and "clock" in error["hint"], f"said {error}")
    bob.settings |= ours.settings
    bob.run("post", "in time", "--wait", "0")


@scenario
def held_message_comes_to_a_running_listener(place):
    """The hour comes while it listens: what was held is printed before what is written then."""
    (alice, bob), (ours, theirs) = with_clocks(place, "alice", "bob")
    theirs.set(HOUR)
    with alice.start("listen", "--json") as listener:
        early = bob.run("post", "early", "--connect", listener.address()).out.strip()
        until(lambda: state(alice, "held") == 1, "the message that is held")
        ours.set(HOUR)
        if place.scale < 10:  # else the listener looks by itself, once a minute
            alice.run("post", "written then", "--wait", "0")
        check(listener.next("what was held", 90)["op"] == early, "another message was printed")
        check(listener.stop() == 143, "the listener failed")
