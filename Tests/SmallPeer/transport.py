"""A connection of TCP, Noise and Yamux, with identify and ping on it. Section 1 of docs/protocol.md."""

import asyncio

import identity
import multistream
import noise
import protobuf
import yamux
from protobuf import Malformed, bytes_field, delimited

NOISE, YAMUX = "/noise", "/yamux/1.0.0"
IDENTIFY, PUSH, PING = "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"
AGENT, PROTOCOL_VERSION = "smallpeer/1", "ipfs/0.1.0"
PING_BYTES = 32
IDENTIFY_BYTES_MAX = 65_536
CONNECT_SECONDS = 15


class RawChannel:
    """The TCP connection before it is encrypted."""

    def __init__(self, reader, writer):
        self.readexactly, self.write, self.drain = reader.readexactly, writer.write, writer.drain


class Connection:
    """An authenticated connection; `handlers` are coroutines by protocol, of connection and stream."""

    def __init__(self, key, handlers):
        self.key = key
        self.handlers = {PING: serve_ping, IDENTIFY: serve_identify, PUSH: take_push} | handlers
        self.remote_key = self.handshake_hash = self.session = self.writer = None
        self.tasks, self.failures = set(), []
        self.identified = {}

    @property
    def peer(self):
        return identity.peer_id(self.remote_key)

    @staticmethod
    async def dial(key, address, handlers):
        """Connects, and fails unless the one that answers is the one that the address names."""
        async with asyncio.timeout(CONNECT_SECONDS):
            streams = await asyncio.open_connection(address.host, address.port)
            connection = Connection(key, handlers)
            await connection.upgrade(*streams, initiator=True)
        if address.peer is not None and address.peer != connection.peer:
            await connection.close()
            raise Malformed("another peer than the expected one answered")
        return connection

    @staticmethod
    async def answer(key, handlers, reader, writer):
        """Takes a connection that somebody else made."""
        connection = Connection(key, handlers)
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.upgrade(reader, writer, initiator=False)
        return connection

    async def upgrade(self, reader, writer, initiator):
        self.writer, raw = writer, RawChannel(reader, writer)
        await (multistream.select(raw, NOISE) if initiator else multistream.accept(raw, [NOISE]))
        channel = noise.Channel(reader, writer)
        await channel.handshake(self.key, initiator)
        self.remote_key, self.handshake_hash = channel.remote_key, channel.handshake_hash
        if channel.early_muxer is None:
            await (multistream.select(channel, YAMUX) if initiator else multistream.accept(channel, [YAMUX]))
        self.session = yamux.Session(channel, initiator, self.accept)
        self.reading = asyncio.create_task(self.session.run())

    def start(self, coroutine):
        """Runs something beside; what goes wrong in it is kept for whoever wants to know."""
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.failures.append(task.exception())

    def accept(self, stream):
        self.start(self.serve(stream))

    async def serve(self, stream):
        try:
            protocol = await multistream.accept(stream, self.handlers)
            await self.handlers[protocol](self, stream)
        except (Malformed, yamux.StreamEnded, asyncio.IncompleteReadError):
            stream.reset()
            raise

    async def open(self, protocol):
        """Opens a stream for a protocol that the other side agrees to."""
        stream = self.session.open()
        await multistream.select(stream, protocol)
        return stream

    def open_optimistically(self, protocol):
        """Opens a stream whose first data may go out with the proposal; then await `multistream.confirm`."""
        stream = self.session.open()
        stream.write(multistream.message(multistream.HEADER) + multistream.message(protocol))
        return stream

    async def identify(self):
        """Asks who is there, and returns the protocols that the other side names."""
        stream = await self.open(IDENTIFY)
        self.identified = read_identify(await stream.read())
        stream.finish()
        return self.identified

    async def ping(self):
        stream = await self.open(PING)
        payload = bytes(range(PING_BYTES))
        stream.write(payload)
        echoed = await stream.readexactly(PING_BYTES)
        stream.finish()
        return echoed == payload

    async def close(self):
        """Says goodbye, and waits until everything written has left."""
        self.session.send(yamux.GO_AWAY, 0, 0, length=0)
        for task in list(self.tasks) + [self.reading]:
            task.cancel()
        await asyncio.gather(self.reading, *self.tasks, return_exceptions=True)
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return  # the other side was faster


async def serve_ping(_connection, stream):
    while not await stream.at_end():
        stream.write(await stream.readexactly(PING_BYTES))
    stream.finish()


async def serve_identify(connection, stream):
    protocols = b"".join(bytes_field(3, protocol) for protocol in sorted(connection.handlers))
    stream.write(delimited(
        bytes_field(1, identity.public_key_message(connection.key.public)) + protocols
        + bytes_field(5, PROTOCOL_VERSION) + bytes_field(6, AGENT)))
    stream.finish()


async def take_push(connection, stream):
    connection.identified = read_identify(await stream.read()) or connection.identified
    stream.finish()


def read_identify(data):
    """Returns agent and protocols of an identify message, which may come in parts."""
    agent, protocols, at = None, [], 0
    if len(data) > IDENTIFY_BYTES_MAX:
        raise Malformed("an identify message that is too large")
    while at < len(data):
        size, at = protobuf.read_uvarint(data, at)
        if at + size > len(data):
            raise Malformed("an identify message that is cut off")
        part = protobuf.Message(data[at:at + size])
        agent = part.text(6) or agent
        protocols += [protocol.decode(errors="replace") for protocol in part.all(3)]
        at += size
    return {"agent": agent, "protocols": protocols}
