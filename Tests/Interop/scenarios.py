"""What descord and one foreign peer must do together, in the order in which a session would.

Two homes belong to one public space, and the foreign peer is the only link between them while it is tested:
Bob writes with nobody but the peer on the line, the peer keeps the bytes, and hands them to Alice when Bob
has left.
"""

import pathlib

import gossiptrace
import wire
from descord import Home
from peer import DEADLINE_SECONDS, check, until, windowed

CHANNEL = "general"
MESSAGES = 250  # sent each way with a window of unacknowledged ones; `longrun` sends more
GOSSIP_ONLY = 20  # sent each way without a mesh
RECONNECTS = 2  # one by the peer, one by a new process of ours
ONE_SHOTS = 50
RPC_BYTES_MAX = 1_048_576
# A peer that rounds our backoffs down to whole seconds has tried too early before, and keeps away for a
# minute.
GRAFT_SECONDS = gossiptrace.BACKOFF_SECONDS + DEADLINE_SECONDS
NO_MESH = ("d=0,d_low=0,d_high=0,d_score=0,d_out=0,"
           "small_mesh_publish=false,holds_unsent_publications=false")
MESHSUB = ["/meshsub/1.0.0", "/meshsub/1.1.0", "/meshsub/1.2.0", "/meshsub/1.3.0"]
PROBE_BYTES = 1_000_000  # a text whose RPC tells what the largest one's text may be


class World:
    """Two homes in one public space, and the peer."""

    def __init__(self, binary, folder, peer):
        self.peer, self.folder = peer, pathlib.Path(folder)
        self.alice, self.bob = (Home(binary, self.folder / name) for name in ("alice", "bob"))
        self.recorded = []  # (text, operation bytes) of Bob's messages, in the order of his chain
        self.traces = []
        for home in (self.alice, self.bob):
            home.run("keygen")
            home.peer_id = home.run("id", "--json").object["peer_id"]
        created = self.alice.run("space", "create", "field", "--public", "--json").object
        self.space, self.topic = created["space"], created["topic"]
        check(self.topic == wire.topic_of(self.space), f"the topic of {self.space} is not {self.topic}")
        self.alice.run("channel", "create", CHANNEL)
        with self.alice.start("listen", "--json") as listener:
            self.bob.run("space", "join", self.space, "--connect", listener.address())
            listener.stop()
        peer.subscribe(self.topic)

    def trace(self, name):
        """Returns a new trace file; every one is searched for forbidden GRAFTs at the end."""
        path = self.folder / f"{len(self.traces)}-{name}.ndjson"
        self.traces.append(path)
        return str(path)

    def on_air(self, home, *arguments, command=("listen", "--json"), stdin=False, **environment):
        """Starts a node that knows nobody but the peer, unless `arguments` say more."""
        environment.setdefault("DESCORD_TRACE", self.trace(home.name))
        return home.start(*command, *arguments, stdin=stdin, **environment)

    def meet(self, home):
        """Waits until home and peer know of each other that they are in the topic."""
        self.peer.wait_subscribed(self.topic, home.peer_id)

        until(lambda: self.sees(home), f"{home.name} sees {self.peer.name} in the topic")

    def sees(self, home):
        """Whether a home's node counts the peer as a subscriber."""
        return any(
            row["peer"] == self.peer.peer_id and row["connected"]
            and any(topic["topic"] == self.topic and topic["subscribed"] for topic in row["topics"])
            for row in home.run("peers", "--json").objects)

    def part(self, home, running):
        """Ends a node and waits until the peer has noticed in every layer."""
        code = running.stop()
        check(code == 143, f"`{running.what}` exited {code} on SIGTERM, not 143")
        self.peer.wait_gone(home.peer_id)
        self.peer.wait_forgotten(self.topic, home.peer_id)

    def record(self, text):
        """Waits for the next message of Bob at the peer, and keeps it when it is the one that is due."""
        message = self.peer.next(self.topic)
        check(text.encode() in message.data, f"{len(message.data)} bytes came without the text that is due")
        self.recorded.append((text, message.data))
        return message

    def replay(self, count):
        """Takes Bob's next `count` recorded messages: {text: bytes}, in order."""
        taken, self.recorded = self.recorded[:count], self.recorded[count:]
        check(len(taken) == count, f"only {len(taken)} recorded messages are left of {count}")
        return dict(taken)

    def feed(self, listener, count):
        """Publishes recorded messages at the peer; the listener must print each of them once."""
        payloads = self.replay(count)
        self.peer.wait_reachable(self.topic, self.alice.peer_id)
        windowed(list(payloads), lambda text: self.peer.publish(self.topic, payloads[text]),
                 lambda: self.foreign_text(listener))

    def foreign_text(self, listener):
        """Waits for the next message that Alice did not write."""
        while True:
            line = listener.next("a message of Bob's")
            if line["event"] == "posted" and line["author"] == self.bob.peer_id:
                return line["text"]

    def say(self, home, text):
        """Posts through the node that is on the air, and waits for the message at the peer."""
        home.run("post", "-c", CHANNEL, "--wait", "0", text)
        message = self.peer.next(self.topic)
        check(text.encode() in message.data, f"{self.peer.name} received something else than `{text}`")


def greet(world, home, direction):
    """Ping and identify from the peer's side, and what we know of the peer from ours."""
    peer = world.peer
    peer.ping(home.peer_id)
    seen = peer.identify(home.peer_id)
    check(seen["agent"].startswith("descord/"), f"agent `{seen['agent']}`")
    check(set(MESHSUB) <= set(seen["protocols"]), f"identify names {seen['protocols']}")
    check({"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"} <= set(seen["protocols"]), "identify lacks id or ping")
    check(wire.unbase58(home.peer_id) == b"\x00\x24" + bytes.fromhex(seen["key"]), "identify has another key")

    def known():
        rows = home.run("peers", "--json").objects
        return [row for row in rows if row["peer"] == peer.peer_id and row["connected"]
                and row["agent"] and row["rtt_ms"] is not None]

    row = until(known, f"agent and round trip of {peer.name}")[0]
    check(row["direction"] == direction, f"direction {row['direction']}, not {direction}")
    check(row["agent"] in ("p2pd/0.1", "py-libp2p/0.8.1"), f"agent {row['agent']}")


def handshake_descord_dials(world):
    with world.on_air(world.bob, "--connect", world.peer.address) as node:
        world.peer.wait_connected(world.bob.peer_id)
        greet(world, world.bob, "outbound")
        world.part(world.bob, node)


def handshake_peer_dials(world):
    with world.on_air(world.bob) as node:
        world.peer.connect(node.address())
        world.peer.wait_connected(world.bob.peer_id)
        greet(world, world.bob, "inbound")
        world.part(world.bob, node)


def messages_from_descord(world):
    """Messages of which at most 24 are not yet at the peer, none lost."""
    with world.on_air(
            world.bob, "--connect", world.peer.address, command=("repl",), stdin=True) as repl:
        world.meet(world.bob)
        spare = RECONNECTS + 1
        texts = [f"bob {number} of {MESSAGES}" for number in range(MESSAGES + spare)]

        def received():
            data = world.peer.next(world.topic).data
            text = data[data.index(b"bob "):].split(b" of ")[0].decode() + f" of {MESSAGES}"
            arrived[text] = data
            return text

        arrived = {}
        windowed(texts, lambda text: repl.type(f"post --wait 0 -c {CHANNEL} {text}"), received)
        world.recorded += [(text, arrived[text]) for text in texts]
        repl.process.stdin.close()
        repl.stop(how=None)
        world.peer.wait_gone(world.bob.peer_id)
        world.peer.wait_forgotten(world.topic, world.bob.peer_id)


def gossip_from_descord(world):
    """Without a mesh on our side the peer learns of our messages by IHAVE and asks for them by IWANT."""
    trace = world.trace("bob-no-mesh")
    is_empty = world.peer.keep_mesh_empty(world.topic)
    with world.on_air(world.bob, DESCORD_GOSSIPSUB=NO_MESH, DESCORD_TRACE=trace) as node:
        world.peer.connect(node.address())
        world.meet(world.bob)
        if not is_empty:
            refused(world, trace)
        for number in range(GOSSIP_ONLY):
            text = f"bob without a mesh {number}."
            world.bob.run("post", "--wait", "0", "-c", CHANNEL, text)
            world.record(text)
        events = gossiptrace.read(trace)
        check(gossiptrace.total(events, "SEND_RPC", "ihave") > 0, "no IHAVE was sent")
        check(gossiptrace.total(events, "RECV_RPC", "iwant") > 0, "no IWANT was received")
        check(gossiptrace.total(events, "SEND_RPC", "graft") == 0, "a GRAFT was sent with D = 0")
        world.part(world.bob, node)
    world.peer.fill_mesh()


def refused(world, trace):
    """Waits until the peer's GRAFT was answered with a PRUNE, so that its mesh stays empty from here on."""
    until(lambda: gossiptrace.total(gossiptrace.read(trace), "SEND_RPC", "prune", world.peer.peer_id) > 0,
          f"the GRAFT of {world.peer.name} is refused", GRAFT_SECONDS)


def largest_from_descord(world):
    """The RPC of the largest message has exactly 1,048,576 bytes; one byte more is refused and not stored."""
    peer, bob = world.peer, world.bob
    with world.on_air(bob, "--connect", peer.address) as node:
        world.meet(bob)

        def post(size, mark, code=0):
            text = mark + "x" * (size - len(mark))
            bob.run("post", "--wait", "0", "-c", CHANNEL, "-", stdin=text, code=code)
            return text

        probe = world.record(post(PROBE_BYTES, "probe "))
        largest = PROBE_BYTES + RPC_BYTES_MAX - wire.rpc_size(probe)
        if peer.own_rpc_bytes:  # the peer's own RPC with the same content is larger
            world.record(post(largest - peer.own_rpc_bytes, "largest of the peer "))
        message = world.record(post(largest, "largest "))
        check(wire.rpc_size(message) == RPC_BYTES_MAX, f"the RPC has {wire.rpc_size(message)} bytes")
        before = len(bob.run("log", "--json", "-n", "5").out)
        post(largest + 1, "too large ", code=65)
        check(len(bob.run("log", "--json", "-n", "5").out) == before, "what was refused was stored")
        if peer.own_rpc_bytes:
            world.recorded.pop()  # beyond what this peer can send itself
        world.part(bob, node)


def messages_to_descord(world):
    """Messages from the peer of which at most 24 are not yet printed, none lost."""
    with world.on_air(world.alice, "--connect", world.peer.address) as listener:
        world.meet(world.alice)
        world.feed(listener, MESSAGES)
        world.part(world.alice, listener)


def reconnect(world):
    """Messages pass both ways again after the peer hung up, and after a new process of ours dialled."""
    peer, alice = world.peer, world.alice
    with world.on_air(alice, "--connect", peer.address) as listener:
        world.meet(alice)
        world.feed(listener, 1)
        world.say(alice, "before the line was cut")
        peer.disconnect(alice.peer_id)
        address = listener.address()
        peer.wait_forgotten(world.topic, alice.peer_id)
        peer.connect(address)
        world.meet(alice)
        world.feed(listener, 1)
        world.say(alice, "after the line was cut")
        world.part(alice, listener)
    with world.on_air(alice, "--connect", peer.address) as listener:
        world.meet(alice)
        world.feed(listener, 1)
        world.say(alice, "from a new process")
        world.part(alice, listener)


def gossip_to_descord(world):
    """Without a mesh on our side messages reach us only by the peer's IHAVE and our IWANT."""
    trace = world.trace("alice-no-mesh")
    is_empty = world.peer.keep_mesh_empty(world.topic)
    with world.on_air(world.alice, DESCORD_GOSSIPSUB=NO_MESH, DESCORD_TRACE=trace) as listener:
        world.peer.connect(listener.address())
        world.meet(world.alice)
        if not is_empty:
            refused(world, trace)
        world.feed(listener, GOSSIP_ONLY)
        events = gossiptrace.read(trace)
        check(gossiptrace.total(events, "RECV_RPC", "ihave") > 0, "no IHAVE was received")
        check(gossiptrace.total(events, "SEND_RPC", "iwant") > 0, "no IWANT was sent")
        check(gossiptrace.total(events, "SEND_RPC", "graft") == 0, "a GRAFT was sent with D = 0")
        world.part(world.alice, listener)
    world.peer.fill_mesh()


def largest_to_descord(world):
    """The peer's RPC of exactly 1,048,576 bytes is read."""
    with world.on_air(world.alice, "--connect", world.peer.address) as listener:
        world.meet(world.alice)
        world.feed(listener, 2)
        check(not world.recorded, "recorded messages are left over")
        world.part(world.alice, listener)


def one_shots(world):
    """Fifty processes in a row that post and leave: all arrive, no GRAFT is sent, none into a backoff."""
    peer, alice, bob = world.peer, world.alice, world.bob
    with world.on_air(alice, "--connect", peer.address) as listener:
        world.meet(alice)
        bob.run("sync", "--connect", listener.address())  # what only one of them held so far
        traces = []
        for number in range(ONE_SHOTS):
            traces.append(world.trace("bob-one-shot"))
            text = f"one shot {number}."
            posted = bob.run("post", "--json", "-c", CHANNEL, text, "--connect", peer.address,
                             DESCORD_TRACE=traces[-1]).object
            check(posted["status"] == "stored" and posted["stored_by"] >= 1, f"status {posted['status']}")
            data = peer.next(world.topic, f"`{text}`").data
            check(text.encode() in data, f"{peer.name} received something else than `{text}`")
        events = [event for trace in traces for event in gossiptrace.read(trace)]
        sent = gossiptrace.total(events, "SEND_RPC", "graft")
        check(sent == 0, f"one-shot posts sent {sent} GRAFTs")
        published = gossiptrace.total(events, "SEND_RPC", "messages")
        check(published >= ONE_SHOTS, f"one-shot posts sent {published} messages by gossip")
        world.part(alice, listener)


def no_graft_into_backoff(world):
    """Over all that happened above, runs of one home in their order."""
    for home in ("alice", "bob"):
        events = [event for path in world.traces if home in path.name for event in gossiptrace.read(path)]
        check(events, f"no trace of {home}")
        violations = gossiptrace.grafts_into_backoff(events)
        check(not violations, f"{home} sent a GRAFT into a backoff: {violations[:1]}")


def no_offence(world):
    """The peer has nothing to say against us in all that happened above."""
    offences = world.peer.offences()
    check(not offences, f"{world.peer.name} complains {len(offences)} times, first: {offences[:1]}")


ALL = [
    handshake_descord_dials, handshake_peer_dials, messages_from_descord, gossip_from_descord,
    largest_from_descord, messages_to_descord, reconnect, gossip_to_descord, largest_to_descord, one_shots,
    no_graft_into_backoff, no_offence,
]
