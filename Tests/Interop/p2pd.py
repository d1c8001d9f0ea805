"""go-libp2p's daemon as a peer, driven over its control socket."""

import json
import os
import pathlib
import re
import secrets
import socket
import subprocess
import tempfile
import threading

import wire
from peer import DEADLINE_SECONDS, Failure, Inbox, Message, Peer, check, until

# The daemon's published control protocol: request types and the fields that are used here.
IDENTIFY, CONNECT, STREAM_OPEN, LIST_PEERS, DISCONNECT, PUBSUB = 0, 1, 2, 5, 7, 8
PUBSUB_LIST_PEERS, PUBSUB_PUBLISH, PUBSUB_SUBSCRIBE = 1, 2, 3
CONNECT_FIELD, STREAM_FIELD, DISCONNECT_FIELD, PUBSUB_FIELD = 2, 3, 7, 8
HEARTBEAT = "200ms"  # shorter than the default second, so that gossip rounds come sooner
# How its gossipsub words what it holds against a peer, or loses: "GRAFT: ignoring backed off peer", "IHAVE:
# peer … has advertised too many times … ignoring", "dropping message to peer …; queue full", "message
# validation failed", "Prune peer … with negative score".
OFFENCE = re.compile("ignoring|dropping|too many|negative score|validation|throttled|bogus|blacklist")


class P2PD(Peer):
    """A go-libp2p node with gossipsub, in a process of its own that listens on loopback alone."""

    name = "p2pd"

    def __init__(self, binary):
        super().__init__()
        self.binary, self.process = binary, None
        self.folder = tempfile.TemporaryDirectory(prefix="p2pd-")
        self.control = os.path.join(self.folder.name, "control")
        self.key = os.path.join(self.folder.name, "key")
        self.log = pathlib.Path(self.folder.name) / "log"
        self.streams = {}

    def write_key(self):
        """Makes its identity; `start` does so too unless it is there."""
        # Type 1 (Ed25519), then seed and public key, as go-libp2p stores private keys.
        import nacl.signing
        seed = secrets.token_bytes(32)
        public = bytes(nacl.signing.SigningKey(seed).verify_key)
        pathlib.Path(self.key).write_bytes(wire.field(1, 1) + wire.field(2, seed + public))

    def start(self):
        if not os.path.exists(self.key):
            self.write_key()
        self.process = subprocess.Popen(
            [self.binary, "-listen", f"/unix{self.control}", "-id", self.key,
             "-hostAddrs", "/ip4/127.0.0.1/tcp/0", "-tls=false", "-relay=false", "-relayService=false",
             "-pubsub", "-pubsubRouter", "gossipsub", "-gossipsubHeartbeatInterval", HEARTBEAT],
            env=os.environ | {"GOLOG_LOG_LEVEL": "error,pubsub=debug", "GOLOG_LOG_FMT": "json",
                              "GOLOG_OUTPUT": "file", "GOLOG_FILE": str(self.log)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:  # it says where it listens once everything is up
            if line.startswith("Peer Addrs:"):
                break
        else:
            raise Failure(f"p2pd ended with status {self.process.wait()}")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        identity = wire.parse(wire.first(self.request(wire.field(1, IDENTIFY)), 4))
        self.peer_id = wire.base58(wire.first(identity, 1))
        addresses = [wire.ip4_tcp(address) for address in identity.get(2, [])]
        self.address = next(address for address in addresses if address) + f"/p2p/{self.peer_id}"

    def stop(self):
        for stream in self.streams.values():
            stream.close()
        self.streams.clear()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if os.path.exists(self.control):
            os.unlink(self.control)

    def open(self):
        """Returns a new connection to the control socket: one request is in flight on each."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(self.control)
        return connection

    def ask(self, connection, request):
        """Sends a request and returns the parsed answer."""
        connection.sendall(wire.frame(request))
        answer = wire.parse(wire.read_frame(connection))
        if wire.first(answer, 1) != 0:
            error = wire.parse(wire.first(answer, 2, b""))
            raise Failure(f"p2pd: {wire.first(error, 1, b'').decode(errors='replace')}")
        return answer

    def request(self, request):
        with self.open() as connection:
            return self.ask(connection, request)

    def connect(self, address):
        peer_id = address.rsplit("/p2p/", 1)[1]
        body = wire.field(1, wire.unbase58(peer_id)) + wire.field(2, wire.binary_ip4_tcp(address))

        def connected():
            try:
                return self.request(wire.field(1, CONNECT) + wire.field(CONNECT_FIELD, body))
            except Failure as failure:
                # It has dialled by itself when we went away, in vain, and now refuses to dial for some
                # seconds.
                if "dial backoff" not in str(failure):
                    raise
                return None

        until(connected, f"p2pd may dial {address} again")

    def disconnect(self, peer_id):
        body = wire.field(1, wire.unbase58(peer_id))
        self.request(wire.field(1, DISCONNECT) + wire.field(DISCONNECT_FIELD, body))

    def peers(self):
        answer = self.request(wire.field(1, LIST_PEERS))
        return [wire.base58(wire.first(wire.parse(peer), 1)) for peer in answer.get(6, [])]

    def pubsub(self, kind, topic, data=None):
        body = wire.field(1, kind) + wire.field(2, topic) + wire.field(3, data)
        return wire.field(1, PUBSUB) + wire.field(PUBSUB_FIELD, body)

    def subscribe(self, topic):
        self.inboxes.setdefault(topic, Inbox())
        stream = self.open()
        self.ask(stream, self.pubsub(PUBSUB_SUBSCRIBE, topic))
        stream.settimeout(None)
        self.streams[topic] = stream
        threading.Thread(target=self.read_topic, args=(stream, topic), daemon=True).start()

    def unsubscribe(self, topic):
        """Ends the subscription's stream, which is how it learns that nobody listens any more."""
        stream = self.streams.pop(topic)
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()

    def read_topic(self, stream, topic):
        own = wire.unbase58(self.peer_id)
        try:
            while True:
                fields = wire.parse(wire.read_frame(stream))
                message = Message(
                    *(wire.first(fields, number, b"") for number in (1, 2, 3)),
                    wire.first(fields, 4, b"").decode(),
                    *(wire.first(fields, number, b"") for number in (5, 6)))
                if message.sender != own:
                    self.arrived(message)
        except (EOFError, OSError) as end:
            if self.streams.get(topic) is stream:
                self.inboxes[topic].end(f"p2pd's subscription ended ({end})")

    def publish(self, topic, data):
        self.request(self.pubsub(PUBSUB_PUBLISH, topic, data))
        self.sent += 1

    def topic_peers(self, topic):
        answer = self.request(self.pubsub(PUBSUB_LIST_PEERS, topic))
        return [wire.base58(peer) for peer in wire.parse(wire.first(answer, 7, b"")).get(2, [])]

    def offences(self):
        """Returns what its gossipsub has complained of, one line each."""
        logged = self.log.read_text().splitlines()
        lines = [json.loads(line)["msg"] for line in logged if '"pubsub"' in line]
        check(any("PEERUP" in line for line in lines), "p2pd's gossipsub logs nothing")
        return [line for line in lines if OFFENCE.search(line)]

    def open_stream(self, peer_id, protocol):
        """Returns a socket that carries the bytes of a new stream to `peer_id`."""
        connection = self.open()
        body = wire.field(1, wire.unbase58(peer_id)) + wire.field(2, protocol)
        answer = self.ask(connection, wire.field(1, STREAM_OPEN) + wire.field(STREAM_FIELD, body))
        agreed = wire.first(wire.parse(wire.first(answer, 3)), 3).decode()
        check(agreed == protocol, f"asked for {protocol}, agreed on {agreed}")
        return connection

    def ping(self, peer_id):
        """Sends three pings on one stream; each must come back as it went."""
        with self.open_stream(peer_id, "/ipfs/ping/1.0.0") as stream:
            for _ in range(3):
                payload = secrets.token_bytes(32)
                stream.sendall(payload)
                check(wire.read_exactly(stream, 32) == payload, "a ping came back changed")

    def identify(self, peer_id):
        """Returns what the other side says about itself: its parts merged into one."""
        merged = {}
        with self.open_stream(peer_id, "/ipfs/id/1.0.0") as stream:
            while True:
                try:
                    part = wire.parse(wire.read_frame(stream))
                except EOFError:
                    break
                for number, values in part.items():
                    merged.setdefault(number, []).extend(values)
        return identity_of(merged)


def identity_of(fields):
    """Returns an identify message's fields under the names that the specification gives them."""
    def text(number):
        return wire.first(fields, number, b"").decode()

    return {
        "protocols": sorted(value.decode() for value in fields.get(3, [])),
        "agent": text(6),
        "protocol_version": text(5),
        "key": wire.first(fields, 1, b"").hex(),
        "listen": [wire.ip4_tcp(value) for value in fields.get(2, [])],
        "observed": wire.ip4_tcp(wire.first(fields, 4, b"")),
        "signed_record": 8 in fields,
    }
