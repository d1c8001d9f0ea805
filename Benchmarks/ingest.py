"""How many operations a second are verified, judged and stored durably."""

from bench import RUNS, inside

COUNT = 40_000


def measure(bench):
    runs = [inside(bench, "ingest", COUNT) for _ in range(RUNS)]
    for name, key in (
            ("signatures verified, both cores", "signatures_per_s"),
            ("operations decoded and verified, both cores", "verified_per_s"),
            ("operations judged and stored, in batches of 1,024", "stored_per_s"),
            ("operations verified and stored, as the node does both at once", "ingested_per_s")):
        bench.report.add(name, [run[key] for run in runs], "per s", more_is_better=True)
    bench.report.add(
        "  of the bare rate", [100 * run["ingested_per_s"] / run["signatures_per_s"] for run in runs], "%",
        more_is_better=True)
