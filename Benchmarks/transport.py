"""One stream and many connections between two processes, and the cryptography that bounds them."""

from bench import RUNS, Inside, inside

STREAM_BYTES = 1_000_000_000
CONNECTIONS = 500


def stream(bench):
    ciphers = [inside(bench, "cipher") for _ in range(RUNS)]
    with Inside(bench) as server:
        rates = [STREAM_BYTES / 1e6 / inside(bench, "stream", server.address, STREAM_BYTES)["seconds"]
                 for _ in range(RUNS)]
    report = bench.report
    seal = report.add("ChaCha20-Poly1305, full Noise frames sealed, one core",
                      [one["seal_mb_per_s"] for one in ciphers], "MB/s", more_is_better=True)
    report.add("ChaCha20-Poly1305, full Noise frames opened, one core",
               [one["open_mb_per_s"] for one in ciphers], "MB/s", more_is_better=True)
    report.add("one stream over Noise and Yamux, two processes", rates, "MB/s", go="stream",
               more_is_better=True)
    report.add("the same, beside the bare cipher on one core", rates, "MB/s", more_is_better=True,
               foreign=("cipher", seal.median))


def connections(bench):
    with Inside(bench) as server:
        inside(bench, "connections", server.address, 50)
        runs = [inside(bench, "connections", server.address, CONNECTIONS) for _ in range(RUNS)]
    report = bench.report
    report.add("connections with identify, one after another", [one["per_s"] for one in runs], "a second",
               go="connections", more_is_better=True)
    report.add("one connection until identified, median",
               [one["median_ms"] for one in runs], "ms", go="connection p50")
