"""Bytes on the wire a message beyond its text, by layer, counted by a proxy.

Of gossipsub alone: what one more message adds to a whole session, and what the session costs before it. Of
descord: everything that passes while messages are posted one after another, each waited for, divided by their
number; the layers are sums over the fields of the published formats, and what is left is what the sum does
not explain: the message's second way over the open sync stream, and its receipt.
"""

import statistics

import wire
from bench import CHANNEL, RUNS, TEXT_BYTES, Inside, inside
from proxy import Proxy

POSTS = 200
FEW, MANY = 2, 102  # messages of a session, each in a frame of its own
YAMUX_HEADER, NOISE_FRAME = 12, 2 + 16
PEER_ID, SEQNO, SIGNATURE = 38, 8, 64


def measure(bench):
    report = bench.report
    setups = [passed(bench, "hello") for _ in range(RUNS)]
    few, many = (
        [sum(passed(bench, "messages", count, TEXT_BYTES)) for _ in range(RUNS)] for count in (FEW, MANY))
    # Answers that happened to share a frame, or not, change a whole session by a frame's overhead.
    one = (statistics.median(many) - statistics.median(few)) / (MANY - FEW) - TEXT_BYTES
    report.add("one gossipsub message beyond its 300 bytes, topic of one letter", one, "bytes",
               go="wire bytes of one message")
    report.add("set-up: connect, identify, hello, goodbye; from the dialler", [up for up, _ in setups],
               "bytes", go="set-up bytes")
    report.add("set-up, to the dialler", [down for _, down in setups], "bytes", go="set-up bytes")
    descord(bench)


def passed(bench, command, *arguments):
    """Runs one in-process measurement through a proxy; returns the bytes from the dialler and to it.

    Each has a server of its own: one that was spoken to before has messages of that in its cache, and tells.
    """
    with Inside(bench, "messages") as server:
        address = server.address
        port = int(address.split("/tcp/", 1)[1].split("/")[0])
        with Proxy(port) as proxy:
            inside(bench, command, address.replace(f"/tcp/{port}", f"/tcp/{proxy.port}"), *arguments)
            return proxy.up, proxy.down


def descord(bench):
    alice, bob = bench.pair("wire")
    with alice.start("listen", "--json", "--listen", "/ip4/127.0.0.1/tcp/0") as listener:
        address = listener.address()
        port = int(address.split("/tcp/", 1)[1].split("/")[0])
        before = published(bob)
        with Proxy(port) as proxy:
            through = address.replace(f"/tcp/{port}", f"/tcp/{proxy.port}")
            with bob.start("repl", "--json", "--connect", through, stdin=True) as poster:
                post(poster, listener, "first")
                start = proxy.up, proxy.down
                for number in range(POSTS):
                    post(poster, listener, f"{number} ".ljust(TEXT_BYTES, "x"))
                up, down = ((after - at) / POSTS for after, at in zip((proxy.up, proxy.down), start))
                poster.stop(how=None)
        listener.stop()
    topic = bob.run("space", "list", "--json").objects[0]["topic"]
    # The first message is shorter, but not what is beyond its text.
    messages, size = (after - at for after, at in zip(published(bob), before))
    texts = POSTS * TEXT_BYTES + len("first")
    operation = (size - texts) / messages
    data = round(operation + TEXT_BYTES)
    rpc = len(wire.frame(wire.field(2, b"".join((
        wire.field(1, bytes(PEER_ID)), wire.field(2, bytes(data)), wire.field(3, bytes(SEQNO)),
        wire.field(4, topic), wire.field(5, bytes(SIGNATURE))))))) - data
    report = bench.report
    report.add("descord: beyond the text, both ways, receipt included", up + down - TEXT_BYTES, "bytes")
    report.add("  the operation: header, links, salt, signature", operation, "bytes")
    report.add("  gossipsub: author, number, topic, signature, frame", rpc, "bytes")
    report.add("  Yamux", YAMUX_HEADER, "bytes")
    report.add("  Noise", NOISE_FRAME, "bytes")
    layers = TEXT_BYTES + operation + rpc + YAMUX_HEADER + NOISE_FRAME
    report.add("  the rest from the poster: sync's copy, gossip", up - layers, "bytes")
    report.add("  the rest to the poster: receipt, credit, gossip", down, "bytes")


def post(poster, listener, text):
    poster.type(f"/post --wait 1 -c {CHANNEL} {text}")
    listener.next("the message")
    poster.next("the result")


def published(home):
    """Returns how many messages the home published in all its runs, and their bytes."""
    rows = home.run("metrics", "--json").objects
    names = ("messages_published", "bytes_published")
    return tuple(sum(row.get(name) or 0 for row in rows) for name in names)
