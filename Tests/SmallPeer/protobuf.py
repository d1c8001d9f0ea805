"""Varints and protobuf's wire format: as much of them as descord's messages need, and no more lenient."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
UVARINT_BYTES_MAX = 9  # of libp2p's unsigned varint
VARINT_BYTES_MAX = 10  # of a protobuf field
FIELD_NUMBER_MAX = (1 << 29) - 1


class Malformed(Exception):
    """Bytes that are not what they should be."""


def uvarint(value):
    """Returns the minimal LEB128 form of an unsigned number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def delimited(data):
    """Returns `data` preceded by its size."""
    return uvarint(len(data)) + data


def read_uvarint(data, at=0, bytes_max=UVARINT_BYTES_MAX):
    """Returns the number at `at` and where the next thing starts; refuses what is not minimal."""
    value = 0
    for index in range(bytes_max):
        if at + index >= len(data):
            raise Malformed("a varint is cut off")
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if byte == 0 and index:
                raise Malformed("a varint is not minimal")
            if value >= 1 << 64:
                raise Malformed("a varint is above 64 bits")
            return value, at + index + 1
    raise Malformed("a varint is too long")


def varint_field(number, value):
    return uvarint(number << 3 | VARINT) + uvarint(int(value))


def fixed64_field(number, value):
    return uvarint(number << 3 | FIXED64) + value.to_bytes(8, "little")


def bytes_field(number, value):
    if isinstance(value, str):
        value = value.encode()
    return uvarint(number << 3 | BYTES) + delimited(value)


def fields(data):
    """Returns (number, wire type, value) of every field, in the order in which they stand."""
    found, at = [], 0
    while at < len(data):
        tag, at = read_uvarint(data, at, VARINT_BYTES_MAX)
        number, wire = tag >> 3, tag & 7
        if not 0 < number <= FIELD_NUMBER_MAX:
            raise Malformed("a field number is out of range")
        if wire == VARINT:
            value, at = read_uvarint(data, at, VARINT_BYTES_MAX)
        elif wire in (FIXED64, FIXED32, BYTES):
            size = {FIXED64: 8, FIXED32: 4}.get(wire)
            if size is None:
                size, at = read_uvarint(data, at, VARINT_BYTES_MAX)
            if at + size > len(data):
                raise Malformed("a field is cut off")
            value, at = data[at:at + size], at + size
            if wire == FIXED64:
                value = int.from_bytes(value, "little")
        else:
            raise Malformed("a wire type that nothing here uses")
        found.append((number, wire, value))
    return found


class Message:
    """A decoded message: the last value of each field wins, fields of other wire types are unknown ones."""

    def __init__(self, data):
        self.fields = fields(data)

    def all(self, number, wire=BYTES):
        return [value for field, kind, value in self.fields if field == number and kind == wire]

    def bytes(self, number):
        values = self.all(number)
        return values[-1] if values else None

    def text(self, number):
        value = self.bytes(number)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            raise Malformed("text is not UTF-8") from None

    def number(self, number):
        values = self.all(number, VARINT)
        return values[-1] if values else None

    def flag(self, number):
        return bool(self.number(number))
