"""Keys, peer ids, addresses, signed envelopes and tickets: sections 2 and 6 of docs/protocol.md."""

import dataclasses
import ipaddress

import nacl.bindings
import nacl.exceptions
import nacl.signing

import protobuf
from protobuf import Malformed, bytes_field, delimited

KEY_PREFIX = bytes.fromhex("08011220")  # the protobuf of an Ed25519 public key, up to the 32 bytes
PEER_ID_PREFIX = bytes.fromhex("0024")  # identity multihash of 36 bytes
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3
TICKET_PREFIX, TICKET_CHARACTERS_MAX = "descord", 65_536
TICKET_DOMAIN, TICKET_TYPE = b"descord-ticket-v1", b"/descord/ticket"
RECORD_DOMAIN, RECORD_TYPE = b"libp2p-peer-record", bytes.fromhex("0301")
JOIN_DOMAIN = b"descord-join-v1"
IP4, TCP, IP6, P2P = 4, 6, 41, 421
ADDRESSES_MAX, OTHERS_MAX, NAME_BYTES_MAX = 8, 4, 256


class Key:
    """An Ed25519 private key made of its seed."""

    def __init__(self, seed):
        self.signing = nacl.signing.SigningKey(seed)
        self.seed, self.public = seed, bytes(self.signing.verify_key)
        self.peer_id = peer_id(self.public)

    def sign(self, message):
        return self.signing.sign(message).signature


def verify(key, signature, message):
    """Whether a detached signature is good by libsodium's rules, which are the protocol's."""
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except nacl.exceptions.BadSignatureError:
        return False
    return True


def is_author_key(key):
    """Whether a key is a canonical point of the main subgroup."""
    return len(key) == 32 and nacl.bindings.crypto_core_ed25519_is_valid_point(key)


def public_key_message(key):
    return KEY_PREFIX + key


def raw_key(message):
    """Returns the 32 bytes of a libp2p public key; other kinds of keys are refused."""
    if len(message) != 36 or not message.startswith(KEY_PREFIX):
        raise Malformed("not an Ed25519 public key")
    return message[4:]


def peer_id(key):
    return PEER_ID_PREFIX + public_key_message(key)


def key_of_peer(identifier):
    if not identifier.startswith(PEER_ID_PREFIX):
        raise Malformed("a peer id that does not carry its key")
    return raw_key(identifier[2:])


def base58(data):
    number, out = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        out = BASE58[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def unbase58(text):
    number = 0
    for character in text:
        if character not in BASE58:
            raise Malformed("not base58")
        number = number * 58 + BASE58.index(character)
    body = number.to_bytes((number.bit_length() + 7) // 8)
    return bytes(len(text) - len(text.lstrip("1"))) + body


@dataclasses.dataclass(frozen=True)
class Address:
    """Where to dial and whom to expect there: /ip4|ip6/…/tcp/…[/p2p/…], of all multiaddrs."""

    host: str
    port: int
    peer: bytes | None = None

    @staticmethod
    def parse(text):
        parts = text.split("/")
        if len(parts) not in (5, 7) or parts[0] or parts[1] not in ("ip4", "ip6") or parts[3] != "tcp":
            raise Malformed(f"not an address of TCP: {text}")
        if len(parts) == 7 and parts[5] != "p2p":
            raise Malformed(f"not an address of TCP: {text}")
        return Address(parts[2], int(parts[4]), unbase58(parts[6]) if len(parts) == 7 else None)

    @staticmethod
    def decode(data):
        """Returns the address of a binary multiaddr, or None when it is not one of TCP."""
        code, at = protobuf.read_uvarint(data)
        if code not in (IP4, IP6):
            return None
        end = at + (4 if code == IP4 else 16)
        host = str(ipaddress.ip_address(data[at:end]))
        code, at = protobuf.read_uvarint(data, end)
        if code != TCP or at + 2 > len(data):
            return None
        port, at, peer = int.from_bytes(data[at:at + 2]), at + 2, None
        if at < len(data):
            code, at = protobuf.read_uvarint(data, at)
            size, at = protobuf.read_uvarint(data, at)
            if code != P2P or at + size != len(data):
                return None
            peer = data[at:]
        return Address(host, port, peer)

    def encode(self):
        packed = ipaddress.ip_address(self.host).packed
        data = protobuf.uvarint(IP4 if len(packed) == 4 else IP6) + packed
        data += protobuf.uvarint(TCP) + self.port.to_bytes(2)
        return data if self.peer is None else data + protobuf.uvarint(P2P) + delimited(self.peer)


def envelope_signed_bytes(domain, payload_type, payload):
    return delimited(domain) + delimited(payload_type) + delimited(payload)


def seal(key, domain, payload_type, payload):
    """Returns a libp2p signed envelope."""
    signature = key.sign(envelope_signed_bytes(domain, payload_type, payload))
    return (bytes_field(1, public_key_message(key.public)) + bytes_field(2, payload_type)
            + bytes_field(3, payload) + bytes_field(5, signature))


def open_envelope(data, domain, payload_type):
    """Returns signer and payload of a canonical envelope with a good signature."""
    found = protobuf.fields(data)
    if [(number, wire) for number, wire, _ in found] != [(n, protobuf.BYTES) for n in (1, 2, 3, 5)]:
        raise Malformed("the envelope is not canonical")
    public, kind, payload, signature = (value for _, _, value in found)
    signer = raw_key(public)
    if kind != payload_type:
        raise Malformed("the envelope holds something else")
    if not verify(signer, signature, envelope_signed_bytes(domain, kind, payload)):
        raise Malformed("the envelope's signature is not good")
    return signer, payload


@dataclasses.dataclass(frozen=True)
class Record:
    """A signed peer record: who can be reached where."""

    peer: bytes
    sequence: int
    addresses: tuple
    envelope: bytes

    @staticmethod
    def decode(envelope):
        signer, payload = open_envelope(envelope, RECORD_DOMAIN, RECORD_TYPE)
        message = protobuf.Message(payload)
        subject = message.bytes(1)
        if subject != peer_id(signer):
            raise Malformed("the record is not by its subject")
        addresses = [Address.decode(protobuf.Message(info).bytes(1) or b"\0") for info in message.all(3)]
        return Record(subject, message.number(2) or 0, tuple(a for a in addresses if a), envelope)


def bech32_checksum(prefix, values):
    check = 1
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    for value in expanded + values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def bech32_encode(prefix, data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at:at + 5], 2) for at in range(0, len(bits), 5)]
    check = bech32_checksum(prefix, values + [0] * 6) ^ BECH32M
    return prefix + "1" + "".join(BECH32[v] for v in values + [check >> 5 * (5 - i) & 31 for i in range(6)])


def bech32_decode(text):
    """Returns prefix and bytes of bech32m text of any length."""
    if text not in (text.lower(), text.upper()):
        raise Malformed("upper and lower case are mixed")
    prefix, one, rest = text.lower().rpartition("1")
    if not one or len(rest) < 6 or any(character not in BECH32 for character in rest):
        raise Malformed("not bech32m")
    values = [BECH32.index(character) for character in rest]
    if bech32_checksum(prefix, values) != BECH32M:
        raise Malformed("the checksum is wrong")
    bits = "".join(f"{value:05b}" for value in values[:-6])
    spare = len(bits) % 8
    if spare > 4 or "1" in bits[len(bits) - spare:]:
        raise Malformed("padding that is not zero")
    return prefix, bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits) - spare, 8))


@dataclasses.dataclass(frozen=True)
class Ticket:
    """What a newcomer needs: the space, the invite with its key, and where its members are."""

    inviter: bytes
    space: bytes
    name: str
    invite: bytes
    key: Key
    peers: tuple  # of (peer id, addresses)

    @staticmethod
    def parse(text):
        text = text.strip()
        if len(text) > TICKET_CHARACTERS_MAX:
            raise Malformed("the ticket is too long")
        prefix, data = bech32_decode(text)
        if prefix != TICKET_PREFIX:
            raise Malformed("not a ticket of descord")
        inviter, payload = open_envelope(data, TICKET_DOMAIN, TICKET_TYPE)
        message = protobuf.Message(payload)
        if message.number(1) != 1:
            raise Malformed("a ticket of an unknown version")
        space, name, invite, seed = message.bytes(2), message.text(3), message.bytes(4), message.bytes(5)
        if any(value is None or len(value) != 32 for value in (space, invite, seed)):
            raise Malformed("the ticket lacks something")
        if name is None or len(name.encode()) > NAME_BYTES_MAX:
            raise Malformed("the ticket's name of the space is too long")
        peers = []
        for entry in map(protobuf.Message, message.all(6)):
            identifier, addresses = entry.bytes(1), entry.all(2)
            if identifier is None or len(addresses) > ADDRESSES_MAX:
                raise Malformed("a peer of the ticket is not good")
            known = [Address.decode(address) for address in addresses]
            peers.append((identifier, tuple(a for a in known if a)))
        if not peers or len(peers) > 1 + OTHERS_MAX or peers[0][0] != peer_id(inviter):
            raise Malformed("the ticket's peers do not begin with its inviter")
        return Ticket(inviter, space, name, invite, Key(seed), tuple(peers))

    def join_message(self, joiner):
        return JOIN_DOMAIN + self.space + self.invite + joiner

    def join_signature(self, joiner):
        return self.key.sign(self.join_message(joiner))

    def join_proof(self, joiner, handshake_hash):
        return self.key.sign(self.join_message(joiner) + handshake_hash)
