"""Yamux over an encrypted channel: streams with windows, pings and go-away."""

import asyncio

from protobuf import Malformed

DATA, WINDOW_UPDATE, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
HEADER_BYTES = 12
WINDOW_BYTES = 256 * 1024
FRAME_BYTES_MAX = 64 * 1024
STREAMS_MAX = 256  # opened by the other side at one time


class StreamEnded(Exception):
    """The stream was reset, or its connection is gone."""


class Stream:
    """One stream; `write` queues, `readexactly` waits, `finish` ends our half of it."""

    def __init__(self, session, number):
        self.session, self.number = session, number
        self.received, self.unread = bytearray(), 0
        self.window = WINDOW_BYTES
        self.unsent, self.finishing, self.finished = bytearray(), False, False
        self.remote_finished, self.failure = False, None
        self.changed = asyncio.Event()

    def write(self, data):
        self.unsent += data
        self.flush()

    def finish(self):
        """Half-closes once everything written is sent."""
        self.finishing = True
        self.flush()

    def flush(self):
        while self.unsent and self.window and not self.failure:
            size = min(len(self.unsent), self.window, FRAME_BYTES_MAX)
            self.session.send(DATA, 0, self.number, bytes(self.unsent[:size]))
            del self.unsent[:size]
            self.window -= size
        if self.finishing and not self.finished and not self.unsent and not self.failure:
            self.finished = True
            self.session.send(DATA, FIN, self.number)
            self.session.forget_if_done(self)

    def reset(self):
        if self.failure is None and not (self.finished and self.remote_finished):
            self.session.send(WINDOW_UPDATE, RST, self.number)
        self.end(StreamEnded("reset by us"))

    def end(self, failure):
        self.failure = self.failure or failure
        self.changed.set()
        self.session.streams.pop(self.number, None)

    async def more(self):
        """Waits for another piece of data; False at the end of the stream."""
        before = len(self.received)
        while len(self.received) == before:
            if self.remote_finished:
                return False
            if self.failure:
                raise self.failure
            self.changed.clear()
            await self.changed.wait()
        return True

    def take(self, size):
        """Removes bytes from what has arrived, and grants the sender as many new ones."""
        data = bytes(self.received[:size])
        del self.received[:size]
        self.unread += len(data)
        if self.unread >= WINDOW_BYTES // 2 and not self.remote_finished and not self.failure:
            self.session.send(WINDOW_UPDATE, 0, self.number, length=self.unread)
            self.unread = 0
        return data

    async def readexactly(self, size):
        data = b""
        while len(data) < size:
            if not self.received and not await self.more():
                raise asyncio.IncompleteReadError(data, size)
            data += self.take(size - len(data))
        return data

    async def read(self):
        """Returns everything up to the end of the stream."""
        data = b""
        while self.received or await self.more():
            data += self.take(len(self.received))
        return data

    async def at_end(self):
        """Waits for data or the end, and says whether it is the end."""
        return not self.received and not await self.more()


class Session:
    """All streams of a connection; `run` reads until it ends."""

    def __init__(self, channel, is_client, accept):
        self.channel, self.accept = channel, accept
        self.next_number = 1 if is_client else 2
        self.streams, self.closed = {}, False

    def send(self, kind, flags, stream, data=b"", length=None):
        if not self.closed:
            length = len(data) if length is None else length
            header = bytes((0, kind)) + flags.to_bytes(2) + stream.to_bytes(4) + length.to_bytes(4)
            self.channel.write(header + data)

    def open(self):
        number, self.next_number = self.next_number, self.next_number + 2
        stream = self.streams[number] = Stream(self, number)
        self.send(WINDOW_UPDATE, SYN, number, length=0)
        return stream

    def forget_if_done(self, stream):
        if stream.finished and stream.remote_finished:
            self.streams.pop(stream.number, None)

    async def run(self):
        """Reads frames until the connection ends; every stream ends with it."""
        failure = StreamEnded("the connection is gone")
        try:
            while True:
                header = await self.channel.readexactly(HEADER_BYTES)
                if header[0] != 0 or header[1] > GO_AWAY:
                    raise Malformed("not a Yamux frame")
                flags, number = int.from_bytes(header[2:4]), int.from_bytes(header[4:8])
                length = int.from_bytes(header[8:12])
                if header[1] == PING:
                    if flags & SYN:
                        self.send(PING, ACK, 0, length=length)
                elif header[1] == GO_AWAY:
                    return
                else:
                    await self.stream_frame(header[1], flags, number, length)
                await self.channel.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Malformed as error:
            failure = error
        finally:
            self.closed = True
            for stream in list(self.streams.values()):
                stream.end(failure)

    async def stream_frame(self, kind, flags, number, length):
        data = b""
        if kind == DATA:
            if length > WINDOW_BYTES:
                raise Malformed("a frame above the window")
            data = await self.channel.readexactly(length)
        if flags & SYN:
            if number % 2 == self.next_number % 2 or number in self.streams:
                raise Malformed("a stream number that is not free")
            stream = self.streams[number] = Stream(self, number)
            self.send(WINDOW_UPDATE, ACK, number, length=0)
            if len(self.streams) > STREAMS_MAX:
                stream.reset()
            else:
                self.accept(stream)
        stream = self.streams.get(number)
        if stream is None:
            return
        if flags & RST:
            stream.end(StreamEnded("reset by the other side"))
            return
        if kind == WINDOW_UPDATE:
            stream.window += length
            stream.flush()
        else:
            stream.received += data
        if flags & FIN:
            stream.remote_finished = True
            self.forget_if_done(stream)
        stream.changed.set()
