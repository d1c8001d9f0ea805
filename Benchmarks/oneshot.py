"""A new process that posts one message and leaves: from its start until a listening member has stored it, and
until it has exited. The same of the foreign peers, which store nothing."""

import json
import statistics
import subprocess
import time

import foreign
from bench import CHANNEL, RUNS, TEXT_BYTES, check

POSTS = 10  # a run; a run's value is their median
PHASES = ("start", "commit", "connect", "publish", "stored", "total")


def measure(bench):
    alice, bob = bench.pair("oneshot")
    with alice.start("listen", "--json") as listener:
        listener.address()
        post(bob, listener)
        runs = [[post(bob, listener) for _ in range(POSTS)] for _ in range(RUNS)]
        listener.stop()
    receipts, exits = ([statistics.median(one[index] for one in run) for run in runs] for index in (0, 1))
    others = foreign.one_shots(bench)
    report = bench.report
    receipt = "post: process start until printed by a listener that stored it"
    report.add(receipt, receipts, "ms", go="one-shot to receipt")
    report.add("post: process start to exit, receipt stored", exits, "ms", go="one-shot to exit")
    for phase in PHASES:
        values = [statistics.median(one[2][phase] or 0 for one in run) for run in runs]
        report.add(f"  timings_ms.{phase}", values, "ms")
    for name, (to_receipt, to_exit) in others.items():
        report.add(f"{name}: process start to receipt, nothing stored", to_receipt, "ms")
        report.add(f"{name}: process start to exit", to_exit, "ms")
        report.add(f"post to receipt, beside {name}", receipts, "ms",
                   foreign=(name, statistics.median(to_receipt)))
        report.add(f"post to exit, beside {name}", exits, "ms", foreign=(name, statistics.median(to_exit)))


def post(bob, listener):
    """Posts once; returns the milliseconds to the listener's line and to the exit, and `timings_ms`."""
    text = f"{time.time_ns()} ".ljust(TEXT_BYTES, "x")
    start = time.perf_counter()
    process = subprocess.Popen(
        [bob.binary, "post", "--json", "-c", CHANNEL, text], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=bob.environment())
    line = listener.lines.take("the post")
    received = time.perf_counter()
    out, err = process.communicate()
    ended = time.perf_counter()
    check(process.returncode == 0, f"post exited {process.returncode}: {err[-300:]}")
    posted = json.loads(out)
    check(json.loads(line)["text"] == text, "another message came")
    check(posted["status"] == "stored" and posted["stored_by"] == 1, f"not stored: {posted}")
    return (received - start) * 1000, (ended - start) * 1000, posted["timings_ms"]
