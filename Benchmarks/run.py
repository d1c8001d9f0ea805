#!/usr/bin/env python3
"""Measures descord, and in the same run the foreign peers that are there; prints medians of five runs.

Figures are figures: nothing passes or fails on time; a measurement fails when something is lost or wrong.
Everything happens on 127.0.0.1 and in a temporary folder. `make bench` builds both programs and runs this.
"""

import argparse
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
from bench import ROOT, Bench, Failure  # noqa: E402 (no bytecode is written from here on)
from figures import FIRST_WORDS, Report
import history
import ingest
import memory
import messages
import oneshot
import reconciliation
import roundtrips
import router
import startup
import transport
import wirebytes

THEMES = {
    "start-up": startup.measure,
    "one-shot": oneshot.measure,
    "round-trips": roundtrips.measure,
    "stream": transport.stream,
    "messages": messages.measure,
    "router": router.measure,
    "wire": wirebytes.measure,
    "connections": transport.connections,
    "memory": memory.measure,
    "ingest": ingest.measure,
    "reconciliation": reconciliation.measure,
    "history": history.measure,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("descord", nargs="?", default=str(ROOT / ".build/release/descord"))
    parser.add_argument("--in-process", default=str(ROOT / ".build/release/InProcessBenchmark"))
    parser.add_argument("--p2pd", default=str(ROOT / ".interop/p2pd"))
    parser.add_argument("--only", action="append", choices=THEMES, help="one theme; may be repeated")
    parser.add_argument("--json", type=pathlib.Path, help="file for the figures")
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/benchmarks.md")
    parser.add_argument("--from", dest="earlier", help="measure nothing: show what --json wrote in FILE",
                        metavar="FILE")
    parser.add_argument("--page", type=pathlib.Path, help="page whose tables to replace: docs/benchmarks.md")
    options = parser.parse_args()
    if options.earlier:
        show(Report.read_json(options.earlier), options)
        return 0
    for program in (options.descord, options.in_process):
        if not pathlib.Path(program).exists():
            parser.error(f"{program} is not built: make bench")
    report = Report(is_quiet=options.markdown)
    failed = []
    with tempfile.TemporaryDirectory(prefix="descord-bench-") as folder:
        bench = Bench(options.descord, options.in_process, options.p2pd, folder, report)
        for name in options.only or THEMES:
            report.begin(name)
            try:
                THEMES[name](bench)
            except (Failure, OSError, ValueError, KeyError) as failure:
                failed.append(name)
                print(f"{name}: {type(failure).__name__}: {failure}", file=sys.stderr, flush=True)
    show(report, options)
    if options.json:
        report.write_json(options.json)
    return 1 if failed else 0


def show(report, options):
    """Prints the tables, or puts them into a page behind what a person wrote there."""
    if options.markdown:
        print(report.markdown(), end="")
    if options.page:
        written = options.page.read_text().split(f"\n{FIRST_WORDS} ")[0].rstrip()
        options.page.write_text(f"{written}\n\n{report.markdown()}")


if __name__ == "__main__":
    sys.exit(main())
