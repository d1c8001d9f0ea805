"""Reads the NDJSON that a node writes to `DESCORD_TRACE`, in the shape of go-libp2p-pubsub's JSON tracer.

    {"type": "SEND_RPC", "peerID": "12D3…", "timestamp": 1767323045678000000, "sendRPC": {"sendTo": "12D3…",
     "meta": {"messages": 1, "subscription": 0,
              "control": {"ihave": 0, "iwant": 0, "graft": 0, "prune": 0, "idontwant": 0}}}}
"""

import json
import os

BACKOFF_SECONDS = 60  # after a PRUNE in the middle of a run
BACKOFF_SECONDS_MIN = 10  # gossipsub's shortest backoff: the one after an unsubscription


def read(path):
    """Returns the events of a trace in order; a last line that is still being written is left out."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def rpc(event):
    """Returns the other peer of an RPC's event and the counts of what it held; None for other events."""
    for name, peer in (("sendRPC", "sendTo"), ("recvRPC", "receivedFrom")):
        if name in event:
            meta = event[name]["meta"]
            return event[name][peer], meta["control"] | {"messages": meta["messages"]}
    return None


def total(events, kind, what, peer=None):
    """Returns how many of `what` ("iwant", "graft", …) the RPCs of one direction carried."""
    found = (rpc(event) for event in events if event["type"] == kind)
    return sum(counts[what] for other, counts in found if peer in (None, other))


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
        peer, counts = rpc(event)
        if event["type"] == "SEND_RPC" and counts["graft"]:
            if peer in pruned and moment(event) - pruned[peer] < BACKOFF_SECONDS_MIN:
                violations.append(event)
        if counts["prune"]:
            pruned[peer] = moment(event)
    return violations
