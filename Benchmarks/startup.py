"""How long a process takes that does next to nothing: the floor under everything else."""

import bench as shared
from bench import RUNS, check, milliseconds, start_quietly

STARTS = 10  # processes a run; a run's value is their mean
HISTORY = 10_000  # messages; what an author may write at once


def measure(bench):
    report = bench.report
    starts = [milliseconds(lambda: [start_quietly(["/bin/true"]) for _ in range(STARTS)]) / STARTS
              for _ in range(RUNS)]
    report.add("a process that does nothing (/bin/true), as timed here", starts, "ms")
    report.add("descord --version", each(bench, None, "--version"), "ms")
    home = bench.home("history")
    home.run("keygen")
    home.run("space", "create", "long")
    home.run("channel", "create", shared.CHANNEL)
    report.add("descord log, no messages", each(bench, home, "log"), "ms")
    lines = "".join(f"/post --wait 0 message number {number}\n" for number in range(HISTORY))
    spent = milliseconds(lambda: home.run("repl", stdin=lines))
    stored = len(home.run("log", "--json", "-n", str(HISTORY * 2)).objects)
    check(stored == HISTORY, f"{stored} of {HISTORY} posts are stored")
    report.add(f"descord log -n 50 of {HISTORY:,} messages", each(bench, home, "log", "-n", "50"), "ms")
    report.add(f"descord log of {HISTORY:,} messages, all of them",
               each(bench, home, "log", "-n", str(HISTORY)), "ms")
    report.add("local posts in one process, one transaction and fsync each", [HISTORY / spent * 1000],
               "a second", more_is_better=True)


def each(bench, home, *arguments):
    """Returns the milliseconds of one process, the mean of a run, for every run."""
    environment = (home or bench.home("nobody")).environment()
    command = [bench.binary, *arguments]
    start_quietly(command, env=environment)
    return [milliseconds(lambda: [start_quietly(command, env=environment) for _ in range(STARTS)]) / STARTS
            for _ in range(RUNS)]
