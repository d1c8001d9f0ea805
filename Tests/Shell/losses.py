"""Power that goes, or a process that is killed, at each single change that a command makes to its disk.

Every try is made in fresh copies of the same homes. `Tests/Support/powerloss` numbers the changes and ends
the process in place of one of them. At SCALE=1 some are tried, evenly spread, the first and the last among
them; at SCALE=10 all of them.
"""

import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess

from archives import exported, key_alone
from place import ROOT, Person, check, scenario

MODES = {  # what the library does in place of a change
    "killed": {"POWERLOSS_KEEP": "1"},  # the process alone: the disk keeps what it was given
    "without power": {},  # what was not synced is gone
    "half written": {"POWERLOSS_SEED": "coin"},  # of what was not synced, each write is there or not
}
SAMPLES = 4  # of each mode at SCALE=1
ALL_FROM = 10  # the SCALE that leaves none out
OPERATIONS = 30
CHANGES_MIN = 4  # a command that makes fewer ran without the library
ONCE = ("listen", "--json", "--once", "--cursor", "bot")
OFFLINE = ("--timeout", "0")


def shim(place):
    """Builds the library once for a scenario."""
    file = place.folder / "powerloss.so"
    subprocess.run([ROOT / "Scripts/build-powerloss", file], check=True)
    return file


def copied(place, folder, *homes):
    """Copies homes whose nodes do not run into a folder of their own."""
    folder.mkdir()
    copies = []
    for home in homes:
        copies.append(Person(place.binary, folder / home.name, **home.settings))
        shutil.copytree(home.path, copies[-1].path, ignore=shutil.ignore_patterns("*.sock"))
    return copies


class Loss:
    """One try: the folder with the copies, and what is loaded into the command."""

    def __init__(self, place, preload, mode, at):
        self.place, self.preload, self.mode, self.at = place, preload, mode, at
        self.folder = pathlib.Path(os.path.realpath(place.folder), f"try-{at}")
        self.total = place.folder / "total"

    def run(self, home, *arguments, folder=None):
        """Runs the command that is to be ended; `folder`, or else the home, is what it is to change."""
        more = {name: str(self.place.seed + self.at) if value == "coin" else value
                for name, value in MODES.get(self.mode, {}).items()}
        done = home.run(
            *arguments, code=None, LD_PRELOAD=str(self.preload), POWERLOSS_DIRECTORY=str(folder or home.path),
            POWERLOSS_AT=str(self.at), POWERLOSS_TOTAL=str(self.total), **more)
        self.ended = done.code == -signal.SIGKILL
        check(self.ended or done.code == 0, f"ended with {done.code}: {done.err.strip()[-300:]}")
        return done


def lose(place, attempt):
    """Makes `attempt` with a process that nobody ends, and then with one that ends at a change."""
    library, tried, of = shim(place), 0, {}
    whole = Loss(place, library, None, 0)
    attempt(whole)
    shutil.rmtree(whole.folder)
    total = int(whole.total.read_text())
    check(total >= CHANGES_MIN, f"{total} changes: the library was not loaded")
    for mode in MODES:
        of[mode] = 0
        for at in chosen(place, total):
            loss = Loss(place, library, mode, at)
            try:
                attempt(loss)
            except Exception as error:
                raise AssertionError(f"{mode} at change {at} of {total}: {error}") from error
            shutil.rmtree(loss.folder)
            tried += 1
            of[mode] += loss.ended
        # What the network decides may make a run shorter than the one that was counted.
        check(of[mode] > 0, f"{mode}: no run was ended")
    counts = ", ".join(f"{count} {mode}" for mode, count in of.items())
    print(f"{tried // len(MODES)} of {total} changes tried in each of {len(MODES)} ways, seed {place.seed}: "
          f"ended {counts}", flush=True)


def chosen(place, total):
    """Returns the changes to try: all, or the first, the last, and others evenly spread between."""
    if place.scale >= ALL_FROM or total <= SAMPLES:
        return range(1, total + 1)
    step = (total - 2) / (SAMPLES - 2)
    shift = place.random.random() * step
    return sorted({1, total} | {2 + int(shift + number * step) for number in range(SAMPLES - 2)})


def check_sound(home):
    """Checks the file, every operation, and what follows from them."""
    with sqlite3.connect(home.path / "descord.db") as database:
        found = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    check(found == ("ok",), f"the file is damaged: {found}")
    check(home.run("db", "check", "--json").object["problems"] == [], "db check finds problems")


def seen(home, *options, code=0):
    return [message["op"] for message in home.run(*ONCE, *options, code=code).objects]


def check_once(home, *lists):
    """Checks that a cursor showed each message once over all its runs, in the order of arrival."""
    shown = [op for ops in lists for op in ops]
    check(len(shown) == len(set(shown)), f"a cursor showed {len(shown) - len(set(shown))} twice")
    check(set(shown) == set(home.ids()), f"a cursor showed {len(shown)} of {len(home.ids())}")


def two(place):
    """Alice with many messages that Bob lacks, and Bob with three that wait; a cursor of Bob's stands in the
    middle."""
    alice, bob = place.pair()
    alice.run("post", "--lines", "--wait", "0", stdin="early\nbird\n")
    with alice.start("listen") as listener:
        bob.run("sync", "--connect", listener.address())
        listener.stop()
    first = seen(bob, *OFFLINE, code=75)
    check(len(first) == 2, "the cursor does not stand behind the first two")
    lines = "".join(f"by alice {number}\n" for number in range(OPERATIONS))
    alice.run("post", "--lines", "--wait", "0", stdin=lines)
    bob.run("post", "--lines", "--wait", "0", stdin="one\ntwo\nthree\n")
    return alice, bob, first


def check_promises(alice, bob, before, printed=()):
    """Checks what each was told: what was printed is there, and what is stored elsewhere is there."""
    logs = {home: home.log("-n", "1000") for home in (alice, bob)}
    held = {home: {one["op"] for one in log} for home, log in logs.items()}
    check(before | set(printed) <= held[bob], "what was printed is gone")
    for home, other in ((alice, bob), (bob, alice)):
        # Nobody's receipts but those of the other for one's own: null for what others wrote.
        stored = {one["op"] for one in logs[home] if (one["stored_by"] or 0) > 0}
        check(stored <= held[other], f"{other.name} lacks what {home.name} has a receipt for")
    # The state comes before its publication: nobody holds what its author lost.
    theirs = {one["op"] for one in logs[alice] if one["stored_by"] is None}
    check(theirs <= held[bob], "Alice holds what Bob has lost")


def check_completed(alice, bob, command, *seen_before):
    """Runs the command again, and checks that both hold everything and that the cursor shows it once."""
    with alice.start("listen") as listener:
        address = listener.address()
        again = bob.run(*command, "--connect", address)
        if command[0] == "post":
            check(again.err == "stored by 1\n", f"the next post said {again.err}")
            bob.run("sync", "--connect", address)
        check(listener.stop() == 143, "the listener failed")
    shown = [message["op"] for message in again.objects] if command == ONCE else []
    shown += seen(bob, *OFFLINE, code=75)
    logs = {home: home.log("-n", "1000") for home in (alice, bob)}
    held = [{one["op"] for one in log} for log in logs.values()]
    check(held[0] == held[1], f"{len(held[0])} messages here, {len(held[1])} there")
    check(all(one["stored_by"] in (None, 1) for log in logs.values() for one in log), "no receipt came")
    every = [op for ops in (*seen_before, shown) for op in ops]
    check(len(every) == len(set(every)), f"the cursor showed {len(every) - len(set(every))} twice")
    check(set(every) == held[1], f"the cursor showed {len(every)} of {len(held[1])}")
    for home, log in logs.items():
        waiting, = rows(home, "SELECT count(*) FROM outbox")
        check(waiting == (0,), f"{waiting} still wait in the outbox of {home.name}")
        for author in {one["author"]: one["op"] for one in log}.values():
            home.check_chain(author)  # a number that is missing, or a fork
        check_sound(home)


def rows(home, query):
    database = sqlite3.connect(f"file:{home.path}/descord.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def with_a_member(place, *command):
    """Tries a command of Bob's that meets Alice."""
    template = two(place)
    before = set(template[1].ids())

    def attempt(loss):
        alice, bob = copied(place, loss.folder, *template[:2])
        with alice.start("listen") as listener:
            done = loss.run(bob, *command, "--connect", listener.address())
            check(listener.stop() == 143, "the listener failed")
        check_sound(bob)
        check_promises(alice, bob, before, done.out.split() if command[0] == "post" else [])
        shown = seen(bob, *OFFLINE, code=75)
        if command == ONCE:
            ops = [message["op"] for message in done.objects]
            again = [op for op in ops if op in shown]
            # A line is written before the cursor moves. Moving it is not worth a sync: with the power
            # the last ones are forgotten, and come again.
            check(ops[len(ops) - len(again):] == again, "what came again are not the last ones")
            check(loss.mode != "killed" or len(again) <= 1, f"{len(again)} lines came again")
            shown = ops[:len(ops) - len(again)] + shown
        check_completed(alice, bob, command, template[2], shown)

    lose(place, attempt)


@scenario
def post_ended_at_any_write_loses_nothing(place):
    """With somebody who listens: what was printed, acknowledged or heard is there, and the chain goes on."""
    with_a_member(place, "post", "in danger")


@scenario
def sync_ended_at_any_write_loses_nothing(place):
    """Thirty operations come and three go; the next one completes, and a cursor skips and repeats nothing."""
    with_a_member(place, "sync")


@scenario
def cursor_ended_at_any_write_loses_nothing(place):
    """`listen --cursor --once` fetches and shows: every message, one line again after a kill."""
    with_a_member(place, *ONCE)


@scenario
def import_ended_at_any_write_loses_nothing(place):
    """Into the home of a member, and into one that has its key alone and no database."""
    alice, bob, first = two(place)
    file = exported(place, alice)
    info = alice.run("space", "info", "--json").object

    def into_member(loss):
        home, = copied(place, loss.folder, bob)
        before = set(home.ids())
        done = loss.run(home, "import", "--json", str(file))
        check_sound(home)
        check(before <= set(home.ids()), "what was there is gone")
        if not loss.ended:
            check(set(alice.ids()) <= set(home.ids()) and done.object["stored"] == OPERATIONS, "not all came")
        second = seen(home, *OFFLINE, code=75)
        again = home.run("import", "--json", str(file)).object
        check(again["stored"] + again["duplicates"] == info["operations"], f"imported {again}")
        check_once(home, first, second, seen(home, *OFFLINE, code=75))
        check(len(home.outbox) == 3, "what waited in the outbox is gone")
        check_sound(home)

    def into_nothing(loss):
        loss.folder.mkdir()
        home = key_alone(place, alice, f"{loss.folder.name}/again")
        loss.run(home, "import", "--json", str(file))
        home.run("import", "--json", str(file))
        check_sound(home)
        check(home.ids() == alice.ids(), "another log")
        op = home.run("post", "goes on", "--wait", "0").out.strip()
        home.check_chain(op)

    lose(place, into_member)
    lose(place, into_nothing)


@scenario
def rebuild_ended_at_any_write_loses_nothing(place):
    """Of a database whose derived tables somebody changed: it is as it was, or whole, never in between."""
    alice, bob, _ = two(place)
    with alice.start("listen") as listener:
        bob.run("sync", "--connect", listener.address())
        listener.stop()
    ids = bob.ids()
    changed, = copied(place, place.folder / "changed", bob)
    with sqlite3.connect(changed.path / "descord.db") as database:
        database.create_function("message_text", 1, lambda content: None)
        database.execute("UPDATE operations SET state = 4 WHERE n % 2")
        database.execute("DELETE FROM heads")
    database.close()
    problems = changed.run("db", "check", "--json", code=74).object["problems"]
    check(len(changed.ids()) < len(ids), "the change has no effect")

    def attempt(loss):
        home, = copied(place, loss.folder, changed)
        loss.run(home, "db", "rebuild", "--json")
        with sqlite3.connect(home.path / "descord.db") as database:
            check(database.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged")
        database.close()
        found = home.run("db", "check", "--json", code=None).object["problems"]
        check(found in ([], problems), f"half rebuilt: {found}")
        check(loss.ended or found == [], "a rebuild that was not ended left problems")
        home.run("db", "rebuild")
        check_sound(home)
        check(home.ids() == ids, "another log")

    lose(place, attempt)


@scenario
def export_ended_at_any_write_leaves_a_whole_file(place):
    """The old one or the new one; what else is left behind goes with the next export."""
    alice, bob, _ = two(place)
    old = exported(place, bob).read_bytes()
    new = exported(place, alice).read_bytes()

    def attempt(loss):
        loss.folder.mkdir()
        file = loss.folder / "space.jsonl"
        file.write_bytes(old)
        other = loss.folder / f"{file.name}.new-old"  # of somebody else
        other.write_text("mine")
        loss.run(alice, "export", "-o", str(file), folder=loss.folder)
        check(file.read_bytes() in ((old, new) if loss.ended else (new,)), "the file is not whole")
        left = len(list(loss.folder.iterdir())) - 2
        check(left <= (1 if loss.ended else 0), f"{left} files were left behind")
        alice.run("export", "-o", str(file))
        check(sorted(loss.folder.iterdir()) == [file, other], "something is still there")
        check(file.read_bytes() == new, "the next export is not whole")

    lose(place, attempt)
