"""The same of p2pd (go-libp2p's daemon) and py-libp2p, in the same run; both store nothing.

p2pd is driven over its control socket and py-libp2p over lines of JSON, which is part of what is measured: it
is how a shell script would use them.
"""

import base64
import importlib.util
import json
import os
import time

import wire
from bench import RUNS, TEXT_BYTES, resident_mib
from p2pd import P2PD, PUBSUB_PUBLISH, PUBSUB_SUBSCRIBE
from peer import WINDOW, check
from pylibp2p import PyLibP2P

TOPIC = "t"
GO_MESSAGES, PY_MESSAGES = 4_000, 1_000  # a run
SOCKETS = 4  # control sockets that publish at once; one request is in flight on each
READ_BYTES = 1 << 16


def kinds(bench):
    """Returns what makes each foreign peer that is there."""
    found = {}
    if importlib.util.find_spec("nacl") is None or importlib.util.find_spec("libp2p") is None:
        bench.report.note("no foreign peers: Scripts/interop-setup makes .interop, and its Python runs this")
        return found
    if bench.p2pd and os.access(bench.p2pd, os.X_OK):
        found["p2pd"] = lambda: P2PD(bench.p2pd)
    found["py-libp2p"] = PyLibP2P
    return found


def one_shots(bench):
    """Returns {name: (milliseconds to receipt, to exit)}: a new process dials, publishes, leaves."""
    results = {}
    for name, make in kinds(bench).items():
        with make() as listener:
            listener.subscribe(TOPIC)
            times = [one_shot(make(), listener) for _ in range(RUNS + 1)]
        results[name] = tuple([one[index] for one in times[1:]] for index in (0, 1))  # the first one warms up
    return results


def one_shot(poster, listener):
    if isinstance(poster, P2PD):
        poster.write_key()
    start = time.perf_counter()
    with poster:
        poster.connect(listener.address)
        # Earlier, the message would be lost: neither peer tells by itself that the other's topics are known.
        while listener.peer_id not in poster.topic_peers(TOPIC):
            check(time.perf_counter() - start < 60, f"{poster.name} does not see the subscriber")
        poster.publish(TOPIC, os.urandom(TEXT_BYTES))
        listener.next(TOPIC)
        receipt = time.perf_counter()
    return (receipt - start) * 1000, (time.perf_counter() - start) * 1000


def throughput(bench):
    """Returns {name: messages a second}, none lost: at most as many under way as the peers' queues hold."""
    floods = {"p2pd": (go_flood, GO_MESSAGES), "py-libp2p": (py_flood, PY_MESSAGES)}
    results = {}
    for name, make in kinds(bench).items():
        flood, count = floods[name]
        with make() as sender, make() as receiver:
            counted = Counted(receiver) if name == "p2pd" else Arrivals(receiver)
            sender.connect(receiver.address)
            # A sender that subscribed too would lose what it publishes before its mesh stands.
            sender.wait_subscribed(TOPIC, receiver.peer_id)
            flood(sender, counted, 200)
            rates = []
            for _ in range(RUNS):
                start = time.perf_counter()
                flood(sender, counted, count)
                rates.append(count / (time.perf_counter() - start))
            results[name] = rates
    return results


class Counted:
    """A p2pd subscription that is only counted: frames are not looked into, so that reading costs little."""

    def __init__(self, peer):
        self.stream = peer.open()
        peer.ask(self.stream, peer.pubsub(PUBSUB_SUBSCRIBE, TOPIC))
        self.stream.settimeout(60)
        self.buffer = b""

    def wait(self, count):
        """Waits for `count` more messages."""
        while count:
            at = 0
            while count and at < len(self.buffer):
                try:
                    length, begin = wire.read_uvarint(self.buffer, at)
                except IndexError:
                    break
                if begin + length > len(self.buffer):
                    break
                at, count = begin + length, count - 1
            self.buffer = self.buffer[at:]
            if count:
                chunk = self.stream.recv(READ_BYTES)
                check(chunk, "p2pd's subscription ended")
                self.buffer += chunk


class Arrivals:
    """A py-libp2p subscription."""

    def __init__(self, peer):
        self.peer = peer
        peer.subscribe(TOPIC)

    def wait(self, count):
        for _ in range(count):
            self.peer.next(TOPIC)


def go_flood(sender, receiver, count):
    """Publishes over several control sockets, with a window's worth of messages under way."""
    sockets = [sender.open() for _ in range(SOCKETS)]
    try:
        sent = arrived = 0
        while arrived < count:
            while sent < count and sent - arrived + SOCKETS <= WINDOW:
                for connection in sockets:
                    request = sender.pubsub(PUBSUB_PUBLISH, TOPIC, os.urandom(TEXT_BYTES))
                    connection.sendall(wire.frame(request))
                for connection in sockets:
                    answer = wire.parse(wire.read_frame(connection))
                    check(wire.first(answer, 1) == 0, "p2pd refused to publish")
                sent += SOCKETS
            receiver.wait(SOCKETS)
            arrived += SOCKETS
    finally:
        for connection in sockets:
            connection.close()


def py_flood(sender, receiver, count):
    """Writes publish commands without waiting for their answers, with a window's worth under way."""
    data = base64.b64encode(os.urandom(TEXT_BYTES)).decode()
    for number in range(count):
        if number >= WINDOW:
            receiver.wait(1)
        line = {"id": f"flood {number}", "do": "publish", "topic": TOPIC, "data": data}
        sender.process.stdin.write(json.dumps(line) + "\n")
        sender.process.stdin.flush()
    receiver.wait(min(count, WINDOW))


def idle_memory(bench):
    """Returns {name: MiB} of a peer that subscribed to one topic."""
    results = {}
    for name, make in kinds(bench).items():
        with make() as peer:
            peer.subscribe(TOPIC)
            results[name] = resident_mib(peer.process.pid)
    return results
