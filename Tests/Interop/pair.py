"""The two foreign peers against each other: shows that the harness is sound, apart from descord."""

import os

from peer import check, windowed

TOPIC = "space/0123456789abcdef"


def both_ways(go, python, count):
    """Sends `count` messages each way, none of them lost.

    go-libp2p loses what it publishes before a subscriber is in its mesh, and cannot be asked who is. It has
    heard of the mesh when it hears messages, so that py-libp2p, which can be asked, begins.
    """
    python.wait_reachable(TOPIC, go.peer_id)
    for sender, receiver in ((python, go), (go, python)):
        payloads = [f"{sender.name} {number} ".encode() + os.urandom(16) for number in range(count)]
        windowed(payloads, lambda data: sender.publish(TOPIC, data), lambda: receiver.next(TOPIC).data)


def run(go, python, count):
    """Handshakes by either side, ping, identify, gossip both ways, the same after a reconnect."""
    for peer in (go, python):
        peer.subscribe(TOPIC)
    for dialler, listener in ((go, python), (python, go)):
        dialler.connect(listener.address)
        listener.wait_connected(dialler.peer_id)
        go.ping(python.peer_id)
        python.ping(go.peer_id)
        check("/meshsub/1.2.0" in go.identify(python.peer_id)["protocols"], "py-libp2p offers meshsub 1.2")
        check("/meshsub/1.1.0" in python.identify(go.peer_id)["protocols"], "p2pd offers meshsub 1.1")
        for one, other in ((go, python), (python, go)):
            one.wait_subscribed(TOPIC, other.peer_id)
        both_ways(go, python, count)
        dialler.disconnect(listener.peer_id)
        for one, other in ((go, python), (python, go)):
            one.wait_gone(other.peer_id)
            one.wait_forgotten(TOPIC, other.peer_id)
