"""Noise_XX_25519_ChaChaPoly_SHA256 with libp2p's payload, over asyncio streams.

The patterns are those of Noise revision 34, payload and framing those of libp2p's specification "noise-libp2p".
"""

import hashlib
import hmac
import os

import nacl.bindings
import nacl.exceptions

import identity
import protobuf
from protobuf import Malformed, bytes_field

NAME = b"Noise_XX_25519_ChaChaPoly_SHA256"  # 32 bytes: it is the first hash as it stands
STATIC_KEY_PREFIX = b"noise-libp2p-static-key:"
MESSAGE_BYTES_MAX = 65_535
TAG_BYTES = 16
MUXERS = ("/yamux/1.0.0",)


class CipherState:
    """A key with its counter."""

    def __init__(self, key):
        self.key, self.counter = key, 0

    def nonce(self):
        value = bytes(4) + self.counter.to_bytes(8, "little")
        self.counter += 1
        return value

    def seal(self, plain, associated=b""):
        return nacl.bindings.crypto_aead_chacha20poly1305_ietf_encrypt(
            plain, associated, self.nonce(), self.key)

    def open(self, sealed, associated=b""):
        try:
            return nacl.bindings.crypto_aead_chacha20poly1305_ietf_decrypt(
                sealed, associated, self.nonce(), self.key)
        except nacl.exceptions.CryptoError:
            raise Malformed("a Noise message that was not sealed for us") from None


def expand(chaining, secret):
    """Noise's HKDF with two outputs."""
    root = hmac.digest(chaining, secret, "sha256")
    first = hmac.digest(root, b"\1", "sha256")
    return first, hmac.digest(root, first + b"\2", "sha256")


class Handshake:
    """The symmetric state and the tokens of XX; one side of it."""

    def __init__(self, initiator):
        self.initiator = initiator
        self.hash = self.chaining = NAME
        self.cipher = None
        self.mix_hash(b"")  # no prologue
        self.static, self.ephemeral = os.urandom(32), os.urandom(32)
        self.remote_static = self.remote_ephemeral = None

    def mix_hash(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, private, public):
        shared = nacl.bindings.crypto_scalarmult(private, public)
        self.chaining, key = expand(self.chaining, shared)
        self.cipher = CipherState(key)

    def encrypt(self, plain):
        sealed = self.cipher.seal(plain, self.hash) if self.cipher else plain
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed):
        plain = self.cipher.open(sealed, self.hash) if self.cipher else sealed
        self.mix_hash(sealed)
        return plain

    def write_ephemeral(self):
        public = nacl.bindings.crypto_scalarmult_base(self.ephemeral)
        self.mix_hash(public)
        return public

    def read_ephemeral(self, message):
        if len(message) < 32:
            raise Malformed("a handshake message that is cut off")
        self.remote_ephemeral = message[:32]
        self.mix_hash(self.remote_ephemeral)
        return message[32:]

    def write_static(self):
        return self.encrypt(nacl.bindings.crypto_scalarmult_base(self.static))

    def read_static(self, message):
        self.remote_static = self.decrypt(message[:32 + TAG_BYTES])
        return message[32 + TAG_BYTES:]

    def split(self):
        """Returns the ciphers for sending and receiving."""
        first, second = map(CipherState, expand(self.chaining, b""))
        return (first, second) if self.initiator else (second, first)

    def payload(self, key):
        static = nacl.bindings.crypto_scalarmult_base(self.static)
        muxers = b"".join(bytes_field(2, muxer) for muxer in MUXERS)
        return (bytes_field(1, identity.public_key_message(key.public))
                + bytes_field(2, key.sign(STATIC_KEY_PREFIX + static)) + bytes_field(4, muxers))

    def check_payload(self, data):
        """Returns the other side's key and the muxers that it offers."""
        message = protobuf.Message(data)
        remote = identity.raw_key(message.bytes(1) or b"")
        if not identity.verify(remote, message.bytes(2) or b"", STATIC_KEY_PREFIX + self.remote_static):
            raise Malformed("the other side did not sign its Noise key")
        extensions = message.bytes(4)
        offered = protobuf.Message(extensions).all(2) if extensions else []
        return remote, [muxer.decode(errors="replace") for muxer in offered]


class Channel:
    """An encrypted connection: `read` and `write` of plain bytes."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.remote_key = self.handshake_hash = self.early_muxer = None
        self.plain = b""

    async def receive(self):
        size = int.from_bytes(await self.reader.readexactly(2))
        return await self.reader.readexactly(size)

    def send(self, message):
        self.writer.write(len(message).to_bytes(2) + message)

    async def handshake(self, key, initiator):
        """Runs XX to its end, and learns who is there."""
        noise = Handshake(initiator)
        if initiator:
            self.send(noise.write_ephemeral() + noise.encrypt(b""))
            rest = noise.read_ephemeral(await self.receive())
            noise.mix_key(noise.ephemeral, noise.remote_ephemeral)
            rest = noise.read_static(rest)
            noise.mix_key(noise.ephemeral, noise.remote_static)
            self.remote_key, offered = noise.check_payload(noise.decrypt(rest))
            public = noise.write_static()
            noise.mix_key(noise.static, noise.remote_ephemeral)
            self.send(public + noise.encrypt(noise.payload(key)))
        else:
            noise.decrypt(noise.read_ephemeral(await self.receive()))
            message = noise.write_ephemeral()
            noise.mix_key(noise.ephemeral, noise.remote_ephemeral)
            message += noise.write_static()
            noise.mix_key(noise.static, noise.remote_ephemeral)
            self.send(message + noise.encrypt(noise.payload(key)))
            rest = noise.read_static(await self.receive())
            noise.mix_key(noise.ephemeral, noise.remote_static)
            self.remote_key, offered = noise.check_payload(noise.decrypt(rest))
        self.early_muxer = next((muxer for muxer in MUXERS if muxer in offered), None)
        self.handshake_hash = noise.hash
        self.sealing, self.opening = noise.split()

    def write(self, data):
        step = MESSAGE_BYTES_MAX - TAG_BYTES
        for at in range(0, len(data), step):
            self.send(self.sealing.seal(data[at:at + step]))

    async def drain(self):
        await self.writer.drain()

    async def readexactly(self, size):
        while len(self.plain) < size:
            self.plain += self.opening.open(await self.receive())
        data, self.plain = self.plain[:size], self.plain[size:]
        return data
