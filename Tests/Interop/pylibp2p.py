"""py-libp2p as a peer: starts `py_peer.py` and speaks its JSON lines."""

import base64
import itertools
import json
import os
import subprocess
import sys
import threading

import wire
from p2pd import identity_of
from peer import DEADLINE_SECONDS, Failure, Inbox, Message, Peer, check, until


class PyLibP2P(Peer):
    """A py-libp2p node with gossipsub, in a process of its own that listens on loopback alone."""

    name = "py-libp2p"
    KEY_BYTES = 36  # of its public key, which it puts into every message

    def __init__(self):
        super().__init__()
        self.process, self.numbers = None, itertools.count(1)
        self.answers, self.changed = {}, threading.Condition()
        self.ended = self.is_mesh_empty = False

    def start(self):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "py_peer.py")
        self.process = subprocess.Popen(
            [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        first = self.process.stdout.readline()
        check(first, f"py-libp2p ended with status {self.process.poll()} before it was ready")
        ready = json.loads(first)["ready"]
        self.peer_id, self.address = ready["peer_id"], ready["address"]
        threading.Thread(target=self.read, daemon=True).start()
        record = self.ask("sender_record")
        self.own_rpc_bytes = len(wire.field(6, bytes(self.KEY_BYTES))) + len(wire.field(4, bytes(record)))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.stdin.close()  # it leaves when nobody can ask any more
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "message" in said:
                values = said["message"]
                raw = {name: base64.b64decode(values[name])
                       for name in ("from", "data", "seqno", "signature", "key")}
                self.arrived(Message(raw["from"], raw["data"], raw["seqno"], values["topic"],
                                     raw["signature"], raw["key"]))
            else:
                with self.changed:
                    self.answers[said["id"]] = said
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        for inbox in list(self.inboxes.values()):
            inbox.end("py-libp2p ended")

    def ask(self, command, **arguments):
        number = next(self.numbers)
        with self.changed:
            self.process.stdin.write(json.dumps({"id": number, "do": command, **arguments}) + "\n")
            self.process.stdin.flush()
            answered = self.changed.wait_for(lambda: number in self.answers or self.ended, DEADLINE_SECONDS)
            check(answered and number in self.answers, f"py-libp2p did not answer `{command}`")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise Failure(f"py-libp2p: {command}: {answer['error']}")
        return answer["ok"]

    def connect(self, address):
        def connected():
            try:
                self.ask("connect", address=address)
                return True
            except Failure as failure:
                # As p2pd, it has dialled by itself in vain, and remembers that for a while.
                if "negative cache" not in str(failure):
                    raise
                return False

        until(connected, f"{self.name} may dial {address} again")

    def disconnect(self, peer_id):
        self.ask("disconnect", peer=peer_id)

    def peers(self):
        return self.ask("peers")

    def subscribe(self, topic):
        self.inboxes.setdefault(topic, Inbox())
        self.ask("subscribe", topic=topic)

    def unsubscribe(self, topic):
        self.ask("unsubscribe", topic=topic)

    def offences(self):
        """Returns its gossipsub's warnings and the penalties that its scorer was told of, one line each."""
        return self.ask("offences")

    def publish(self, topic, data):
        self.ask("publish", topic=topic, data=base64.b64encode(data).decode())
        self.sent += 1

    def topic_peers(self, topic):
        return self.ask("topic_peers", topic=topic)

    def wait_forgotten(self, topic, peer_id):
        """Waits for the end of the stream and for an empty message cache too.

        This peer takes one who is back sooner for one who never left, and opens no new stream. What the cache
        holds is replayed to whoever comes next, by a task that writes to the same stream as the one that
        sends, without a lock: with messages of more than one Yamux frame the stream comes out broken.
        """
        super().wait_forgotten(topic, peer_id)
        until(lambda: peer_id not in self.ask("pubsub_peers"), f"{self.name} has no stream to {peer_id}")
        self.wait_calm(topic)

    def wait_calm(self, topic):
        until(lambda: not self.ask("cached", topic=topic), f"{self.name} has nothing to replay in {topic}")

    def wait_reachable(self, topic, peer_id):
        """Waits for the end of a backoff, which keeps both messages and IHAVE from a subscriber."""
        if self.is_mesh_empty:
            until(lambda: not self.ask("is_backed_off", topic=topic, peer=peer_id), "the end of a backoff")
        else:
            until(lambda: peer_id in self.ask("mesh_peers", topic=topic), f"{self.name} grafts {peer_id}")

    def keep_mesh_empty(self, topic):
        """Without it there is no gossip: this peer sends no IHAVE to whoever refused its GRAFT."""
        self.is_mesh_empty = True
        self.ask("set_degree", degree=0)
        until(lambda: not self.ask("mesh_peers", topic=topic), f"the mesh of {self.name} in {topic} is empty")
        return True

    def fill_mesh(self):
        self.is_mesh_empty = False
        self.ask("set_degree", degree=6)

    def ping(self, peer_id):
        """Sends three pings on one stream; the peer fails unless each comes back as it went."""
        self.ask("ping", peer=peer_id)

    def identify(self, peer_id):
        """Returns what the other side says about itself: its parts merged into one."""
        received = base64.b64decode(self.ask("identify", peer=peer_id))
        merged, at = {}, 0
        while at < len(received):
            length, at = wire.read_uvarint(received, at)
            check(at + length <= len(received), "an identify message that was cut off")
            for number, values in wire.parse(received[at:at + length]).items():
                merged.setdefault(number, []).extend(values)
            at += length
        return identity_of(merged)
