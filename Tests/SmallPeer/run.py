"""Lets a descord node and the small peer meet: `run.py --descord BINARY`.

The small peer (`smallpeer.py`) was written from docs/protocol.md alone, so what holds here holds for the
page. Prints one line a scenario and then `N passed, M failed`. Everything runs on 127.0.0.1, in directories
of its own.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "Support"))
from descord import WAIT_SECONDS, Failure, Home, Running, check  # noqa: E402 (found through the path above)

import identity  # noqa: E402
import operations  # noqa: E402
from home import Home as State  # noqa: E402
from protobuf import Malformed, bytes_field, varint_field  # noqa: E402
from smallpeer import Node  # noqa: E402
from yamux import StreamEnded  # noqa: E402
from faults import FAULTS  # noqa: E402
from moderation import MODERATION  # noqa: E402

ASK_AGAIN_SECONDS = 0.02  # between two questions to a node that cannot tell by itself
LARGE_TEXT = "long text\n" * 30_000  # 300,000 bytes: spans frames of every layer


def until(question, what):
    """Asks until the answer is true, and returns it; for states that their owner announces to nobody."""
    pause, end = threading.Event(), time.monotonic() + WAIT_SECONDS
    while not (answer := question()):
        check(time.monotonic() < end, f"not within {WAIT_SECONDS} s: {what}")
        pause.wait(ASK_AGAIN_SECONDS)
    return answer


class SmallPeer:
    """The program, with a state directory."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def command(self, *arguments):
        return [sys.executable, "-B", str(FOLDER / "smallpeer.py"), "--json", "--state", str(self.folder),
                *arguments]

    def run(self, *arguments, code=0, stdin=""):
        """Runs a command; returns the objects that it printed, or what it said when it was due to fail."""
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, text=True,
                              timeout=WAIT_SECONDS * 2, check=False)
        what = f"`smallpeer {arguments[0]}` exited {done.returncode}, not {code}"
        check(done.returncode == code, f"{what}: {done.stderr.strip()[-400:]}")
        return [json.loads(line) for line in done.stdout.splitlines()] if code == 0 else done.stderr.strip()

    def one(self, *arguments, **more):
        found = self.run(*arguments, **more)
        check(len(found) == 1, f"one object was due from `smallpeer {arguments[0]}`, not {len(found)}")
        return found[0]

    def start(self, *arguments):
        process = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True, bufsize=1)
        return Running(process, f"smallpeer {' '.join(arguments)}")

    @property
    def held(self):
        """The operations on its disk by id."""
        return {path.name: path.read_bytes() for path in (self.folder / "operations").iterdir()}


class World:
    """A descord node that listens, and the small peer beside it."""

    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.alice = Home(binary, self.folder / "alice")
        self.small = SmallPeer(self.folder / "small")
        self.alice_id = self.alice.run("keygen", "--json").object["peer_id"]
        self.space = self.alice.run("space", "create", "ops", "--json").object
        self.alice.run("channel", "create", "general", "--json")
        self.early = [self.alice.run("post", text, "--json").object["op"] for text in ("first", "second")]
        self.ticket = None
        self.listener = self.alice.start("listen", "--json")
        self.address = self.listener.address()
        self.posted, self.joined = {}, None

    def close(self):
        check(self.listener.stop() == 143, "the listener did not leave as it should")

    def invite(self):
        return self.alice.run("space", "invite", "--json").object["ticket"]

    def author_key(self, peer_id):
        return identity.key_of_peer(identity.unbase58(peer_id)).hex()

    def keep_back(self, text):
        """Writes a post of the small peer's that no session carries yet; returns its id and its text."""
        home = State(self.small.folder)
        kept = home.space.write_post(home.key, next(iter(home.space.channels())), text)
        home.store([kept])
        return kept.identifier.hex(), text

    def hears(self, op, text):
        """Checks that the listener prints a post of the small peer next."""
        while (heard := self.listener.next(f"the post {op}"))["op"] in self.early:
            pass
        check(heard["op"] == op, f"the listener printed {heard['op']}, not {op}")
        check(heard["author"] == self.joined["peer_id"], f"printed with the author {heard['author']}")
        check(heard["text"] == text and heard["channel_name"] == "general", "printed with another text")


# Scenarios, in the order in which they run; each builds on those before it.

def a_damaged_ticket_is_refused(world):
    world.ticket = world.invite()
    damaged = world.ticket[:-1] + ("q" if world.ticket[-1] != "q" else "p")
    check("Malformed" in world.small.run("join", damaged, code=1), "a damaged ticket was taken")


def joins_with_a_ticket(world):
    world.joined = world.small.one("join", world.ticket)
    check(world.joined["space"] == world.space["space"] and world.joined["name"] == "ops", "another space")
    counted = world.alice.run("space", "info", "--json").object["operations"]
    check(world.joined["operations"] == counted == len(world.small.held),
          f"{world.joined['operations']} operations here, {counted} there")


def has_verified_every_operation(world):
    for name, data in world.small.held.items():
        operation = operations.verify(data)
        check(operation.identifier.hex() == name, "an operation under another id")
        check(operation.encoded == data, "an operation that is not kept as it came")


def reads_what_was_written_before(world):
    messages = world.small.run("read")
    check([m["op"] for m in messages] == world.early, "not the messages that were written before, in order")
    check([m["text"] for m in messages] == ["first", "second"], "other texts")
    check({m["author"] for m in messages} == {world.author_key(world.alice_id)}, "another author")


def is_a_member_to_the_others(world):
    members = world.alice.run("space", "members", "--json").out
    check(world.joined["peer_id"] in members, "descord does not list the small peer as a member")


def a_used_ticket_lets_nobody_in(world):
    said = SmallPeer(world.folder / "late").run("join", world.ticket, code=1)
    check("used up" in said, f"not refused as used up: {said}")


def a_stranger_learns_nothing(world):
    stranger = SmallPeer(world.folder / "stranger")
    shutil.copytree(world.small.folder, stranger.folder)
    (stranger.folder / "key").unlink()
    said = stranger.run("sync", code=1)
    check("no such space" in said, f"not turned away: {said}")


def posts(world, via, text):
    post = world.small.one("post", "-", "--via", via, stdin=text + "\n")
    check(post["stored_by"] == [world.alice_id], f"no receipt: {post['stored_by']}")
    world.hears(post["op"], text)
    world.posted[post["op"]] = text


def posts_by_sync(world):
    posts(world, "sync", "pushed with the hello")


def posts_by_gossip(world):
    posts(world, "gossip", "published on the topic")


def posts_what_spans_frames(world):
    posts(world, "sync", LARGE_TEXT + "s")
    posts(world, "gossip", LARGE_TEXT + "g")


def what_was_posted_is_in_the_log(world):
    logged = {message["op"]: message for message in world.alice.run("log", "--json").objects}
    for op, text in world.posted.items():
        check(op in logged, f"{op} is not in the log")
        check(logged[op]["text"] == text, f"{op} has another text in the log")
        check(logged[op]["author"] == world.joined["peer_id"], f"{op} has another author in the log")


def equal_sets_take_one_round_trip(world):
    world.small.one("sync")
    again = world.small.one("sync")
    check(again["method"] == "equal", f"the method was {again['method']}")
    check(again["round_trips"] == 1, f"{again['round_trips']} round trips")
    check(again["sent"] == again["received"] == 0, "operations moved between equal sets")


def hears_live_by_gossip(world):
    with world.small.start("read", "--follow", "--count", "2") as reader:
        while reader.next("the start")["event"] != "following":
            pass
        topic = world.space["topic"]
        until(lambda: any(
            entry["topic"] == topic and entry["in_mesh"]
            for peer in world.alice.run("peers", "--json").objects if peer["peer"] == world.joined["peer_id"]
            for entry in peer["topics"]), "descord has the small peer in its mesh")
        for text in ("live", LARGE_TEXT):
            op = world.alice.run("post", "-", "--wait", "0", "--json", stdin=text).object["op"]
            world.early.append(op)
            heard = reader.next("a live message")
            check(heard["op"] == op and heard["text"] == text.removesuffix("\n"), "another message came")
            check(heard["came_by"] == "gossip", f"it came by {heard['came_by']}")
        check(reader.stop(how=None) == 0, "the reader did not end by itself")


def receipts_of_the_small_peer_count(world):
    with world.small.start("read", "--follow", "--stay", "--count", "1") as reader:
        while reader.next("the start")["event"] != "following":
            pass
        post = world.alice.run("post", "acknowledged", "--json").object
        world.early.append(post["op"])
        check((post["stored_by"], post["status"]) == (1, "stored"), f"not stored: {post}")
        check(reader.next("the message")["op"] == post["op"], "another message came")
        check(reader.stop(how=None) == 0, "the reader did not end by itself")


def catches_up(world, method, mine=False):
    """The small peer begins; with `mine` it also has an operation that descord lacks."""
    kept = [world.keep_back(f"kept back from {method}")] if mine else []
    texts = [f"{method} {number}" for number in range(3)]
    for text in texts:
        world.early.append(world.alice.run("post", text, "--wait", "0", "--json").object["op"])
    methods = "ids,ancestors" if method == "ids" else method
    done = world.small.one("sync", "--methods", methods)
    check(done["method"] == method, f"the method was {done['method']}")
    check(done["received"] == len(texts), f"{done['received']} operations came, not {len(texts)}")
    read = [message["text"] for message in world.small.run("read", "--offline")]
    check(set(texts) <= set(read[-len(texts) - len(kept):]), "not what was written meanwhile")
    for op, text in kept:
        world.hears(op, text)
        world.posted[op] = text


def catches_up_by_ids(world):
    catches_up(world, "ids")


def catches_up_by_ancestors(world):
    catches_up(world, "ancestors")


def compares_by_negentropy(world):
    catches_up(world, "negentropy/1", mine=True)


async def answers(world):
    """Connects without beginning a session, lets descord begin one, and returns what each side says of it."""
    node = Node(State(world.small.folder))
    node.prefers = "negentropy/1"
    await node.connect([identity.Address.parse(world.address)])
    try:
        report = (await asyncio.to_thread(world.alice.run, "sync", "--json")).object
        return node.answered, report
    finally:
        await node.close()


def answers_by_negentropy(world):
    op, text = world.keep_back("kept back until asked")
    posted = {world.alice.run("post", f"asks {number}", "--wait", "0", "--json").object["op"]
              for number in range(3)}
    world.early += sorted(posted)
    sessions, report = asyncio.run(answers(world))
    check(posted <= set(world.small.held), "not all that was posted came")
    check((report["sent"], report["received"], report["completed"]) == (3, 1, True), f"reported {report}")
    check([session.method for session in sessions] == ["negentropy/1"], "not one session by negentropy")
    check(sessions[0].messages >= 1, "no message of negentropy came")
    world.hears(op, text)
    world.posted[op] = text


async def pushes(world, change):
    """Pushes a post after `change` was made to its header; says whether the session was reset for it."""
    home = State(world.small.folder)
    node = Node(home)
    await node.connect([identity.Address.parse(world.address)])
    try:
        good = home.space.write_post(home.key, next(iter(home.space.channels())), "changed")
        envelope = identity.seal(
            home.key, operations.DOMAIN, operations.PAYLOAD_TYPE, change(good.header.encode()))
        home.unreceived = lambda: [dataclasses.replace(good, envelope=envelope)]
        session, negotiated = node.session()
        try:
            await session.run(negotiated, reconcile=False)
        except StreamEnded:
            return True
        return False
    finally:
        await node.close()


def what_the_page_refuses_is_refused(world):
    changes = {
        "a varint that is not minimal": lambda header: b"\x08\x81\x00" + header[2:],
        "a known number with another wire type": lambda header: header + bytes_field(13, b""),
        "an unknown value that is not minimal": lambda header: header + bytes.fromhex("a0068100"),
        "an unknown group": lambda header: header + bytes.fromhex("a306a406"),
        "an order that is not that of the numbers": lambda header: header[2:] + header[:2],
        "no kind": lambda header: header.replace(varint_field(7, operations.POST), b""),
        "a channel of 31 bytes": lambda header: header.replace(b"\x42\x20", b"\x42\x1f", 1),
    }
    for what, change in changes.items():
        check(asyncio.run(pushes(world, change)), f"{what} was not refused")
    check(not asyncio.run(pushes(world, lambda header: header.replace(b"\x08\x01", b"\x08\x02", 1))),
          "a version to come was punished")


def both_ends_have_the_same(world):
    world.small.one("sync")
    mine = {(m["op"], m["text"]) for m in world.small.run("read", "--offline")}
    theirs = {(m["op"], m["text"]) for m in world.alice.run("log", "-n", "1000", "--json").objects}
    check(mine == theirs, f"{len(mine)} messages here, {len(theirs)} there, {len(mine & theirs)} in common")


ALL = [
    a_damaged_ticket_is_refused, joins_with_a_ticket, has_verified_every_operation,
    reads_what_was_written_before, is_a_member_to_the_others, a_used_ticket_lets_nobody_in,
    a_stranger_learns_nothing, posts_by_sync, posts_by_gossip, posts_what_spans_frames,
    what_was_posted_is_in_the_log, equal_sets_take_one_round_trip, hears_live_by_gossip,
    receipts_of_the_small_peer_count, catches_up_by_ids, catches_up_by_ancestors, compares_by_negentropy,
    answers_by_negentropy,
    what_the_page_refuses_is_refused, *FAULTS, *MODERATION, both_ends_have_the_same,
]


def attempt(name, body):
    """Runs one scenario and says how it went; the reason is one line."""
    start = time.monotonic()
    try:
        body()
    except (Failure, Malformed, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as failure:
        print(f"failed {name}: {type(failure).__name__}: {failure}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--descord", required=True)
    options = parser.parse_args()
    passed, failed, worlds = 0, 0, []
    with tempfile.TemporaryDirectory(prefix="smallpeer-") as folder:
        binary = os.path.abspath(options.descord)
        scenarios = [("prepare", lambda: worlds.append(World(binary, folder)))]
        scenarios += [(s.__name__.replace("_", " "), lambda s=s: s(worlds[0])) for s in ALL]
        scenarios.append(("leaves in good order", lambda: worlds[0].close()))
        try:
            for number, (name, body) in enumerate(scenarios):
                if not attempt(name, body):
                    failed += 1
                    for other, _ in scenarios[number + 1:]:
                        print(f"not run: {other}")
                    break
                passed += 1
        finally:
            for world in worlds:
                world.listener.__exit__()
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
