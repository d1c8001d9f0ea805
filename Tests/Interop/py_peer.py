"""A py-libp2p node that obeys JSON lines on stdin and answers on stdout; runs in the interop environment.

Requests are {"id", "do", …}; answers {"id", "ok": …} or {"id", "error": "…"}; what arrives on a
subscribed topic is {"message": {…}} with bytes in base64. The first line is {"ready": {"peer_id",
"address"}}.
"""

import base64
import json
import logging
import os
import sys

import multiaddr
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.io.utils import read_exactly
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.peer.peerstore import env_to_send_in_RPC
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.pubsub.rpc_queue import OutBoundQueueSize
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.tools.anyio_service import background_trio_service

PROTOCOLS = [TProtocol("/meshsub/1.2.0"), TProtocol("/meshsub/1.1.0"), TProtocol("/meshsub/1.0.0")]
READ_BYTES = 1 << 16
ASK_AGAIN_SECONDS = 0.001  # between two looks at a queue that tells nobody of its length
# What its scorer is told when a peer does wrong; it forgets all of it when the peer disconnects.
PENALTIES = ["penalize_behavior", "penalize_graft_flood", "penalize_iwant_spam", "penalize_ihave_spam",
             "penalize_equivocation", "on_invalid_message"]


class Node:
    """The host, its gossipsub, and the commands that it understands."""

    def __init__(self):
        keys = create_new_key_pair()
        noise = NoiseTransport(libp2p_keypair=keys, noise_privkey=create_noise_key_pair().private_key)
        self.host = new_host(key_pair=keys, muxer_preference="YAMUX", sec_opt={NOISE: noise})
        # Its adaptive gossip takes few peers for poor health, and then makes the heartbeat 30 or 60 s long.
        self.router = GossipSub(
            protocols=PROTOCOLS, degree=6, degree_low=5, degree_high=12,
            heartbeat_interval=1, spam_protection_enabled=False, adaptive_gossip_enabled=False)
        self.pubsub = Pubsub(self.host, self.router, strict_signing=True)
        self.nursery = None
        self.offences = Offences()
        logging.getLogger("libp2p.pubsub").addHandler(self.offences)
        for name in PENALTIES:
            setattr(self.router.scorer, name, self.offences.noting(name, getattr(self.router.scorer, name)))

    def say(self, line):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    async def run(self):
        listen = [multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")]
        async with self.host.run(listen_addrs=listen), trio.open_nursery() as self.nursery:
            async with background_trio_service(self.pubsub), background_trio_service(self.router):
                await self.pubsub.wait_until_ready()
                address = str(self.host.get_addrs()[0])
                own = self.host.get_id().to_string()
                if "/p2p/" not in address:
                    address += f"/p2p/{own}"
                self.say({"ready": {"peer_id": own, "address": address}})
                await self.obey()
                self.nursery.cancel_scope.cancel()

    async def obey(self):
        """Starts every command as it comes, so that a slow one holds up nobody; ends with stdin."""
        buffered = b""
        async with trio.lowlevel.FdStream(os.dup(0)) as stdin:
            async for chunk in stdin:
                *lines, buffered = (buffered + chunk).split(b"\n")
                for line in lines:
                    request = json.loads(line)
                    if request["do"] == "publish":  # in the order in which they were asked for
                        await self.answer(request)
                    else:
                        self.nursery.start_soon(self.answer, request)

    async def answer(self, request):
        identifier, command = request.pop("id"), request.pop("do")
        try:
            result = await getattr(self, f"do_{command}")(**request)
            self.say({"id": identifier, "ok": result})
        except Exception as error:
            self.say({"id": identifier, "error": f"{type(error).__name__}: {error}"})

    async def do_connect(self, address):
        await self.host.connect(info_from_p2p_addr(multiaddr.Multiaddr(address)))

    async def do_disconnect(self, peer):
        await self.host.disconnect(ID.from_base58(peer))

    async def do_peers(self):
        return [peer.to_string() for peer in self.host.get_connected_peers()]

    async def do_subscribe(self, topic):
        subscription = await self.pubsub.subscribe(topic)
        self.nursery.start_soon(self.read, subscription)

    async def do_unsubscribe(self, topic):
        await self.pubsub.unsubscribe(topic)

    async def do_offences(self):
        return self.offences.lines

    async def read(self, subscription):
        own = self.host.get_id().to_bytes()
        async for message in subscription:
            if message.from_id == own:
                continue
            self.say({"message": {
                "from": encode(message.from_id), "data": encode(message.data), "seqno": encode(message.seqno),
                "topic": message.topicIDs[-1], "signature": encode(message.signature),
                "key": encode(message.key),
            }})

    async def do_publish(self, topic, data):
        """Publishes as soon as every peer's queue has room.

        A message takes two places, for an IDONTWANT goes before it, and what finds none is dropped.
        """
        while any(len(queue) > OutBoundQueueSize - 2 for queue in self.pubsub.peer_queues.values()):
            with trio.move_on_after(ASK_AGAIN_SECONDS):
                await trio.Event().wait()
        await self.pubsub.publish(topic, base64.b64decode(data))

    async def do_sender_record(self):
        """Returns the size of the record about itself that this implementation adds to every RPC."""
        return len(env_to_send_in_RPC(self.host)[0])

    async def do_topic_peers(self, topic):
        return [peer.to_string() for peer in self.pubsub.peer_topics.get(topic, ())]

    async def do_mesh_peers(self, topic):
        return [peer.to_string() for peer in self.router.mesh.get(topic, ())]

    async def do_set_degree(self, degree):
        self.router.degree, self.router.degree_low = degree, max(0, degree - 1)

    async def do_pubsub_peers(self):
        return [peer.to_string() for peer in self.pubsub.peers]

    async def do_is_backed_off(self, topic, peer):
        return self.router._check_back_off(ID.from_base58(peer), topic)

    async def do_cached(self, topic):
        """Returns how many messages of a topic would be replayed to whoever comes next."""
        return len(self.router.mcache.window(topic))

    async def do_ping(self, peer):
        stream = await self.host.new_stream(ID.from_base58(peer), [TProtocol("/ipfs/ping/1.0.0")])
        for _ in range(3):
            payload = os.urandom(32)
            await stream.write(payload)
            if await read_exactly(stream, len(payload)) != payload:
                raise ValueError("a ping came back changed")
        await stream.close()

    async def do_identify(self, peer):
        """Returns the raw bytes of an identify exchange, to be read by the one who asked."""
        stream = await self.host.new_stream(ID.from_base58(peer), [TProtocol("/ipfs/id/1.0.0")])
        received = bytearray()
        try:
            while chunk := await stream.read(READ_BYTES):
                received += chunk
        except Exception as end:
            if not received:
                raise end
        return encode(bytes(received))


class Offences(logging.Handler):
    """What gossipsub warned of, and the penalties that it gave."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())

    def noting(self, name, penalty):
        """Returns `penalty` with a note of every call."""
        def noted(peer, *arguments):
            self.lines.append(f"{name} of {peer}")
            return penalty(peer, *arguments)
        return noted


def encode(data):
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    logging.getLogger("libp2p").addHandler(logging.NullHandler())
    logging.disable(logging.INFO)
    trio.run(Node().run)
