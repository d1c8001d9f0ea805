"""Makes every value of the worked example of docs/protocol.md again, and compares: `worked_example.py`.

Prints one line a value and then `N passed, M failed`. The last checks are of what must be refused.
"""

import hashlib
import pathlib
import re
import sys

import identity
import operations
import sync
from identity import Key, Ticket
from operations import CHANNEL_CREATE, CREATE, INVITE, JOIN, POST, Header
from protobuf import Malformed, bytes_field, varint_field
from space import CLOCK_TICKS, Space

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
START_MS = 1_700_000_000_000


def expected():
    """Returns the values that the page gives, by name."""
    section = PAGE.read_text().split("## 9. Worked example", 1)[1]
    return dict(re.findall(r"^([a-z][a-z'_ ]*): (\S+)$", section.split("```")[1], re.MULTILINE))


def at(milliseconds, counter=0):
    return (START_MS + milliseconds) * CLOCK_TICKS + counter


def made():
    """Returns the same values made by this implementation."""
    alice, bob, ticket_key = (Key(bytes(range(start, start + 32))) for start in (0, 32, 64))
    genesis = operations.write(alice, Header(
        kind=CREATE, clock=at(0), nonce=bytes([0x11] * 32), body=bytes_field(1, "ops") + varint_field(2, 0)))
    space = genesis.identifier
    channel = operations.write(alice, Header(
        kind=CHANNEL_CREATE, clock=at(0, 1), space=space, sequence=1, previous=space,
        body=bytes_field(1, "general")))
    post = operations.write(alice, Header(
        kind=POST, clock=at(1000), space=space, sequence=2, previous=channel.identifier,
        channel=channel.identifier), content=bytes_field(1, "hello"), salt=bytes([0x22] * 32))
    invite = operations.write(alice, Header(
        kind=INVITE, clock=at(2000), space=space, sequence=3, previous=post.identifier,
        body=bytes_field(1, ticket_key.public) + varint_field(2, 0) + varint_field(3, 1)))
    address = identity.Address.parse("/ip4/127.0.0.1/tcp/4001")
    peer = bytes_field(1, alice.peer_id) + bytes_field(2, address.encode())
    payload = (varint_field(1, 1) + bytes_field(2, space) + bytes_field(3, "ops")
               + bytes_field(4, invite.identifier) + bytes_field(5, ticket_key.seed) + bytes_field(6, peer))
    text = identity.bech32_encode(identity.TICKET_PREFIX, identity.seal(
        alice, identity.TICKET_DOMAIN, identity.TICKET_TYPE, payload))
    ticket = Ticket.parse(text)
    signature = ticket.join_signature(bob.public)
    join = operations.write(bob, Header(
        kind=JOIN, clock=at(3000), space=space, dependencies=(invite.identifier,),
        body=bytes_field(1, invite.identifier) + bytes_field(2, signature)))
    known = Space(space, (genesis, channel, post))
    return {
        "alice's key": alice.public.hex(),
        "alice's peer id": identity.base58(alice.peer_id),
        "blinded": sync.blinded(space, bob.public, alice.public, bytes([0x33] * 32)).hex(),
        "channel id": channel.identifier.hex(),
        "channel operation": channel.encoded.hex(),
        "fingerprint": known.fingerprint.hex(),
        "genesis header": genesis.header.encode().hex(),
        "genesis id": space.hex(),
        "genesis operation": genesis.encoded.hex(),
        "heads_hash": known.heads_hash.hex(),
        "invite id": invite.identifier.hex(),
        "join operation": join.encoded.hex(),
        "join proof": ticket.join_proof(bob.public, bytes([0x44] * 32)).hex(),
        "post content": post.content.hex(),
        "post content_hash": post.header.content_hash.hex(),
        "post header": post.header.encode().hex(),
        "post id": post.identifier.hex(),
        "post operation": post.encoded.hex(),
        "ticket": text,
    }


def refusals(page):
    """Yields (what, bytes) of operations that must be refused, each one step from a good one."""
    post = bytes.fromhex(page["post operation"])
    genesis = bytes.fromhex(page["genesis operation"])
    alice = Key(bytes(range(32)))
    good = operations.verify(post)

    def sealed(header, domain=operations.DOMAIN, kind=operations.PAYLOAD_TYPE):
        return bytes_field(1, identity.seal(alice, domain, kind, header))

    header = good.header.encode()
    yield "a changed signature", bytes_field(1, good.envelope[:-1] + bytes([good.envelope[-1] ^ 1]))
    yield "a changed content", post[:-1] + b"!"
    yield "a salt without content", bytes_field(1, good.envelope) + bytes_field(2, good.salt)
    content = bytes_field(3, good.content)
    yield "fields in another order", bytes_field(2, good.salt) + bytes_field(1, good.envelope) + content
    yield "a field more", post + varint_field(4, 1)
    yield "a content of authority class", genesis + post[len(bytes_field(1, good.envelope)):]
    yield "another domain", sealed(header, domain=b"descord-op-v2")
    yield "another payload type", sealed(header, kind=b"/descord/oq")
    yield "a header in another order", sealed(header[2:] + header[:2])
    yield "a field twice", sealed(header + varint_field(13, 7))
    yield "a varint that is not minimal", sealed(b"\x08\x81\x00" + header[2:])
    yield "a known number with another wire type", sealed(header + bytes_field(13, b""))
    yield "an unknown value that is not minimal", sealed(header + bytes.fromhex("a0068100"))
    yield "an unknown tag that is not minimal", sealed(header + bytes.fromhex("a2860000"))
    yield "an unknown group", sealed(header + bytes.fromhex("a306a406"))
    yield "a kind above 32 bits", sealed(header.replace(b"\x38\xd0\x0f", varint_field(7, (1 << 32) + POST)))
    yield "no links", sealed(
        Header(kind=POST, clock=1, space=good.space, channel=good.space, content_hash=good.identifier,
               content_size=0).encode())
    yield "a kind without its channel", sealed(
        Header(kind=POST, clock=1, space=good.space, dependencies=(good.space,),
               content_hash=good.identifier, content_size=0).encode())
    yield "a link twice", sealed(
        Header(kind=CHANNEL_CREATE, clock=1, space=good.space, sequence=1, previous=good.space,
               dependencies=(good.space,), body=bytes_field(1, "x")).encode())
    yield "a name too long", sealed(
        Header(kind=CHANNEL_CREATE, clock=1, space=good.space, dependencies=(good.space,),
               body=bytes_field(1, "x" * 257)).encode())


def main():
    page, mine = expected(), made()
    results = [(name, page.get(name) == mine.get(name)) for name in sorted(page.keys() | mine.keys())]
    for name in ("channel operation", "genesis operation", "join operation", "post operation"):
        operation = operations.verify(bytes.fromhex(page[name]))
        results.append((f"{name} is verified", operation.encoded.hex() == page[name]))
    post = operations.verify(bytes.fromhex(page["post operation"]))
    bare = operations.verify(bytes_field(1, post.envelope))
    results.append(("the header-only form has the same id", bare.identifier == post.identifier))
    salted = hashlib.sha256(post.salt + post.content).hexdigest()
    results.append(("the content's hash is salted", salted == page["post content_hash"]))
    newer = post.header.encode() + bytes_field(99, b"later")
    later = operations.verify(bytes_field(1, identity.seal(
        Key(bytes(range(32))), operations.DOMAIN, operations.PAYLOAD_TYPE, newer)))
    results.append(("a field to come is kept", later.encoded.endswith(later.envelope)))
    for what, data in refusals(page):
        try:
            operations.verify(data)
            results.append((f"{what} is refused", False))
        except Malformed:
            results.append((f"{what} is refused", True))
    for what, held in results:
        print("ok" if held else "failed", what)
    failed = sum(not held for _, held in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
