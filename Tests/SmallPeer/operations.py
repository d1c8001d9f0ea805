"""Operations: how they are read, judged by themselves, and written. Section 3 of docs/protocol.md."""

import dataclasses
import hashlib
import os

import identity
import protobuf
from protobuf import BYTES, FIXED64, VARINT, Malformed, bytes_field, delimited, fixed64_field, varint_field

DOMAIN, PAYLOAD_TYPE = b"descord-op-v1", b"/descord/op"
OPERATION_BYTES_MAX = 1_048_428
HEADER_BYTES_MAX = {"authority": 65_536, "mls": 262_144, "content": 4_096}
DEPENDENCIES_MAX = 8
NAME_BYTES_MAX, PURPOSE_BYTES_MAX, RANK_MAX, USES_MAX = 256, 1_024, 1_000, 1_000_000

CREATE, CHANNEL_CREATE, JOIN, ADMIT, LEAVE, INVITE, REVOKE, POST = 1, 10, 20, 21, 22, 50, 51, 2000
CHANNEL_UPDATE, CHANNEL_ARCHIVE, REMOVE, ROLE, GRANT, TAKE, BAN, UNBAN, MUTE, BUDGET = (
    11, 12, 23, 30, 31, 32, 40, 41, 42, 60)
AUTHORITY_KINDS = {1, 2, 3, 10, 11, 12, 20, 21, 22, 23, 30, 31, 32, 40, 41, 42, 50, 51, 60}
KNOWN_KINDS = AUTHORITY_KINDS | set(range(1000, 1004)) | {
    2000, 2001, 2002, 2010, 2011, 2020, 2021, 2030, 2040}
IN_A_CHANNEL = {11, 12, 2000, 2001, 2002, 2010, 2011, 2020, 2021, 2030}

# Number, attribute and wire type of each field of a header; the numbers are in the order of the bytes.
LAYOUT = {
    1: ("version", VARINT), 2: ("space", BYTES), 3: ("sequence", VARINT), 4: ("previous", BYTES),
    5: ("dependencies", BYTES), 6: ("clock", FIXED64), 7: ("kind", VARINT), 8: ("channel", BYTES),
    9: ("epoch", BYTES), 10: ("nonce", BYTES), 11: ("body", BYTES), 12: ("content_hash", BYTES),
    13: ("content_size", VARINT),
}
IDENTIFIERS = ("space", "previous", "channel", "epoch", "nonce", "content_hash")

# Bodies of authority kinds: number, form, whether it must be there. `id` is 32 bytes, an integer bounds text.
BODIES = {
    1: ((1, NAME_BYTES_MAX, True), (2, "bool", True)),
    2: ((1, NAME_BYTES_MAX, True),),
    3: ((1, "bool", True),),
    10: ((1, NAME_BYTES_MAX, True), (2, PURPOSE_BYTES_MAX, False)),
    11: ((1, NAME_BYTES_MAX, False), (2, PURPOSE_BYTES_MAX, False)),
    12: ((1, "bool", True),),
    20: ((1, "id", False), (2, "signature", False)),
    21: ((1, "id", True), (2, "id", True)),
    22: (),
    23: ((1, "id", True), (2, "id", False), (3, PURPOSE_BYTES_MAX, False)),
    30: ((1, "id", False), (2, NAME_BYTES_MAX, True), (3, "rank", True), (4, "number", True)),
    31: ((1, "id", True), (2, "id", True)),
    32: ((1, "id", True), (2, "id", True), (3, "id", False)),
    40: ((1, "id", True), (2, "id", False), (3, PURPOSE_BYTES_MAX, False)),
    41: ((1, "id", True),),
    42: ((1, "id", True), (2, "id", False), (3, "number", False)),
    50: ((1, "id", True), (2, "rank", True), (3, "uses", True), (4, "number", False)),
    51: ((1, "id", True),),
    60: ((1, "number", False), (2, "number", False), (3, "number", False), (4, "number", False)),
}


class UnknownVersion(Exception):
    """An operation of a version to come: ignored, not punished."""


def class_of(kind):
    return "authority" if kind < 1000 else "mls" if kind < 2000 else "content"


@dataclasses.dataclass(frozen=True)
class Header:
    """The signed part; what a field lacks is None, and no dependencies are an empty tuple."""

    kind: int
    clock: int
    space: bytes | None = None
    sequence: int = 0
    previous: bytes | None = None
    dependencies: tuple = ()
    channel: bytes | None = None
    epoch: bytes | None = None
    nonce: bytes | None = None
    body: bytes | None = None
    content_hash: bytes | None = None
    content_size: int | None = None
    version: int = 1

    def encode(self):
        out = b""
        for number, (name, wire) in LAYOUT.items():
            value = getattr(self, name)
            if name == "dependencies":
                out += b"".join(bytes_field(number, link) for link in value)
            elif value is not None:
                field = {VARINT: varint_field, FIXED64: fixed64_field, BYTES: bytes_field}[wire]
                out += field(number, value)
        return out

    @staticmethod
    def decode(data):
        """Reads a header, and refuses any other order, number or form of the known fields."""
        values, last, unknown = {"dependencies": []}, 0, False
        if protobuf.Message(data).number(1) not in (None, 1):
            raise UnknownVersion("a header of a version to come")
        for number, wire, value in protobuf.fields(data):
            if number not in LAYOUT:
                unknown = True
                continue
            name, due = LAYOUT[number]
            if wire != due or unknown or number < last or number == last != 5:
                raise Malformed("the header is not canonical")
            last = number
            if name == "dependencies":
                values[name].append(value)
            else:
                values[name] = value
        values["dependencies"] = tuple(values["dependencies"])
        if any(name not in values for name in ("version", "sequence", "clock", "kind")):
            raise Malformed("the header lacks a field")
        header = Header(**values)
        header.check()
        return header

    @property
    def links(self):
        return (() if self.previous is None else (self.previous,)) + self.dependencies

    def check(self):
        """Applies the rules of shape; raises Malformed."""
        def need(holds, text):
            if not holds:
                raise Malformed(text)

        for name in IDENTIFIERS:
            need(len(getattr(self, name) or bytes(32)) == 32 and getattr(self, name) != b"", f"{name}: size")
        need(all(len(link) == 32 for link in self.dependencies), "a dependency's size")
        need(len(self.dependencies) <= DEPENDENCIES_MAX, "too many dependencies")
        need(0 < self.kind < 1 << 32, "the kind")
        need((self.previous is not None) == (self.sequence > 0), "previous and sequence disagree")
        if self.kind in KNOWN_KINDS:
            need((self.channel is not None) == (self.kind in IN_A_CHANNEL), "channel and kind disagree")
        if self.kind == CREATE:
            need(self.space is None and self.sequence == 0 and not self.links and self.nonce is not None,
                 "a genesis of the wrong shape")
        else:
            need(self.space is not None and self.nonce is None and self.links, "no genesis, but shaped so")
        need(len(set(self.links)) == len(self.links), "a link stands twice")
        is_content = class_of(self.kind) == "content"
        need(is_content == (self.body is None), "body and class disagree")
        need(is_content == (self.content_hash is not None) == (self.content_size is not None),
             "content and class disagree")
        need(self.epoch is None or class_of(self.kind) != "authority", "an authority operation with an epoch")
        if self.kind in BODIES:
            check_body(self.kind, self.body)


def check_body(kind, body):
    """Checks the bounds of a known authority body."""
    message = protobuf.Message(body)
    for number, form, required in BODIES[kind]:
        wire = BYTES if isinstance(form, int) or form in ("id", "signature") else VARINT
        values = message.all(number, wire)
        if not values:
            if required:
                raise Malformed(f"kind {kind} lacks field {number}")
            continue
        value = values[-1]
        if isinstance(form, int):
            message.text(number)
            holds = len(value) <= form
        else:
            holds = {
                "id": lambda: len(value) == 32, "signature": lambda: len(value) == 64,
                "rank": lambda: value <= RANK_MAX, "uses": lambda: 1 <= value <= USES_MAX,
            }.get(form, lambda: True)()
        if not holds:
            raise Malformed(f"kind {kind}: field {number} is out of bounds")
    if kind == JOIN and (message.bytes(1) is None) != (message.bytes(2) is None):
        raise Malformed("a join with half a ticket")


@dataclasses.dataclass(frozen=True)
class Operation:
    """A verified operation: nothing makes one but `verify` and `write`."""

    identifier: bytes
    author: bytes
    header: Header
    envelope: bytes
    salt: bytes | None
    content: bytes | None

    @property
    def space(self):
        return self.header.space or self.identifier

    @property
    def is_authority(self):
        return class_of(self.header.kind) != "content"

    @property
    def body(self):
        return protobuf.Message(self.header.body)

    @property
    def encoded(self):
        out = bytes_field(1, self.envelope)
        return out if self.salt is None else out + bytes_field(2, self.salt) + bytes_field(3, self.content)

    @property
    def text(self):
        """The text of a post; None when it is no post, was deleted, or does not decode."""
        if self.header.kind != POST or self.content is None:
            return None
        try:
            return protobuf.Message(self.content).text(1)
        except Malformed:
            return None


def identifier_of(author, header):
    return hashlib.sha256(delimited(DOMAIN) + delimited(author) + delimited(header)).digest()


def verify(data):
    """Returns the operation that a `SignedOperation` holds when everything about it is in order."""
    if len(data) > OPERATION_BYTES_MAX:
        raise Malformed("the operation is too large")
    found = protobuf.fields(data)
    numbers = [number for number, wire, _ in found if wire == BYTES]
    if len(numbers) != len(found) or numbers not in ([1], [1, 2, 3]):
        raise Malformed("the operation is not canonical, or has half a content")
    envelope, salt, content = ([value for _, _, value in found] + [None, None])[:3]
    author, payload = identity.open_envelope(envelope, DOMAIN, PAYLOAD_TYPE)
    if not identity.is_author_key(author):
        raise Malformed("the author's key is not of the main subgroup")
    header = Header.decode(payload)
    if len(payload) > HEADER_BYTES_MAX[class_of(header.kind)]:
        raise Malformed("the header is too large")
    if salt is not None:
        if class_of(header.kind) != "content" or len(salt) != 32:
            raise Malformed("a salt that is out of place")
        if hashlib.sha256(salt + content).digest() != header.content_hash:
            raise Malformed("the content is not what was hashed")
        if len(content) != header.content_size:
            raise Malformed("the content has another size")
    return Operation(identifier_of(author, payload), author, header, envelope, salt, content)


def write(key, header, content=None, salt=None):
    """Signs a new operation; a content is hashed into its header with `salt`, by default a random one."""
    if content is not None:
        salt = salt or os.urandom(32)
        digest = hashlib.sha256(salt + content).digest()
        header = dataclasses.replace(header, content_hash=digest, content_size=len(content))
    header.check()
    payload = header.encode()
    envelope = identity.seal(key, DOMAIN, PAYLOAD_TYPE, payload)
    return Operation(identifier_of(key.public, payload), key.public, header, envelope, salt, content)
