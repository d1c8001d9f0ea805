"""What a node counts, traces and says of its meshes."""

import json
import os
import stat

from place import check, scenario, until


@scenario
def metrics_of_two_runs_add_up(place):
    """What passed is in the database when the nodes have left, on both sides, and grows with the next run."""
    alice, bob = place.pair()
    for run in (1, 2):
        with alice.start("listen", "--json") as listener:
            listener.address()
            for number in range(3):
                bob.run("post", f"message {run}.{number}")
                listener.next()
            listener.stop()
        found = alice.run("metrics", "--json").object
        topic = alice.run("space", "info", "--json").object["topic"]
        check(found["topic"] == topic and found["space_name"] == "ops", f"another topic: {found}")
        arrived = found["messages_received"] + found["messages_missed"]
        check(arrived >= 3 * run, f"{arrived} of {3 * run} messages are known: {found}")
        check(found["propagation"]["count"] == sum(found["propagation"]["buckets_ms"].values()), f"{found}")
        check(found["mesh_low"] == 4 and found["mesh_high"] == 12, f"other bounds: {found}")
        sent = bob.run("metrics", "--json").object
        check(sent["messages_published"] >= 3 * run, f"Bob published {sent['messages_published']}")
    page = alice.run("metrics", "--prometheus").out
    line = f'descord_messages_received_total{{topic="{topic}"}} {found["messages_received"]}\n'
    check(line in page, f"{line!r} is not in the page")


@scenario
def metrics_are_recorded_while_a_node_stays(place):
    """Nobody has to end a listener to learn what it counted."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("post", "hello")
        listener.next()

        def recorded():
            found = alice.run("metrics", "--json").objects
            return found and found[0]["messages_received"] + found[0]["messages_missed"] > 0

        until(recorded, "the counters of a node that stays")


@scenario
def trace_has_the_shape_of_go_libp2p_pubsub(place):
    """--trace tells of grafts with their reasons, of messages and RPCs, one whole object a line."""
    alice, bob = place.pair()
    traces = {name: place.folder / f"{name}.ndjson" for name in ("alice", "bob")}
    with alice.start("listen", "--json", "--trace", str(traces["alice"])) as first:
        first.address()
        with bob.start("listen", "--json", "--trace", str(traces["bob"])) as second:
            second.address()
            until(lambda: all(grafts(path) for path in traces.values()), "a mesh of two")
            # Another process publishes through Bob's node, and cannot trace it.
            path = place.folder / "none.ndjson"
            posted = bob.run("post", "hello", "--trace", str(path))
            check("another process runs the node" in posted.err, f"said {posted.err}")
            check(not path.exists(), "an empty trace was made")
            first.next()
            second.stop()
        until(lambda: "PRUNE" in types(traces["alice"]), "Bob's leave")
        first.stop()
    check(stat.S_IMODE(os.stat(traces["alice"]).st_mode) == 0o600, "others may read the trace")
    events = read(traces["alice"])
    expected = {"JOIN", "ADD_PEER", "SEND_RPC", "RECV_RPC", "GRAFT", "PRUNE"}
    check(expected <= types(traces["alice"]), f"of {expected} some are missing")
    for event in events:
        check(event["peerID"] == alice.peer and event["timestamp"] > 1e18, f"by whom and when: {event}")
    graft = grafts(traces["alice"])[0]
    check(graft["peerID"] == bob.peer, f"grafted {graft}")
    check(graft["reason"] in ("requested", "subscribed", "below_low", "joined"), f"grafted because {graft}")
    prune = next(event["prune"] for event in events if event["type"] == "PRUNE")
    check(prune["reason"] in ("requested", "unsubscribed", "disconnected"), f"pruned because {prune}")
    refused = alice.run("sync", "--trace", str(place.folder / "no" / "such"), code=74)
    check("cannot write the trace" in refused.err, f"said {refused.err}")


@scenario
def peers_say_why_they_are_in_a_mesh_or_not(place):
    """In the mesh, and once gone: not connected, with the backoff that is left."""
    alice, bob = place.pair()

    def standing():
        (other,) = [one for one in alice.run("peers", "--json").objects if one["peer"] == bob.peer]
        return other["topics"][0]

    with alice.start("listen", "--json") as first:
        first.address()
        with bob.start("listen", "--json") as second:
            second.address()
            topic = until(lambda: standing()["in_mesh"] and standing(), "a mesh of two")
            check(topic["why"] == "in_mesh" and topic["mesh_peers"] == 1, f"stands {topic}")
            check(topic["mesh_low"] == 4 and topic["mesh_high"] == 12, f"stands {topic}")
            parts = topic["score_parts"]
            check(abs(parts["topics"] + parts["p5"] + parts["p6"] + parts["p7"] - topic["score"]) < 1e-9,
                  f"the parts make another score: {topic}")
            check("in the mesh (1 of 4 to 12)" in alice.run("peers").out, "the text says something else")
            second.stop()
        topic = until(lambda: not standing()["in_mesh"] and standing(), "Bob's leave")
        check(topic["why"] == "not_connected" and topic["score_parts"] is None, f"stands {topic}")
        first.stop()
    with bob.start("listen", "--json") as second:
        second.address()
        topic = standing()
        # The backoff of Bob's leave lasts for ten seconds; after them nobody is asked for a place.
        check(topic["why"] == ("backoff" if topic["backoff_s"] else "one_shot"), f"stands {topic}")


@scenario
def presence_is_shown_by_those_who_stay_and_is_no_message(place):
    """With the snapshot network's profile both topics have heartbeats, and no log has anything of them."""
    alice, bob = place.pair()
    profile = place.folder / "profile.json"
    profile.write_text(json.dumps({"profile": "snapshot", "presence": {"interval_ms": 1000}}))

    def heartbeats(home):
        found = {one["topic"]: one for one in home.run("metrics", "--json").objects}
        topics = [found.get(f"/powerloom/snapshot-submissions/{name}") for name in ("0", "all")]
        return all(one and one["presence_sent"] and one["presence_received"] for one in topics) and topics

    with alice.start("listen", "--json", "--profile", str(profile)) as first:
        first.address()
        with bob.start("listen", "--json", "--profile", str(profile)) as second:
            second.address()
            for home in (alice, bob):
                for topic in until(lambda home=home: heartbeats(home), "heartbeats on both topics"):
                    counts = [topic[name] for name in ("messages_published", "messages_received")]
                    check(counts == [0, 0] and topic["messages_rejected"] == 0, f"counted {topic}")
            bob.run("post", "a message")
            check(first.next()["text"] == "a message", "Alice printed something else")
            check(len(alice.log()) == 1, "a heartbeat is in the log")
            second.stop()
        first.stop()


def read(path):
    """Returns the events of a trace; a last line that is being written is left out."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(True) if line.endswith("\n")]


def grafts(path):
    """Returns what is told of the grafts in spaces."""
    found = [event["graft"] for event in read(path) if event["type"] == "GRAFT"]
    return [graft for graft in found if graft["topic"].startswith("space/")]


def types(path):
    return {event["type"] for event in read(path)}
