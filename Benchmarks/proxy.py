"""A TCP proxy on loopback that counts bytes and delays them, in a thread of its own."""

import asyncio
import threading
import time
from collections import deque

READ_BYTES = 1 << 16


class Proxy:
    """Forwards every connection to `port`; each byte arrives `delay` seconds later than it was sent.

    The kernel answers a connecting client at once, so TCP's own handshake is not delayed: whoever counts
    round trips adds it.
    """

    def __init__(self, port, delay=0.0):
        self.target, self.delay = port, delay
        self.accepted_at = []  # time.time() of each connection, in order
        self.up = self.down = 0  # bytes from the dialler, and to it
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.server = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    @property
    def total(self):
        return self.up + self.down

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Inbound(self), "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class Delayed:
    """What goes one way: chunks and the end, in order, each when its time has come."""

    def __init__(self, proxy):
        self.proxy, self.waiting, self.transport = proxy, deque(), None
        self.timer = None

    def put(self, data):
        self.waiting.append((self.proxy.loop.time() + self.proxy.delay, data))
        if self.timer is None:
            self.release()

    def release(self):
        """Writes what is due; data None is the end."""
        self.timer = None
        if self.transport is None:
            return
        while self.waiting and self.waiting[0][0] <= self.proxy.loop.time():
            _, data = self.waiting.popleft()
            if self.transport.is_closing():
                continue
            if data is None:
                self.transport.write_eof()
            else:
                self.transport.write(data)
        if self.waiting:
            self.timer = self.proxy.loop.call_at(self.waiting[0][0], self.release)

    def opened(self, transport):
        self.transport = transport
        self.release()


class Side(asyncio.Protocol):
    """One of the two sockets of a connection; `other` is where its bytes go."""

    def __init__(self, proxy, incoming):
        self.proxy, self.incoming, self.outgoing = proxy, incoming, None

    def connection_made(self, transport):
        self.outgoing.opened(transport)

    def data_received(self, data):
        self.count(len(data))
        self.incoming.put(data)

    def eof_received(self):
        self.incoming.put(None)
        return True  # the other direction goes on

    def connection_lost(self, error):
        other = self.incoming.transport
        if error is not None and other is not None:
            other.abort()


class Inbound(Side):
    """The dialler's socket."""

    def __init__(self, proxy):
        super().__init__(proxy, Delayed(proxy))
        self.outgoing = Delayed(proxy)

    def connection_made(self, transport):
        self.proxy.accepted_at.append(time.time())
        super().connection_made(transport)
        self.proxy.loop.create_task(self.proxy.loop.create_connection(
            lambda: Outbound(self.proxy, self.outgoing, self.incoming), "127.0.0.1", self.proxy.target))

    def count(self, size):
        self.proxy.up += size


class Outbound(Side):
    """Our socket to the listener."""

    def __init__(self, proxy, incoming, outgoing):
        super().__init__(proxy, incoming)
        self.outgoing = outgoing

    def count(self, size):
        self.proxy.down += size
