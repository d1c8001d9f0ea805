"""Just enough protobuf and libp2p encoding to talk to peers, written from the published message numbers.

Nothing here comes from descord's own code: in these tests two readings of one specification meet.
"""

import hashlib

WIRE_VARINT, WIRE_BYTES = 0, 2
FRAME_BYTES_MAX = 8 << 20  # above every message of these tests; a broken length prefix fails at once


def uvarint(number):
    """Returns `number` as unsigned LEB128."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """Returns one protobuf field: an integer as a varint, text or bytes with its length, None as nothing."""
    if value is None:
        return b""
    if isinstance(value, int):
        return uvarint(number << 3 | WIRE_VARINT) + uvarint(value)
    if isinstance(value, str):
        value = value.encode()
    return uvarint(number << 3 | WIRE_BYTES) + uvarint(len(value)) + value


def read_uvarint(data, at):
    """Returns the varint at `at` and the offset after it."""
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def parse(data):
    """Returns a message's fields as {number: [value, …]}; integers for varints, bytes for the rest."""
    fields, at = {}, 0
    while at < len(data):
        key, at = read_uvarint(data, at)
        kind = key & 7
        if kind == WIRE_VARINT:
            value, at = read_uvarint(data, at)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                if kind != WIRE_BYTES:
                    raise ValueError(f"wire type {kind}")
                length, at = read_uvarint(data, at)
            value, at = data[at:at + length], at + length
            if len(value) != length:
                raise ValueError("a field that ends beyond its message")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def first(fields, number, default=None):
    """Returns the field's only or last value, as protobuf readers do."""
    return fields[number][-1] if number in fields else default


def read_exactly(socket, count):
    """Returns `count` bytes from a socket, or raises when the other side ends first."""
    chunks = bytearray()
    while len(chunks) < count:
        chunk = socket.recv(min(count - len(chunks), 1 << 16))
        if not chunk:
            raise EOFError(f"closed after {len(chunks)} of {count} bytes")
        chunks += chunk
    return bytes(chunks)


def read_frame(socket):
    """Returns one message that is preceded by its length as a varint."""
    length = shift = 0
    while True:
        byte = read_exactly(socket, 1)[0]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    if length > FRAME_BYTES_MAX:
        raise ValueError(f"a frame of {length} bytes")
    return read_exactly(socket, length)


def frame(message):
    """Returns `message` preceded by its length."""
    return uvarint(len(message)) + message


ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    """Returns the text form of a peer id."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def unbase58(text):
    """Returns the bytes of a peer id's text form."""
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


def ip4_tcp(data):
    """Returns `/ip4/…/tcp/…` for a binary multiaddr of that form, else None."""
    if len(data) >= 8 and data[0] == 4 and data[5] == 6:
        return f"/ip4/{'.'.join(str(byte) for byte in data[1:5])}/tcp/{data[6] << 8 | data[7]}"
    return None


def binary_ip4_tcp(text):
    """Returns the binary form of `/ip4/A/tcp/P`, whatever follows it in `text`."""
    _, _, address, _, port = text.split("/")[:5]
    return bytes([4, *(int(part) for part in address.split("."))]) + b"\x06" + int(port).to_bytes(2, "big")


def topic_of(space_hex):
    """Returns the gossip topic of a space, from its id of 64 hex digits."""
    return "space/" + space_hex[:16]


def rpc_size(message):
    """Returns the size of the gossipsub RPC that carries this one message and nothing else."""
    body = b"".join((
        field(1, message.sender), field(2, message.data), field(3, message.seqno),
        field(4, message.topic), field(5, message.signature), field(6, message.key or None),
    ))
    return len(field(2, body))


def digest(data):
    """Returns a short name for a payload, to tell one from another in a failure."""
    return hashlib.sha256(data).hexdigest()[:12]
