"""Resident memory of a node that is subscribed and has nothing to do."""

import foreign
from bench import RUNS, resident_mib


def measure(bench):
    values = []
    for number in range(RUNS):
        alice, _ = bench.pair(f"memory{number}")
        with alice.start("listen", "--json") as listener:
            listener.address()
            values.append(resident_mib(listener.process.pid))
            listener.stop()
    bench.report.add("descord listen, one space", values, "MiB", go="idle memory")
    for name, resident in foreign.idle_memory(bench).items():
        bench.report.add(f"{name}, one topic", [resident], "MiB")
        bench.report.add(f"descord listen, beside {name}", values, "MiB", foreign=(name, resident))
