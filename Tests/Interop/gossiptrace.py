"""Reads the NDJSON that a node writes to `DESCORD_TRACE`: go-libp2p-pubsub's event names, one object a line.

    {"type": "SEND_RPC", "time": "2026-01-02T03:04:05.678Z", "peer": "12D3…", "topic": null,
     "counts": {"subscriptions": 0, "messages": 1, "ihave": 0, "iwant": 0, "graft": 0, "prune": 0,
                "idontwant": 0}}
"""

import datetime
import json
import os

BACKOFF_SECONDS = 60  # after a PRUNE in the middle of a run
GOOD_REASONS = ("left", "requested", "unsubscribed", "disconnected")  # for a PRUNE
# What is nobody's fault: our own message of an earlier run, from a peer that still held it, and an operation
# that came by synchronisation first.
NO_FAULT = ("self originated message", "validation ignored")
BACKOFF_SECONDS_MIN = 10  # gossipsub's shortest backoff: the one after an unsubscription


def read(path):
    """Returns the events of a trace in order; a last line that is still being written is left out."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


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
                self.in_mesh.add((event["peer"], event["topic"]))
            elif event["type"] == "PRUNE":
                self.in_mesh.discard((event["peer"], event["topic"]))
        self.offset += len(whole) + 1 if whole else 0
        return self.events

    def meshes(self, peer, topic):
        self.read()
        return (peer, topic) in self.in_mesh


def total(events, kind, what, peer=None):
    """Returns how many of `what` ("iwant", "graft", …) the RPCs of one direction carried."""
    return sum(
        event["counts"][what] for event in events
        if event["type"] == kind and peer in (None, event["peer"]))


def complaints(events, leaves):
    """Returns what two sides that behave never have to do to each other, one line each.

    `leaves` has the peers that left the topic while we were there, as often as they did: each may have told
    us so by a PRUNE. A PRUNE of ours stands in no `PRUNE` event when it refused a GRAFT.
    """
    lines = []
    for event in events:
        if event["type"] == "PRUNE" and event["reason"] not in GOOD_REASONS:
            lines.append(f"{event['peer']} was pruned: {event['reason']}")
        if event["type"] == "REJECT_MESSAGE" and event["reason"] not in NO_FAULT:
            lines.append(f"a message of {event['peer']} was rejected: {event['reason']}")
        if event["type"] == "DROP_RPC":
            lines.append(f"an RPC to {event['peer']} was dropped: {event['counts']}")
    for peer in sorted({event["peer"] for event in events if event.get("peer")}):
        left = sum(1 for event in events
                   if event["type"] == "PRUNE" and event["peer"] == peer and event["reason"] == "left")
        refused = total(events, "SEND_RPC", "prune", peer) - left
        if refused:
            lines.append(f"{refused} GRAFTs of {peer} were refused")
        told = total(events, "RECV_RPC", "prune", peer)
        if told > leaves.count(peer):
            lines.append(f"{peer} pruned us {told} times, and left {leaves.count(peer)} times")
    return lines


def moment(event):
    """Returns the event's time in seconds since 1970."""
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def grafts_into_backoff(events):
    """Returns the sent GRAFTs that follow a PRUNE, of either side, sooner than any backoff ends.

    A `PRUNE` event alone makes no backoff: a peer that disconnects or unsubscribes leaves the mesh too.
    """
    pruned, violations = {}, []
    for event in events:
        peer = event.get("peer")
        if event["type"] in ("SEND_RPC", "RECV_RPC"):
            if event["type"] == "SEND_RPC" and event["counts"]["graft"]:
                if peer in pruned and moment(event) - pruned[peer] < BACKOFF_SECONDS_MIN:
                    violations.append(event)
            if event["counts"]["prune"]:
                pruned[peer] = moment(event)
    return violations
