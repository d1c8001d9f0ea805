"""Reads the NDJSON that a node writes to `DESCORD_TRACE`, in the shape of go-libp2p-pubsub's JSON tracer.

    {"type": "SEND_RPC", "peerID": "12D3…", "timestamp": 1767323045678000000, "sendRPC": {"sendTo": "12D3…",
     "meta": {"messages": 1, "subscription": 0,
              "control": {"ihave": 0, "iwant": 0, "graft": 0, "prune": 0, "idontwant": 0}}}}
"""

import json
import os

BACKOFF_SECONDS = 60  # after a PRUNE in the middle of a run
BACKOFF_SECONDS_MIN = 10  # gossipsub's shortest backoff: the one after an unsubscription
GOOD_REASONS = ("left", "requested", "unsubscribed", "disconnected")  # for a PRUNE
# What is nobody's fault: our own message of an earlier run, from a peer that still held it, and an operation
# that came by synchronisation first.
NO_FAULT = ("self originated message", "validation ignored")
# Under which name an event has its own object, and in which field of it the other peer.
FIELDS = {
    "GRAFT": ("graft", "peerID"), "PRUNE": ("prune", "peerID"), "SEND_RPC": ("sendRPC", "sendTo"),
    "RECV_RPC": ("recvRPC", "receivedFrom"), "DROP_RPC": ("dropRPC", "sendTo"),
    "REJECT_MESSAGE": ("rejectMessage", "receivedFrom"),
}


def read(path):
    """Returns the events of a trace in order; a last line that is still being written is left out."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def own(event):
    """Returns the object that an event has of its own."""
    return event[FIELDS[event["type"]][0]]


def other(event):
    """Returns the other peer of an event; None for events without one."""
    name, peer = FIELDS.get(event["type"], (None, None))
    return event[name][peer] if name else None


def counts(event):
    """Returns what the RPC of an event held."""
    meta = own(event)["meta"]
    return meta["control"] | {"messages": meta["messages"]}


class Follower:
    """A trace that is read as it grows."""

    def __init__(self, path):
        self.path, self.offset, self.events = path, 0, []
        self.in_mesh = set()  # (peer, topic)

    def read(self):
        """Takes in what was written since the last time, and returns all events."""
        if not os.path.exists(self.path):
            return self.events
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            whole, _, _ = file.read().rpartition(b"\n")
        for line in whole.splitlines():
            event = json.loads(line)
            self.events.append(event)
            if event["type"] == "GRAFT":
                self.in_mesh.add((other(event), own(event)["topic"]))
            elif event["type"] == "PRUNE":
                self.in_mesh.discard((other(event), own(event)["topic"]))
        self.offset += len(whole) + 1 if whole else 0
        return self.events

    def meshes(self, peer, topic):
        self.read()
        return (peer, topic) in self.in_mesh


def total(events, kind, what, peer=None):
    """Returns how many of `what` ("iwant", "graft", …) the RPCs of one direction carried."""
    return sum(
        counts(event)[what] for event in events
        if event["type"] == kind and peer in (None, other(event)))


def complaints(events, leaves):
    """Returns what two sides that behave never have to do to each other, one line each.

    `leaves` has the peers that left the topic while we were there, as often as they did: each may have told
    us so by a PRUNE. A PRUNE of ours stands in no `PRUNE` event when it refused a GRAFT.
    """
    lines = []
    for event in events:
        if event["type"] == "PRUNE" and own(event)["reason"] not in GOOD_REASONS:
            lines.append(f"{other(event)} was pruned: {own(event)['reason']}")
        if event["type"] == "REJECT_MESSAGE" and own(event)["reason"] not in NO_FAULT:
            lines.append(f"a message of {other(event)} was rejected: {own(event)['reason']}")
        if event["type"] == "DROP_RPC":
            lines.append(f"an RPC to {other(event)} was dropped: {counts(event)}")
    for peer in sorted({other(event) for event in events if other(event)}):
        left = sum(1 for event in events
                   if event["type"] == "PRUNE" and other(event) == peer and own(event)["reason"] == "left")
        refused = total(events, "SEND_RPC", "prune", peer) - left
        if refused:
            lines.append(f"{refused} GRAFTs of {peer} were refused")
        told = total(events, "RECV_RPC", "prune", peer)
        if told > leaves.count(peer):
            lines.append(f"{peer} pruned us {told} times, and left {leaves.count(peer)} times")
    return lines


def moment(event):
    """Returns the event's time in seconds since 1970."""
    return event["timestamp"] / 1e9


def grafts_into_backoff(events):
    """Returns the sent GRAFTs that follow a PRUNE, of either side, sooner than any backoff ends.

    A `PRUNE` event alone makes no backoff: a peer that disconnects or unsubscribes leaves the mesh too.
    """
    pruned, violations = {}, []
    for event in events:
        if event["type"] not in ("SEND_RPC", "RECV_RPC"):
            continue
        peer = other(event)
        if event["type"] == "SEND_RPC" and counts(event)["graft"]:
            if peer in pruned and moment(event) - pruned[peer] < BACKOFF_SECONDS_MIN:
                violations.append(event)
        if counts(event)["prune"]:
            pruned[peer] = moment(event)
    return violations
