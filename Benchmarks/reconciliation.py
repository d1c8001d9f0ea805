"""What negentropy takes to compare two sets in memory, and what it sends."""

from bench import RUNS, inside

DIFFERENCES = 100  # recent ones of each side
SIZES = (10_000, 100_000, 1_000_000)


def measure(bench):
    both = f"{DIFFERENCES} + {DIFFERENCES} recent differences, both ends"
    for size in SIZES:
        runs = [inside(bench, "reconciliation", size, DIFFERENCES) for _ in range(RUNS)]
        for name, key, unit in (
                (f"{size:,} items: the storage, from sorted items", "build_ms", "ms"),
                (f"{size:,} items: the first message", "opening_ms", "ms"),
                (f"{size:,} items, {both}", "whole_ms", "ms"),
                ("  round trips", "round_trips", "each"), ("  bytes both ways", "bytes", "bytes")):
            values = [run[key] for run in runs]
            bench.report.add(name, values if unit == "ms" else values[:1], unit)
