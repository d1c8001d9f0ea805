"""A small descord peer, written from docs/protocol.md alone.

    smallpeer.py --state DIR join TICKET      become a member of a space, and fetch everything
    smallpeer.py --state DIR post TEXT        write a message and wait until a member has it
    smallpeer.py --state DIR read             synchronise, then print the messages
    smallpeer.py --state DIR sync             synchronise, and say what it took

With `--json` every line on stdout is one object; what goes wrong is one line on stderr.
"""

import argparse
import asyncio
import datetime
import json
import sys

import frames
import gossip
import identity
import multistream
import operations
import sync
import transport
import yamux
from home import Home
from protobuf import Malformed
from space import CLOCK_TICKS

TIMEOUT_SECONDS = 30


class Failure(Exception):
    """Why a command could not do what it was asked for."""


class Node:
    """A home that is connected to one member of its space."""

    def __init__(self, home):
        self.home, self.connection = home, None
        self.gossip = gossip.Gossip(home.key, self.deliver)
        self.news = asyncio.Queue()  # of (operation, how it came)
        self.prefers, self.answered = None, []  # by which method to answer, and the sessions that were
        self.handlers = {protocol: self.receive_gossip for protocol in gossip.PROTOCOLS}
        self.handlers[frames.PROTOCOL] = self.answer_session

    async def connect(self, addresses):
        """Connects to the first address at which the expected peer answers."""
        reasons = []
        for address in addresses:
            try:
                self.connection = await transport.Connection.dial(self.home.key, address, self.handlers)
                await self.connection.identify()
                return
            except (OSError, Malformed, TimeoutError, asyncio.IncompleteReadError) as error:
                reasons.append(f"{address.host}:{address.port}: {type(error).__name__}: {error}")
        raise Failure("nobody was reached" + "".join(f"; {reason}" for reason in reasons))

    async def close(self):
        if self.connection:
            await self.connection.close()

    # Synchronising

    def session(self):
        """Returns an initiator on a new stream, and what to await before its first answer."""
        stream = self.connection.open_optimistically(frames.PROTOCOL)
        initiator = sync.Initiator(self.home, self.connection, stream, lambda new: self.note(new, "sync"))
        return initiator, multistream.confirm(stream, frames.PROTOCOL)

    async def synchronise(self, **more):
        initiator, negotiated = self.session()
        await initiator.run(negotiated, **more)
        return initiator

    async def join(self, ticket):
        initiator, negotiated = self.session()
        await initiator.join(ticket, negotiated)
        return initiator

    async def answer_session(self, connection, stream):
        responder = sync.Responder(self.home, connection, stream, lambda new: self.note(new, "sync"))
        responder.prefers = self.prefers
        self.answered.append(responder)
        await responder.run()

    def note(self, new, how):
        for operation in new:
            self.news.put_nowait((operation, how))

    # Gossip

    async def receive_gossip(self, connection, stream):
        await self.gossip.receive(connection.peer, stream)

    async def enter_topic(self):
        """Subscribes to the space's topic, and waits until the other side is in it too."""
        spoken = next(p for p in gossip.PROTOCOLS if p in self.connection.identified["protocols"])
        topic = gossip.topic_of(self.home.space.identifier)
        self.gossip.subscribe(topic)
        self.gossip.connected(self.connection.peer, await self.connection.open(spoken))
        await self.gossip.subscribed(topic, self.connection.peer)
        return topic

    async def deliver(self, message):
        """Takes what came by gossip; says whether to pass it on."""
        try:
            operation = operations.verify(message.data)
        except operations.UnknownVersion:
            return False
        if operation.space != self.home.space.identifier:
            return False
        new = self.home.store([operation])
        self.note(new, "gossip")
        return bool(new)


class Commands:
    """The commands; each prints what it did through `say`."""

    def __init__(self, options):
        self.options = options
        self.home = Home(options.state)
        self.node = Node(self.home)

    def say(self, line, /, **values):
        print(json.dumps(values, ensure_ascii=False) if self.options.json else line, flush=True)

    async def run(self):
        try:
            async with asyncio.timeout(self.options.timeout):
                await getattr(self, self.options.command)()
        finally:
            await self.node.close()

    async def reach(self, known=()):
        """Connects to an address of the command line, or to one that is known."""
        given = [identity.Address.parse(text) for text in self.options.connect]
        stored = [identity.Address.decode(bytes.fromhex(text)) for text in self.home.settings["peers"]]
        await self.node.connect(given or list(known) or stored)

    async def join(self):
        ticket = identity.Ticket.parse(self.options.ticket)
        if self.home.space and self.home.space.identifier != ticket.space:
            raise Failure("this home is in another space already")
        self.home.enter(ticket.space)
        named = [(peer, address) for peer, addresses in ticket.peers for address in addresses]
        known = [identity.Address(a.host, a.port, peer) for peer, a in named]
        await self.reach(known)
        session = await self.node.join(ticket)
        self.home.settings |= {"space": ticket.space.hex(), "peers": [a.encode().hex() for a in known]}
        self.home.save()
        self.say(
            f"joined {self.home.space.name}", event="joined", space=ticket.space.hex(),
            name=self.home.space.name, peer_id=identity.base58(self.home.key.peer_id),
            author=self.home.key.public.hex(), received=session.received, method=session.method,
            operations=len(self.home.space.held))

    def member(self):
        if not self.home.space:
            raise Failure("join a space first")

    async def sync(self):
        self.member()
        await self.reach()
        session = await self.node.synchronise(methods=tuple(self.options.methods.split(",")))
        self.say(
            f"{session.method}: {session.sent} sent, {session.received} received", event="synced",
            method=session.method, sent=session.sent, received=session.received,
            round_trips=session.round_trips, records=len(self.home.records))

    async def post(self):
        self.member()
        await self.reach()
        await self.node.synchronise(push=False)
        channels = {name: identifier for identifier, name in self.home.space.channels().items()}
        name = self.options.channel or next(iter(channels), None)
        if name not in channels:
            raise Failure(f"there is no channel {name}")
        text = sys.stdin.read().removesuffix("\n") if self.options.text == "-" else self.options.text
        post = self.home.space.write_post(self.home.key, channels[name], text)
        self.home.store([post])
        if self.options.via == "sync":
            await self.node.synchronise(reconcile=False)
        else:
            await self.publish(post)
        if not self.home.stored_by(post.identifier):
            raise Failure("nobody said that it is stored")
        self.say(
            post.identifier.hex(), event="posted", op=post.identifier.hex(), via=self.options.via,
            author=self.home.key.public.hex(), stored_by=self.home.stored_by(post.identifier))

    async def publish(self, post):
        """Publishes by gossip alone, and waits for the receipt on a session that carries nothing else."""
        topic = await self.node.enter_topic()
        session, negotiated = self.node.session()
        await session.run(negotiated, push=False, reconcile=False, stay=True, ask=[post.identifier])
        if not self.node.gossip.publish(topic, post.encoded, self.home.next_seqno()):
            raise Failure("nobody is in the topic")
        while not self.home.stored_by(post.identifier):
            found = await frames.read_frame(session.stream)
            if found is None or not session.take_anywhere(*found):
                raise Failure("the session ended before the receipt came")
        await session.end()

    async def read(self):
        self.member()
        if not self.options.offline:
            await self.reach()
            session = await self.node.synchronise(stay=self.options.stay)
        for post in self.home.space.posts():
            self.show(post, "store")
        if self.options.follow and not self.options.offline:
            await self.follow(session)

    async def follow(self, session):
        """Prints what arrives from now on, until as many messages came as were asked for."""
        while not self.node.news.empty():
            self.node.news.get_nowait()
        if self.options.stay:
            self.node.connection.start(session.linger())
        else:
            await self.node.enter_topic()
        self.say("following", event="following")
        left = self.options.count
        while left is None or left > 0:
            operation, how = await self.node.news.get()
            if operation in self.home.space.posts():
                self.show(operation, how)
                left = None if left is None else left - 1

    def show(self, post, how):
        moment = datetime.datetime.fromtimestamp(post.header.clock // CLOCK_TICKS / 1000, datetime.UTC)
        name = self.home.space.channels().get(post.header.channel)
        self.say(
            f"{moment:%H:%M:%S} {name} {post.author.hex()[:8]}: {post.text}", event="message",
            op=post.identifier.hex(), channel=post.header.channel.hex(), channel_name=name,
            author=post.author.hex(), time=moment.isoformat(timespec="milliseconds"), text=post.text,
            stored_by=self.home.stored_by(post.identifier), came_by=how)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", required=True, help="the directory with key and operations")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--connect", action="append", default=[], metavar="MULTIADDR")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_SECONDS, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("join").add_argument("ticket")
    post = commands.add_parser("post")
    post.add_argument("text", help="- for stdin")
    post.add_argument("--via", choices=("sync", "gossip"), default="sync")
    post.add_argument("--channel")
    read = commands.add_parser("read")
    read.add_argument("--offline", action="store_true", help="print what is stored, and connect to nobody")
    read.add_argument("--follow", action="store_true", help="then print messages as they come")
    read.add_argument("--stay", action="store_true", help="follow on an open session instead of by gossip")
    read.add_argument("--count", type=int, help="how many messages to follow")
    commands.add_parser("sync").add_argument("--methods", default=",".join(sync.METHODS))
    return parser.parse_args()


def main():
    try:
        asyncio.run(Commands(arguments()).run())
    except (Failure, Malformed, sync.Refused, yamux.StreamEnded, OSError, TimeoutError,
            asyncio.IncompleteReadError) as error:
        print(f"smallpeer: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
