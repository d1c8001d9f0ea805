"""multistream-select 1.0 over anything with `readexactly` and `write`."""

import protobuf
from protobuf import Malformed

HEADER = "/multistream/1.0.0"
MESSAGE_BYTES_MAX = 1_024


def message(text):
    return protobuf.delimited(text.encode() + b"\n")


async def read_uvarint(reader):
    """Reads a varint byte by byte: nothing after it may be taken."""
    data = b""
    while not data or data[-1] & 0x80:
        data += await reader.readexactly(1)
        if len(data) > protobuf.UVARINT_BYTES_MAX:
            raise Malformed("a varint is too long")
    return protobuf.read_uvarint(data)[0]


async def read_message(reader):
    size = await read_uvarint(reader)
    if not 0 < size <= MESSAGE_BYTES_MAX:
        raise Malformed("a negotiation message of a size out of bounds")
    data = await reader.readexactly(size)
    if not data.endswith(b"\n"):
        raise Malformed("a negotiation message without its end")
    return data[:-1].decode(errors="replace")


async def confirm(reader, protocol):
    """Reads the answers to a header and a proposal that went out in one flight."""
    if await read_message(reader) != HEADER:
        raise Malformed("the other side does not speak multistream-select")
    answer = await read_message(reader)
    if answer != protocol:
        raise Malformed(f"{protocol} was answered with {answer}")


async def select(channel, protocol):
    """Proposes one protocol and waits for the other side to agree."""
    channel.write(message(HEADER) + message(protocol))
    await confirm(channel, protocol)


async def accept(channel, protocols):
    """Answers proposals until one is among `protocols`, and returns it."""
    channel.write(message(HEADER))
    if await read_message(channel) != HEADER:
        raise Malformed("the other side does not speak multistream-select")
    while True:
        proposal = await read_message(channel)
        if proposal in protocols:
            channel.write(message(proposal))
            return proposal
        channel.write(message("na"))
