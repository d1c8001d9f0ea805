"""Small peers that do what no good peer does: who meets one loses nothing, and does not wait for ever.

Scenarios of `run.py`, which gives them its world.
"""

import asyncio
import os

import identity
import sync
from descord import check
from frames import DONE, HELLO, IDS, LACKING, OPERATIONS, frame, id_frames
from home import Home as State
from protobuf import delimited
from smallpeer import Node

BOUND_SECONDS = 3  # that a `sync` is given beside a peer that never answers
CLAIMED = 3  # ids that nobody has an operation for


class Faulty(sync.Responder):
    """Claims operations that there are not, and then does as its kind does; `gone` is set when it has."""

    def __init__(self, home, connection, stream, on_new=None):
        super().__init__(home, connection, stream, on_new)
        self.gone, self.claims = asyncio.Event(), [os.urandom(32) for _ in range(CLAIMED)]

    async def answer(self, theirs):
        mine = self.hello()
        mine.method = "ids"
        self.write(frame(HELLO, mine.encode()))
        self.write(id_frames(IDS, self.claims + self.space.listing()))
        self.wanted = await self.read_list(sync.WANT)
        self.misbehave()
        self.gone.set()
        while await self.next() is not None:  # whatever else comes
            continue

    def misbehave(self):
        raise NotImplementedError


class Half(Faulty):
    """Sends half of an operation that was wanted; whoever drives it then cuts the connection."""

    def misbehave(self):
        real = next(one for one in self.wanted if one in self.space.held)
        whole = delimited(self.space.held[real].encoded)
        self.write(frame(OPERATIONS, whole[:len(whole) // 2]))


class Silent(Faulty):
    """Says nothing more, and stays."""

    def misbehave(self):
        return


class Hollow(Faulty):
    """Says that it is done, without what was wanted."""

    def misbehave(self):
        self.write(frame(DONE))


class Lacking(Faulty):
    """Says that what it claimed is not there, and that it is done."""

    def misbehave(self):
        self.write(id_frames(LACKING, self.wanted, last=False) + frame(DONE))


class FaultyNode(Node):
    """Answers sessions in one of these ways."""

    def __init__(self, home, kind):
        super().__init__(home)
        self.kind, self.met = kind, asyncio.Queue()

    async def answer_session(self, connection, stream):
        responder = self.kind(self.home, connection, stream)
        self.met.put_nowait(responder)
        await responder.run()


def stored(world):
    return world.alice.run("space", "info", "--json").object["operations"]


async def meets(world, kind, *options, code):
    """Lets descord synchronise with a faulty peer; returns what the command said, and who it met."""
    node = FaultyNode(State(world.small.folder), kind)
    await node.connect([identity.Address.parse(world.address)])
    try:
        running = asyncio.create_task(
            asyncio.to_thread(world.alice.run, "sync", "--json", *options, code=code))
        responder = await node.met.get()
        await responder.gone.wait()
        if kind is Half:
            await node.close()
        said = await running
        check(len(responder.wanted) == CLAIMED + 1, f"{len(responder.wanted)} were wanted")
        return said
    finally:
        if kind is not Half:
            await node.close()


def meets_and_recovers(world, kind, *options, code):
    """The same, and then the honest peer brings what it owed; returns what the command said."""
    op, text = world.keep_back(f"owed by {kind.__name__}")
    before = stored(world)
    said = asyncio.run(meets(world, kind, *options, code=code))
    check(stored(world) == before, "something was stored")
    check(world.listener.process.poll() is None, "the listener ended")
    world.small.one("sync")
    world.hears(op, text)
    world.posted[op] = text
    check(stored(world) == before + 1, "the honest peer did not bring it")
    check(world.small.one("sync")["method"] == "equal", "the two are not equal")
    return said


def half_an_operation_is_not_stored(world):
    said = meets_and_recovers(world, Half, code=75)
    check("no_peers" in said.err and said.out == "", f"the sync said {said.out}{said.err}")


def a_peer_that_never_serves_is_waited_for_within_bounds(world):
    said = meets_and_recovers(world, Silent, "--timeout", str(BOUND_SECONDS), code=75)
    check("no_peers" in said.err and said.out == "", f"the sync said {said.out}{said.err}")


def a_peer_that_lacks_what_it_claims_leaves_the_sync_unfinished(world):
    for kind in (Hollow, Lacking):
        said = meets_and_recovers(world, kind, code=75)
        check("not_fetched" in said.err, f"{kind.__name__}: the sync said {said.err}")
        report = said.object
        check((report["received"], report["completed"]) == (0, False), f"{kind.__name__}: reported {report}")


async def pushes_half(world):
    """Announces a push, sends half of it, and is gone."""
    home = State(world.small.folder)
    node = Node(home)
    await node.connect([identity.Address.parse(world.address)])
    try:
        post = home.space.write_post(home.key, next(iter(home.space.channels())), "never whole")
        home.unreceived = lambda: [post]
        session, negotiated = node.session()
        whole = session.write

        def write(data):
            # All before the operations, and half of those.
            whole(data if post.envelope not in data else data[:len(data) // 2])

        session.write = write
        running = asyncio.create_task(session.run(negotiated, reconcile=False))
        await node.connection.ping()  # whose answer comes after what was written has been read
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    finally:
        await node.close()


def half_a_push_is_not_stored(world):
    before = stored(world)
    asyncio.run(pushes_half(world))
    check(stored(world) == before, "something was stored")
    check(world.small.one("sync")["method"] == "equal", "the two are not equal")
    check(world.listener.process.poll() is None, "the listener ended")


FAULTS = [
    half_an_operation_is_not_stored, half_a_push_is_not_stored,
    a_peer_that_never_serves_is_waited_for_within_bounds,
    a_peer_that_lacks_what_it_claims_leaves_the_sync_unfinished,
]
