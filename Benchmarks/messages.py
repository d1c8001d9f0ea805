"""Signed messages of 300 bytes from one process to another: verified, and also stored at both ends."""

import itertools
import shutil
import statistics
import time

import foreign
from bench import CHANNEL, RUNS, TEXT_BYTES, Inside, check, inside

MESSAGES = 20_000  # a run, verified and not stored
HISTORY = 5_000  # messages of one author that a member fetches
STORED = 1_500  # a run, stored at both ends; five runs stay below what one author may write at once


def measure(bench):
    report = bench.report
    bare = [inside(bench, "signatures", TEXT_BYTES) for _ in range(RUNS)]
    verify = report.add("Ed25519 verifications of 300 bytes, one core", [one["verify_per_s"] for one in bare],
                        "a second", more_is_better=True)
    report.add("Ed25519 signatures of 300 bytes, one core", [one["sign_per_s"] for one in bare], "a second",
               more_is_better=True)
    with Inside(bench, "messages") as server:
        rates = [MESSAGES / inside(bench, "messages", server.address, MESSAGES, TEXT_BYTES)["seconds"]
                 for _ in range(RUNS)]
    report.add("gossipsub, verified by the receiver, none lost", rates, "a second", go="messages verified",
               more_is_better=True)
    report.add("the same, beside bare verification on one core", rates, "a second", more_is_better=True,
               foreign=("Ed25519", verify.median))
    durable = stored(bench)
    report.add("descord to descord, verified and stored at both ends", durable, "a second",
               go="messages verified", more_is_better=True)
    report.add(f"a history of {HISTORY:,} messages, fetched by sync, verified and stored", history(bench),
               "a second", go="messages verified", more_is_better=True)
    for name, values in foreign.throughput(bench).items():
        report.add(f"{name} to {name}, verified, nothing stored", values, "a second", more_is_better=True)
        median = statistics.median(values)
        report.add(f"gossipsub, verified, beside {name}", rates, "a second", more_is_better=True,
                   foreign=(name, median))
        report.add(f"descord, stored at both ends, beside {name}", durable, "a second", more_is_better=True,
                   foreign=(name, median))


def stored(bench):
    """Messages a second from the first line typed into one `repl` until `listen` printed the last."""
    alice, bob = bench.pair("messages")
    rates = []
    numbers = itertools.count()
    with alice.start("listen", "--json") as listener:
        address = listener.address()
        with bob.start("repl", "--connect", address, stdin=True) as poster:
            poster.type(f"/post --wait 1 -c {CHANNEL} first")
            listener.next("the first message")
            for _ in range(RUNS):
                texts = [f"{next(numbers)} ".ljust(TEXT_BYTES, "x") for _ in range(STORED)]
                lines = "".join(f"/post --wait 0 -c {CHANNEL} {text}\n" for text in texts)
                start = time.perf_counter()
                poster.process.stdin.write(lines)
                poster.process.stdin.flush()
                arrived = [listener.lines.take("a message") for _ in range(STORED)]
                rates.append(STORED / (time.perf_counter() - start))
                check(all(text in line for text, line in zip(texts, arrived)), "messages came out of order")
            check(poster.stop(how=None) == 0, "the poster failed")
        listener.stop()
    return rates


def history(bench):
    """Messages a second that one `sync` brings home: from its start to its exit, everything on the disk."""
    rates = []
    alice, first = bench.pair("history-pair")
    template = first.path.parent / "template"
    shutil.copytree(first.path, template)
    lines = "".join(f"/post --wait 0 -c {CHANNEL} {f'{number} '.ljust(TEXT_BYTES, 'x')}\n"
                    for number in range(HISTORY))
    alice.run("repl", stdin=lines)
    with alice.start("listen", "--json") as listener:
        listener.address()
        for number in range(RUNS):
            bob = bench.home(f"history-{number}")
            shutil.copytree(template, bob.path)
            start = time.perf_counter()
            bob.run("sync", "--timeout", "60")
            rates.append(HISTORY / (time.perf_counter() - start))
            stored = len(bob.run("log", "--json", "-n", str(HISTORY * 2)).objects)
            check(stored == HISTORY, f"{stored} of {HISTORY} messages came")
        listener.stop()
    return rates
