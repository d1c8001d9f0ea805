"""Negentropy, by which two sides find out what differs: section 7 of docs/protocol.md.

An item is a pair of a time and an id; sets are sorted lists of items. A bound is a pair of a time and a
prefix of an id.
"""

import bisect
import hashlib
import itertools

from protobuf import Malformed

VERSION, VERSIONS = 0x61, range(0x60, 0x70)
SKIP, FINGERPRINT, IDS = range(3)
INFINITY = (1 << 64) - 1
ID_BYTES, FINGERPRINT_BYTES = 32, 16
PARTS, LISTED_MAX = 16, 31
MESSAGES_MAX, MESSAGE_BYTES_MAX, RESERVE = 64, 65_528, 200
SUM_MODULUS = 1 << 256


def varint(value):
    """Returns a number as groups of seven bits, the most significant first."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def digest(total, count):
    return hashlib.sha256(total.to_bytes(32, "little") + varint(count)).digest()[:FINGERPRINT_BYTES]


def fingerprint(identifiers):
    """Returns the fingerprint of a set of ids."""
    return digest(sum(number(one) for one in identifiers) % SUM_MODULUS, len(identifiers))


def number(identifier):
    return int.from_bytes(identifier, "little")


class Reader:
    """Reads a message behind its version."""

    def __init__(self, data):
        self.data, self.at, self.last = data, 1, (0, b"")

    @property
    def more(self):
        return self.at < len(self.data)

    def take(self, size):
        if self.at + size > len(self.data):
            raise Malformed("a message of negentropy ends within a range")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        value, first = 0, True
        while True:
            group = self.take(1)[0]
            if first and group == 0x80:
                raise Malformed("a varint of negentropy that is not in its shortest form")
            value, first = value << 7 | group & 0x7F, False
            if value > INFINITY:
                raise Malformed("a varint of negentropy beyond 64 bits")
            if group < 0x80:
                return value

    def bound(self):
        step = self.varint()
        time = self.last[0] + step - 1 if step else INFINITY
        size = self.varint()
        if time > INFINITY or size > ID_BYTES:
            raise Malformed("a bound of negentropy that is too large")
        bound = time, self.take(size)
        if filled(bound) < filled(self.last):
            raise Malformed("a bound of negentropy below the one before")
        self.last = bound
        return bound


def filled(bound):
    return bound[0], bound[1].ljust(ID_BYTES, b"\0")


class End:
    """What both sides do: describe ranges of their items, and answer a message range by range."""

    def __init__(self, items, frame_bytes=MESSAGE_BYTES_MAX):
        self.items, self.full = items, frame_bytes - RESERVE
        self.sums = [0, *itertools.accumulate(number(identifier) for _, identifier in items)]

    def fingerprint(self, start, end):
        return digest((self.sums[end] - self.sums[start]) % SUM_MODULUS, end - start)

    def identifiers(self, start, end):
        return [identifier for _, identifier in self.items[start:end]]

    def begin(self):
        self.out, self.time = bytes([VERSION]), 0

    def write(self, bound, mode, payload=b""):
        time, prefix = bound
        self.out += varint(0 if time == INFINITY else time - self.time + 1) + varint(len(prefix)) + prefix
        self.out += varint(mode) + payload
        self.time = time

    def listing(self, start, end, bound):
        found = self.identifiers(start, end)
        self.write(bound, IDS, varint(len(found)) + b"".join(found))

    def shortest(self, index):
        """Returns the shortest bound between the item at a place and the one before it."""
        (last_time, last), (time, identifier) = self.items[index - 1:index + 1]
        if last_time != time:
            return time, b""
        shared = next(at for at in range(ID_BYTES) if last[at] != identifier[at])
        return time, identifier[:shared + 1]

    def describe(self, start, end, bound):
        """Writes ids or sixteen fingerprints."""
        count = end - start
        if count <= LISTED_MAX:
            return self.listing(start, end, bound)
        for part in range(PARTS):
            stop = start + count // PARTS + (part < count % PARTS)
            upper = bound if stop == end else self.shortest(stop)
            self.write(upper, FINGERPRINT, self.fingerprint(start, stop))
            start = stop
        return None

    def walk(self, message):
        """Returns the answer to a message of our version."""
        self.begin()
        reader, start, before, skipped = Reader(message), 0, (0, b""), False
        while reader.more:
            bound, mode = reader.bound(), reader.varint()
            end = bisect.bisect_left(self.items, filled(bound), start)
            kept, rest = self.out, None
            if mode == FINGERPRINT:
                theirs = reader.take(FINGERPRINT_BYTES)
                answers = theirs != self.fingerprint(start, end)
            elif mode == IDS:
                theirs = [reader.take(ID_BYTES) for _ in range(reader.varint())]
                answers = self.listed(self.identifiers(start, end), theirs)
            elif mode == SKIP:
                answers = False
            else:
                raise Malformed(f"a range of negentropy in mode {mode}")
            if answers:
                if skipped:
                    self.write(before, SKIP)
                if mode == FINGERPRINT:
                    self.describe(start, end, bound)
                    if len(self.out) > self.full:
                        self.out, rest = kept, start if theirs == digest(0, 0) else end
                else:
                    room = (self.full - len(kept)) // ID_BYTES + 1
                    if start + room < end:
                        end = start + room
                        bound = self.items[end]
                    self.listing(start, end, bound)
                    rest = end if len(self.out) > self.full else None
            if rest is not None:
                self.write((INFINITY, b""), FINGERPRINT, self.fingerprint(rest, len(self.items)))
                break
            start, before, skipped = end, bound, not answers
        return self.out


class Initiator(End):
    """Begins, and learns what each side lacks: `have` and `need`."""

    def __init__(self, items, frame_bytes=MESSAGE_BYTES_MAX):
        super().__init__(items, frame_bytes)
        self.have, self.need = set(), set()

    def opening(self):
        self.begin()
        self.describe(0, len(self.items), (INFINITY, b""))
        return self.out

    def received(self, message):
        """Returns the next message; None when everything is found."""
        if message[:1] != bytes([VERSION]):
            raise Malformed("a message of another version of negentropy")
        out = self.walk(message)
        return out if len(out) > 1 else None

    def listed(self, ours, theirs):
        self.have.update(set(ours) - set(theirs))
        self.need.update(set(theirs) - set(ours))
        return False


class Responder(End):
    """Answers; learns nothing and keeps nothing."""

    def answer(self, message):
        if not message or message[0] not in VERSIONS:
            raise Malformed("a message that is not of negentropy")
        return self.walk(message) if message[0] == VERSION else bytes([VERSION])

    def listed(self, ours, theirs):
        return True
