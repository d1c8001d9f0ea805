"""Reads the NDJSON that a node writes to `DESCORD_TRACE`: go-libp2p-pubsub's event names, one object a line.

    {"type": "SEND_RPC", "time": "2026-01-02T03:04:05.678Z", "peer": "12D3…", "topic": null,
     "counts": {"subscriptions": 0, "messages": 1, "ihave": 0, "iwant": 0, "graft": 0, "prune": 0,
                "idontwant": 0}}
"""

import datetime
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


def total(events, kind, what, peer=None):
    """Returns how many of `what` ("iwant", "graft", …) the RPCs of one direction carried."""
    return sum(
        event["counts"][what] for event in events
        if event["type"] == kind and peer in (None, event["peer"]))


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
