"""What the gossipsub router takes for one input, without sockets and signatures, and how often it
allocates."""

import shutil
import subprocess

from bench import ROOT, RUNS, inside

# (peers that are subscribed, those of them in the mesh)
MESSAGES = [(12, 12), (100, 100), (1_000, 1_000), (1_000, 12)]
DUPLICATES = [(12, 12), (1_000, 1_000)]
HEARTBEATS = [(1_000, 10)]  # (peers, topics)


def measure(bench):
    preload = counting_library(bench)
    if preload is None:
        bench.report.note("No C compiler: allocations are not counted.")
    for peers, mesh in MESSAGES:
        row(bench, preload, f"a message, {peers:,} subscribers, {mesh:,} in the mesh", "message", peers, mesh)
    for peers, mesh in DUPLICATES:
        row(bench, preload, f"a duplicate, {mesh:,} in the mesh", "duplicate", peers, mesh)
    for peers, topics in HEARTBEATS:
        row(bench, preload, f"a heartbeat, {peers:,} peers in {topics} topics", "heartbeat", peers, topics)


def row(bench, preload, name, *arguments):
    """Measures one input without scores and with them: time bare, allocations with the counter loaded."""
    for scoring, label in ((), name), (("scored",), f"{name}, scored"):
        times = [inside(bench, "router", *arguments, *scoring)["ns"] for _ in range(RUNS)]
        bench.report.add(label, [time / 1000 for time in times], "µs")
        if preload:
            counted = inside(bench, "router", *arguments, *scoring, preload=preload)["allocations"]
            bench.report.add("  allocations", [counted], "each")


def counting_library(bench):
    """Returns the path of `malloc_count.c`, compiled; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return None
    library = bench.folder / "malloc_count.so"
    subprocess.run([compiler, "-std=c11", "-O2", "-shared", "-fPIC", "-o", str(library),
                    str(ROOT / "Benchmarks" / "malloc_count.c")], check=True)
    return library
