"""The frames of `/descord/sync/1.0.0`: section 7 of docs/protocol.md."""

import dataclasses
import hashlib

import multistream
import protobuf
from protobuf import BYTES, Malformed, bytes_field, delimited, varint_field

PROTOCOL = "/descord/sync/1.0.0"
FRAME_BYTES_MAX = 65_536
IDS_A_FRAME, IDS_MAX = 2_000, 262_144
PIECE_BYTES = 65_000  # of the stream of operations in one frame: leaves room for tag and size
OPENING, HELLO, IDS, WANT, OPERATIONS, DONE, RECEIPT, ASK, RECORDS, REFUSAL, LACKING = range(1, 12)
NEGENTROPY = 12
REASONS = {1: "expired", 2: "used up", 3: "revoked", 4: "banned"}
NONCE_BYTES = ID_BYTES = 32
DOMAIN = b"descord-sync-v1"


def blinded(space, initiator, responder, nonce):
    """Returns what names a space to its members alone."""
    return hashlib.sha256(DOMAIN + space + initiator + responder + nonce).digest()


def frame(number, body=b""):
    return delimited(bytes_field(number, body))


def id_frames(number, identifiers, last=True):
    """Returns the frames of a list of ids; `last` is said in the last of them, if at all."""
    identifiers = list(identifiers)
    chunks = [identifiers[at:at + IDS_A_FRAME] for at in range(0, len(identifiers), IDS_A_FRAME)] or [[]]
    out = b""
    for index, chunk in enumerate(chunks):
        body = bytes_field(1, b"".join(chunk)) if chunk else b""
        if last and index == len(chunks) - 1:
            body += varint_field(2, 1)
        out += frame(number, body)
    return out


def operation_frames(found):
    """Returns the frames of operations, which may span them."""
    data = b"".join(delimited(operation.encoded) for operation in found)
    return b"".join(frame(OPERATIONS, data[at:at + PIECE_BYTES]) for at in range(0, len(data), PIECE_BYTES))


def read_ids(body):
    """Returns the ids of a list and whether it ends here."""
    message = protobuf.Message(body)
    joined = message.bytes(1) or b""
    if len(joined) % ID_BYTES:
        raise Malformed("a list of ids of a size that is no multiple of 32")
    return [joined[at:at + ID_BYTES] for at in range(0, len(joined), ID_BYTES)], message.flag(2)


async def read_frame(stream):
    """Returns number and body of the next frame; None for the byte 00, and for the end of the stream."""
    if await stream.at_end():
        return None
    size = await multistream.read_uvarint(stream)
    if size > FRAME_BYTES_MAX:
        raise Malformed("a frame that is too large")
    if size == 0:
        return None
    found = protobuf.fields(await stream.readexactly(size))
    if len(found) != 1 or found[0][1] != BYTES or not OPENING <= found[0][0] <= NEGENTROPY:
        raise Malformed("a frame does not hold exactly one thing")
    number, _, body = found[0]
    return number, body


@dataclasses.dataclass
class Opening:
    """The initiator's first frame."""

    nonce: bytes
    blinded: bytes
    joining: bool = False
    invite: bytes | None = None
    proof: bytes | None = None
    introduction: tuple = ()
    hello_follows: bool = False

    def encode(self):
        out = bytes_field(1, self.nonce) + bytes_field(2, self.blinded)
        out += varint_field(3, 1) if self.joining else b""
        out += bytes_field(4, self.invite) if self.invite else b""
        out += bytes_field(5, self.proof) if self.proof else b""
        out += b"".join(bytes_field(6, encoded) for encoded in self.introduction)
        return out + (varint_field(7, 1) if self.hello_follows else b"")

    @staticmethod
    def decode(body):
        message = protobuf.Message(body)
        nonce, hidden = message.bytes(1), message.bytes(2)
        if nonce is None or hidden is None or len(nonce) != NONCE_BYTES or len(hidden) != ID_BYTES:
            raise Malformed("an opening without its space")
        return Opening(nonce, hidden, message.flag(3), message.bytes(4), message.bytes(5),
                       tuple(message.all(6)), message.flag(7))


@dataclasses.dataclass
class Hello:
    """What a side has, and how to compare; a bare one has nothing set."""

    methods: tuple = ()
    count: int | None = None
    fingerprint: bytes | None = None
    heads_hash: bytes | None = None
    pushed: int = 0
    reconcile: bool = False
    stay: bool = False
    records_hash: bytes | None = None
    method: str | None = None
    joining: bool = False

    @property
    def numbers(self):
        return self.count, self.fingerprint, self.heads_hash

    def encode(self):
        out = b"".join(bytes_field(1, method) for method in self.methods)
        out += varint_field(2, self.count) if self.count is not None else b""
        out += bytes_field(3, self.fingerprint) if self.fingerprint is not None else b""
        out += bytes_field(4, self.heads_hash) if self.heads_hash is not None else b""
        out += varint_field(5, self.pushed) if self.pushed else b""
        out += varint_field(6, 1) if self.reconcile else b""
        out += varint_field(7, 1) if self.stay else b""
        out += bytes_field(8, self.records_hash) if self.records_hash is not None else b""
        out += bytes_field(9, self.method) if self.method is not None else b""
        return out + (varint_field(10, 1) if self.joining else b"")

    @staticmethod
    def decode(body):
        message = protobuf.Message(body)
        fingerprint, heads, records = message.bytes(3), message.bytes(4), message.bytes(8)
        for value, size in ((fingerprint, 16), (heads, 32), (records, 32)):
            if value is not None and len(value) != size:
                raise Malformed("a hello with a hash of another size")
        methods = tuple(method.decode(errors="replace") for method in message.all(1))
        return Hello(methods, message.number(2), fingerprint, heads, message.number(5) or 0,
                     message.flag(6), message.flag(7), records, message.text(9), message.flag(10))
