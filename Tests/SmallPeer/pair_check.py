"""Lets small peers synchronise with each other over loopback, in both roles: `pair_check.py`.

Lists and operations are cut into far smaller frames than usual, so that everything spans frames. The random
part takes its seed from SEED. Prints one line a check and then `N passed, M failed`.
"""

import asyncio
import dataclasses
import os
import pathlib
import random
import sys
import tempfile

import frames
import identity
import negentropy
import operations
import smallpeer
import sync
import transport
import yamux
from home import Home
from operations import ADMIT, CHANNEL_CREATE, CREATE, INVITE, Header
from protobuf import bytes_field, varint_field
from space import now

ROUNDS = 12
SECONDS = 60  # for any single session: only ever reached by a failure


def founded(folder):
    """Returns a home that made a space with a channel, and the channel's id."""
    home = Home(folder)
    genesis = operations.write(home.key, Header(
        kind=CREATE, clock=now(), nonce=os.urandom(32), body=bytes_field(1, "pair") + varint_field(2, 0)))
    home.settings["space"] = genesis.identifier.hex()
    home.save()
    home.enter(genesis.identifier)
    home.store([genesis])
    channel = written(home, CHANNEL_CREATE, bytes_field(1, "general"))
    return home, channel.identifier


def written(home, kind, body):
    operation = operations.write(home.key, home.space.draft(home.key, kind, body=body))
    home.store([operation])
    return operation


def invited(inviter):
    """Returns a ticket of an invite that was just written."""
    key = identity.Key(os.urandom(32))
    invite = written(inviter, INVITE, bytes_field(1, key.public) + varint_field(2, 0) + varint_field(3, 1))
    return identity.Ticket(inviter.key.public, inviter.space.identifier, "pair", invite.identifier, key, ())


def admitted(folder, inviter):
    """Returns a home that is a member through `inviter`, which knows what was written for it."""
    home, ticket = Home(folder), invited(inviter)
    home.settings["space"] = inviter.space.identifier.hex()
    home.save()
    home.enter(inviter.space.identifier)
    home.store(list(inviter.space.held.values()))
    join = home.space.write_join(home.key, ticket)
    inviter.store([join])
    body = bytes_field(1, join.identifier) + bytes_field(2, home.key.public)
    admit = operations.write(inviter.key, inviter.space.draft(
        inviter.key, ADMIT, following=(join.identifier,), body=body))
    inviter.store([admit])
    home.store([join, admit])
    return home


def post(home, channel, text):
    operation = home.space.write_post(home.key, channel, text)
    home.store([operation])
    return operation


class Pair:
    """A connection between two homes; the first one dials."""

    def __init__(self, first, second):
        self.first, self.second = smallpeer.Node(first), smallpeer.Node(second)
        self.answered = asyncio.Queue()

    async def __aenter__(self):
        async def answer(reader, writer):
            self.second.connection = await transport.Connection.answer(
                self.second.home.key, self.second.handlers, reader, writer)
            self.answered.put_nowait(True)

        self.server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = self.server.sockets[0].getsockname()
        await self.first.connect([identity.Address(host, port, self.second.home.key.peer_id)])
        await self.answered.get()
        return self

    async def __aexit__(self, *_):
        await self.first.close()
        await self.second.close()
        self.server.close()

    async def sync(self, **more):
        async with asyncio.timeout(SECONDS):
            return await self.first.synchronise(**more)


async def equal_takes_one_round_trip(folder):
    alice, _ = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    async with Pair(bob, alice) as pair:
        session = await pair.sync(push=False)
        return (session.method, session.round_trips, session.sent, session.received) == ("equal", 1, 0, 0)


async def a_push_brings_receipts(folder):
    alice, channel = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    written_now = [post(bob, channel, f"text {number} " * 40) for number in range(5)]
    async with Pair(bob, alice) as pair:
        session = await pair.sync(reconcile=False)
    peer = identity.base58(alice.key.peer_id)
    return session.method == "none" and all(
        o.identifier in alice.space.held and bob.stored_by(o.identifier) == [peer] for o in written_now)


async def random_sets_become_equal(folder, method):
    generator = random.Random(f"{SEED} {method}")
    alice, channel = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    for number in range(ROUNDS):
        for home in (alice, bob):
            for _ in range(generator.randrange(12)):
                post(home, channel, "word " * generator.randrange(60))
        homes = (alice, bob) if generator.randrange(2) else (bob, alice)
        different = set(alice.space.held) != set(bob.space.held)
        async with Pair(*homes) as pair:
            session = await pair.sync(methods=(method, "ancestors"), push=bool(generator.randrange(2)))
        if set(alice.space.held) != set(bob.space.held) or alice.space.heads_hash != bob.space.heads_hash:
            return False
        if session.method not in ((method, "equal") if different else ("equal",)):
            return False
    return len(alice.space.held) > 10


async def ids(folder):
    return await random_sets_become_equal(folder, "ids")


async def negentropy_of_many_round_trips(folder):
    return await random_sets_become_equal(folder, "negentropy/1")


async def negentropy_stops_at_its_bound(folder):
    """What was found until then is exchanged, and the next session finds the rest."""
    alice, channel = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    for number in range(200):
        post((alice, bob)[number % 2], channel, str(number))
    negentropy.MESSAGES_MAX, usual = 1, negentropy.MESSAGES_MAX
    left = [len(set(alice.space.held) ^ set(bob.space.held))]
    try:
        async with Pair(bob, alice) as pair:
            stopped = (await pair.sync(methods=("negentropy/1",), push=False)).stopped
    finally:
        negentropy.MESSAGES_MAX = usual
    left.append(len(set(alice.space.held) ^ set(bob.space.held)))
    async with Pair(bob, alice) as pair:
        ended = not (await pair.sync(methods=("negentropy/1",), push=False)).stopped
    return stopped and ended and left[0] >= left[1] and set(alice.space.held) == set(bob.space.held)


async def ancestors(folder):
    return await random_sets_become_equal(folder, "ancestors")


async def a_member_that_is_not_known_yet_is_introduced(folder):
    alice, _ = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    carol = admitted(folder / "carol", bob)
    if alice.space.is_member(carol.key.public):
        return False
    async with Pair(carol, alice) as pair:
        await pair.sync()
    return alice.space.is_member(carol.key.public)


async def a_stranger_is_turned_away(folder):
    alice, _ = founded(folder / "alice")
    eve = Home(folder / "eve")
    eve.enter(alice.space.identifier)
    eve.store(list(alice.space.held.values()))
    async with Pair(eve, alice) as pair:
        try:
            await pair.sync()
        except sync.Refused:
            return True
    return False


async def what_is_refused_resets_the_session(folder):
    alice, channel = founded(folder / "alice")
    bob = admitted(folder / "bob", alice)
    good = bob.space.write_post(bob.key, channel, "good")
    bad = dataclasses.replace(good, content=b"changed")
    bob.space.add(bad)
    async with Pair(bob, alice) as pair:
        try:
            await pair.sync(reconcile=False)
        except yamux.StreamEnded:
            return good.identifier not in alice.space.held
    return False


ALL = [
    equal_takes_one_round_trip, a_push_brings_receipts, ids, ancestors, negentropy_of_many_round_trips,
    negentropy_stops_at_its_bound,
    a_member_that_is_not_known_yet_is_introduced, a_stranger_is_turned_away,
    what_is_refused_resets_the_session,
]
SEED = os.environ.get("SEED", "1")


def main():
    frames.IDS_A_FRAME, frames.PIECE_BYTES = 3, 100
    negentropy.MESSAGE_BYTES_MAX = 1_200
    print(f"seed {SEED}, {ROUNDS} rounds of each method")
    failed = 0
    for check in ALL:
        with tempfile.TemporaryDirectory(prefix="smallpeer-") as folder:
            held = asyncio.run(check(pathlib.Path(folder)))
        failed += not held
        print("ok" if held else "failed", check.__name__.replace("_", " "), flush=True)
    print(f"{len(ALL) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
