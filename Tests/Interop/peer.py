"""What every foreign peer of these tests can do, whatever it is written in."""

import dataclasses
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Support"))
from descord import Failure, Home, Inbox, check  # noqa: E402,F401 (found through the path above)

DEADLINE_SECONDS = 60  # of any single wait: only ever reached by a failure
WINDOW = 24  # messages sent and not yet acknowledged: below the queues of 32 that both peers come with
ASK_AGAIN_SECONDS = 0.01  # between two questions to a program that cannot tell by itself


def until(question, what, seconds=DEADLINE_SECONDS):
    """Asks until the answer is true, and returns it; for states that their owner announces to nobody."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        check(time.monotonic() < end, f"not within {seconds} s: {what}")
        pause.wait(ASK_AGAIN_SECONDS)


@dataclasses.dataclass(frozen=True)
class Message:
    """A gossip message as the peer handed it on."""

    sender: bytes
    data: bytes
    seqno: bytes
    topic: str
    signature: bytes
    key: bytes


def windowed(payloads, send, receive, window=WINDOW):
    """Sends every payload, with at most `window` sent and not yet received.

    Each must arrive once, in any order.
    """
    outstanding = set()
    check(len(set(payloads)) == len(payloads), "payloads that cannot be told apart")

    def settle():
        try:
            data = receive()
        except Failure as failure:
            raise Failure(f"{failure}; {len(outstanding)} of {len(payloads)} are on their way, such as "
                          f"{min(outstanding)[:40]!r}") from None
        check(data in outstanding, f"{data[:40]!r} arrived and was not sent, or twice")
        outstanding.discard(data)

    for data in payloads:
        if len(outstanding) >= window:
            settle()
        outstanding.add(data)
        send(data)
    while outstanding:
        settle()


class Peer:
    """One foreign peer, with its own counts of what it sent and received.

    Subclasses give: start, stop, connect, disconnect, peers, subscribe, unsubscribe, publish, topic_peers,
    offences, ping, identify.
    Peer ids are base58 text; addresses are multiaddrs with `/p2p/` at their end.
    """

    name = "peer"
    own_rpc_bytes = 0  # what it adds to an RPC of its own that the same message from us would not have

    def __init__(self):
        self.sent = self.received = 0
        self.inboxes = {}
        self.peer_id = self.address = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def arrived(self, message):
        """Called by the subclass for every message of a topic that the peer itself did not publish."""
        self.received += 1
        self.inboxes[message.topic].put(message)

    def next(self, topic, what="a message"):
        """Waits for the next message of `topic`."""
        return self.inboxes[topic].take(f"{what} at {self.name}")

    def wait_connected(self, peer_id):
        until(lambda: peer_id in self.peers(), f"{self.name} is connected to {peer_id}")

    def wait_gone(self, peer_id):
        until(lambda: peer_id not in self.peers(), f"{self.name} is rid of {peer_id}")

    def wait_subscribed(self, topic, peer_id):
        until(lambda: peer_id in self.topic_peers(topic), f"{self.name} sees {peer_id} in {topic}")

    def keep_mesh_empty(self, topic):
        """Has the peer send no GRAFT, if it can be told so; returns whether it was."""
        return False

    def fill_mesh(self):
        """Takes `keep_mesh_empty` back."""

    def wait_reachable(self, topic, peer_id):
        """Waits until what the peer publishes gets to a subscriber of whom it knows."""

    def wait_calm(self, topic):
        """Waits until the peer has nothing that a newcomer would be told at once, if that is what it does."""

    def wait_forgotten(self, topic, peer_id):
        """Waits until gossip too has noticed a lost connection.

        Foreign peers that are reconnected sooner confuse each other for good.
        """
        until(lambda: peer_id not in self.topic_peers(topic), f"{self.name} forgot {peer_id} in {topic}")
