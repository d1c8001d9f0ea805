"""A small gossipsub: subscriptions, a mesh of whoever wants one, and signed messages.

Section 5 of docs/protocol.md. It keeps no scores and sends no heartbeat: with a handful of peers, everyone who subscribes is in the mesh.
"""

import asyncio
import collections
import dataclasses

import identity
import multistream
import protobuf
from protobuf import Malformed, bytes_field, delimited, varint_field

PROTOCOLS = ("/meshsub/1.1.0", "/meshsub/1.0.0")
SIGNATURE_PREFIX = b"libp2p-pubsub:"
RPC_BYTES_MAX = 1_048_576
SEEN_MAX, CACHE_MAX = 16_384, 128
BACKOFF_SECONDS = 60


def topic_of(space):
    return "space/" + space[:8].hex()


@dataclasses.dataclass(frozen=True)
class Message:
    """A published message with StrictSign's fields."""

    sender: bytes
    data: bytes
    seqno: bytes
    topic: str
    signature: bytes = b""

    @property
    def identifier(self):
        return self.sender + self.seqno

    @property
    def unsigned(self):
        return (bytes_field(1, self.sender) + bytes_field(2, self.data) + bytes_field(3, self.seqno)
                + bytes_field(4, self.topic))

    @property
    def encoded(self):
        return self.unsigned + bytes_field(5, self.signature)

    def signed(self, key):
        return dataclasses.replace(self, signature=key.sign(SIGNATURE_PREFIX + self.unsigned))

    @staticmethod
    def decode(data):
        """Returns a message whose signature is good; the signature covers what stands here, re-encoded."""
        fields = protobuf.Message(data)
        sender, seqno, topic, signature = fields.bytes(1), fields.bytes(3), fields.text(4), fields.bytes(5)
        if None in (sender, seqno, topic, signature) or len(seqno) != 8:
            raise Malformed("a message without StrictSign's fields")
        message = Message(sender, fields.bytes(2) or b"", seqno, topic, signature)
        key, carried = identity.key_of_peer(sender), fields.bytes(6)
        if carried is not None and carried != identity.public_key_message(key):
            raise Malformed("a message with another's key")
        if not identity.verify(key, signature, SIGNATURE_PREFIX + message.unsigned):
            raise Malformed("a message whose signature is not good")
        return message


class Remote:
    """What is known of one connected peer."""

    def __init__(self):
        self.topics, self.mesh, self.stream = set(), set(), None
        self.waiting = []  # RPCs from before the stream was there


class Gossip:
    """The router: `deliver(message)` is called with each new message of a subscribed topic."""

    def __init__(self, key, deliver):
        self.key, self.deliver = key, deliver
        self.topics, self.remotes = set(), {}
        self.seen, self.cache = collections.OrderedDict(), collections.OrderedDict()
        self.changed = asyncio.Condition()

    def remember(self, table, key, value, bound):
        table[key] = value
        while len(table) > bound:
            table.popitem(last=False)

    # Peers

    def connected(self, peer, stream):
        """Takes the stream on which we send to a peer, and tells it our subscriptions."""
        remote = self.remotes.setdefault(peer, Remote())
        remote.stream = stream
        if self.topics:
            self.send(peer, b"".join(self.subscription(topic, True) for topic in sorted(self.topics)))
        for rpc in remote.waiting:
            stream.write(rpc)
        remote.waiting.clear()

    def subscription(self, topic, wanted):
        return bytes_field(1, varint_field(1, wanted) + bytes_field(2, topic))

    def send(self, peer, rpc):
        remote = self.remotes[peer]
        if remote.stream:
            remote.stream.write(delimited(rpc))
        else:
            remote.waiting.append(delimited(rpc))

    def subscribe(self, topic):
        self.topics.add(topic)
        for peer, remote in list(self.remotes.items()):
            self.send(peer, self.subscription(topic, True))
            if topic in remote.topics:
                self.graft(peer, topic)

    def unsubscribe(self, topic):
        self.topics.discard(topic)
        for peer, remote in list(self.remotes.items()):
            rpc = self.subscription(topic, False)
            if topic in remote.mesh:
                remote.mesh.discard(topic)
                rpc += self.pruned(topic)
            self.send(peer, rpc)

    def pruned(self, topic):
        return bytes_field(3, bytes_field(4, bytes_field(1, topic) + varint_field(3, BACKOFF_SECONDS)))

    def graft(self, peer, topic):
        self.remotes[peer].mesh.add(topic)
        self.send(peer, bytes_field(3, bytes_field(3, bytes_field(1, topic))))

    async def subscribed(self, topic, peer):
        """Waits until a peer has said that it is in a topic."""
        async with self.changed:
            await self.changed.wait_for(lambda: peer in self.remotes and topic in self.remotes[peer].topics)

    # Messages

    def publish(self, topic, data, seqno):
        """Sends a new message to every peer that is in the topic, and returns to how many."""
        message = Message(self.key.peer_id, data, seqno.to_bytes(8), topic).signed(self.key)
        self.remember(self.seen, message.identifier, True, SEEN_MAX)
        return self.forward(message, None)

    def forward(self, message, source):
        self.remember(self.cache, message.identifier, message, CACHE_MAX)
        peers = [peer for peer, remote in self.remotes.items()
                 if message.topic in remote.topics and peer not in (source, message.sender)]
        for peer in peers:
            self.send(peer, bytes_field(2, message.encoded))
        return len(peers)

    async def receive(self, peer, stream):
        """Reads the RPCs of one inbound stream."""
        while not await stream.at_end():
            size = await multistream.read_uvarint(stream)
            if size > RPC_BYTES_MAX:
                raise Malformed("an RPC that is too large")
            rpc = protobuf.Message(await stream.readexactly(size))
            remote = self.remotes.setdefault(peer, Remote())
            for subscription in map(protobuf.Message, rpc.all(1)):
                self.note(peer, remote, subscription.text(2), subscription.flag(1))
            for data in rpc.all(2):
                await self.take(peer, data)
            for control in map(protobuf.Message, rpc.all(3)):
                self.control(peer, remote, control)
            async with self.changed:
                self.changed.notify_all()
        stream.finish()

    def note(self, peer, remote, topic, wanted):
        if wanted and topic not in remote.topics:
            remote.topics.add(topic)
            if topic in self.topics:
                self.graft(peer, topic)
        elif not wanted:
            remote.topics.discard(topic)
            remote.mesh.discard(topic)

    async def take(self, peer, data):
        message = Message.decode(data)
        if message.identifier in self.seen or message.topic not in self.topics:
            return
        self.remember(self.seen, message.identifier, True, SEEN_MAX)
        if await self.deliver(message):
            self.forward(message, peer)

    def control(self, peer, remote, control):
        """Answers IHAVE, IWANT, GRAFT and PRUNE."""
        wanted, answer = [], b""
        for have in map(protobuf.Message, control.all(1)):
            if have.text(1) in self.topics:
                wanted += [identifier for identifier in have.all(2) if identifier not in self.seen]
        if wanted:
            answer += bytes_field(3, bytes_field(2, b"".join(bytes_field(1, one) for one in wanted)))
        for want in map(protobuf.Message, control.all(2)):
            for identifier in want.all(1):
                if identifier in self.cache:
                    answer += bytes_field(2, self.cache[identifier].encoded)
        for graft in map(protobuf.Message, control.all(3)):
            topic = graft.text(1)
            if topic in self.topics:
                remote.mesh.add(topic)
            elif topic is not None:
                answer += self.pruned(topic)
        for prune in map(protobuf.Message, control.all(4)):
            remote.mesh.discard(prune.text(1))
        if answer:
            self.send(peer, answer)
