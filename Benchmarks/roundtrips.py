"""Round trips from connecting until the listener has the dialler's first application byte.

A proxy delays every byte by D each way. What is counted: the seconds from the moment at which the dialler's
TCP connection stood until the listener handled the first gossipsub RPC of the dialler (its trace says when,
to the millisecond), divided by 2 D; plus one for TCP's own handshake, which the proxy's kernel answers at
once and a real path does not. Half a round trip is a flight that arrived and was not answered.
"""

import json
import time

from bench import CHANNEL, RUNS, TEXT_BYTES, Failure, check
from proxy import Proxy

DELAY_SECONDS = 0.05  # each way: far above what the processes themselves take
TCP_HANDSHAKE = 1


def measure(bench):
    runs = [once(bench, number) for number in range(RUNS)]
    firsts, stored, exits = zip(*runs)
    report = bench.report
    report.add("connect to the first application byte, with TCP's round trip", list(firsts), "round trips")
    report.add("connect until the listener has stored and printed it", list(stored), "round trips")
    report.add("connect until the poster has the receipt and has left", list(exits), "round trips")


def once(bench, number):
    alice, bob = bench.pair(f"roundtrips{number}")
    trace = bench.folder / f"roundtrips{number}.trace"
    # Its remembered port would be dialled beside the proxy; nothing listens there now.
    elsewhere = "/ip4/127.0.0.1/tcp/0"
    with alice.start("listen", "--json", "--listen", elsewhere, DESCORD_TRACE=str(trace)) as listener:
        address = listener.address()
        port = int(address.split("/tcp/", 1)[1].split("/")[0])
        with Proxy(port, DELAY_SECONDS) as proxy:
            through = address.replace(f"/tcp/{port}", f"/tcp/{proxy.port}")
            text = "x" * TEXT_BYTES
            running = bob.start("post", "--json", "-c", CHANNEL, "--connect", through, text)
            with running:
                line = json.loads(listener.lines.take("the post"))
                received = time.time()
                posted = running.next("the result")
                check(running.stop(how=None) == 0, "the post failed")
                ended = time.time()
            check(line["text"] == text and posted["stored_by"] == 1, f"not stored: {posted}")
            check(len(proxy.accepted_at) == 1, f"{len(proxy.accepted_at)} connections were made")
            accepted = proxy.accepted_at[0]
        listener.stop()
    first = first_rpc(trace, bob.run("id", "--json").object["peer_id"])
    return tuple(TCP_HANDSHAKE + (at - accepted) / (2 * DELAY_SECONDS) for at in (first, received, ended))


def first_rpc(trace, peer):
    """Returns when the listener handled the peer's first RPC, in seconds since 1970."""
    for line in trace.read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "RECV_RPC" and event["recvRPC"]["receivedFrom"] == peer:
            return event["timestamp"] / 1e9
    raise Failure("the listener's trace has no RPC of the poster")
