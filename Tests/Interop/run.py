"""Runs the interop scenarios: `run.py --peer p2pd|py-libp2p|pair --p2pd FILE [--descord FILE] [--long]`.

Prints one line a scenario, then one line with the peer's own counts, then `N passed, N failed`.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import tempfile
import time

import longrun
import pair
import scenarios
from descord import Failure
from p2pd import P2PD
from pylibp2p import PyLibP2P


def attempt(name, body):
    """Runs one scenario and says how it went; the reason is one line."""
    start = time.monotonic()
    try:
        body()
    except (Failure, OSError, EOFError, ValueError, KeyError) as failure:
        print(f"failed {name}: {type(failure).__name__}: {failure}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def counts(peer):
    return f"{peer.name}: {peer.sent} messages sent, {peer.received} received"


def run_pair(options):
    with P2PD(options.p2pd) as go, PyLibP2P() as python:
        held = attempt("p2pd and py-libp2p", lambda: pair.run(go, python, options.messages))
        print(counts(go), counts(python), sep="\n")
        return int(held), int(not held), (go, python)


def place(folder):
    """Returns the folder of the homes and traces as a context: a passing one unless it was named."""
    if not folder:
        return tempfile.TemporaryDirectory(prefix="interop-")
    folder.mkdir(parents=True, exist_ok=True)
    return contextlib.nullcontext(folder)


def long_exchange(messages):
    """Returns the long exchange as a scenario."""
    def exchange(world):
        longrun.exchange(world, messages)

    return exchange


def run_peer(peer, options):
    """Every scenario builds on those before it, so the first failure ends the run."""
    passed, world = 0, None
    with place(options.folder) as folder, peer:
        def prepare():
            nonlocal world
            world = scenarios.World(options.descord, folder, peer)

        held = attempt("prepare", prepare)
        chosen = scenarios.ALL
        if options.long:
            chosen = [long_exchange(options.messages), longrun.harness_sees_an_offence]
        for number, scenario in enumerate(chosen if held else []):
            held = attempt(scenario.__name__.replace("_", " "), lambda: scenario(world))
            if not held:
                for other in chosen[number + 1:]:
                    print(f"not run: {other.__name__.replace('_', ' ')}")
                break
            passed += 1
        print(counts(peer))
        if not (peer.sent and peer.received):
            print(f"failed: {peer.name} did not both send and receive")
            held = False
    return passed, int(not held), (peer,)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", choices=("p2pd", "py-libp2p", "pair"), required=True)
    parser.add_argument("--p2pd", required=True)
    parser.add_argument("--descord")
    parser.add_argument("--report", type=pathlib.Path, help="file for the counts, as JSON")
    parser.add_argument("--folder", type=pathlib.Path, help="keeps homes and traces there")
    parser.add_argument("--long", action="store_true", help="the long exchange instead of the scenarios")
    parser.add_argument("--messages", type=int, help="how many are sent each way")
    options = parser.parse_args()
    options.messages = options.messages or (longrun.MESSAGES if options.long else scenarios.MESSAGES)
    scenarios.MESSAGES = options.messages
    if options.peer == "pair":
        passed, failed, peers = run_pair(options)
    else:
        if not options.descord:
            parser.error("--descord is needed with a single peer")
        peer = P2PD(options.p2pd) if options.peer == "p2pd" else PyLibP2P()
        passed, failed, peers = run_peer(peer, options)
    if options.report:
        counted = [{"name": peer.name, "sent": peer.sent, "received": peer.received} for peer in peers]
        options.report.write_text(json.dumps({"passed": passed, "failed": failed, "peers": counted}))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
