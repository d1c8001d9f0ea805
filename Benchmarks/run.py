#!/usr/bin/env python3
"""Measures the release binary as a whole process, and prints medians of five runs.

usage: Benchmarks/run.py DESCORD

Everything happens on 127.0.0.1 in temporary homes. Figures are figures: nothing here passes or fails.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
HISTORY = 10_000


def main() -> None:
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="descord-bench-") as folder:
        bench = Bench(binary, pathlib.Path(folder))
        bench.start_up()
        bench.one_shot()
        bench.history()


class Bench:
    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        self.binary = binary
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder),
            "DESCORD_LISTEN": "/ip4/127.0.0.1", "DESCORD_NO_MDNS": "1",
        }

    def run(self, home: str, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [self.binary, *arguments], input=text, text=True, capture_output=True, check=False,
            env={**self.environment, "DESCORD_HOME": str(self.folder / home)})
        if done.returncode != 0:
            sys.exit(f"{arguments}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def timed(self, home: str, *arguments: str) -> float:
        start = time.perf_counter()
        self.run(home, *arguments)
        return (time.perf_counter() - start) * 1000

    def report(self, name: str, values: list[float], unit: str = "ms") -> None:
        print(f"{name:<52} {statistics.median(values):>10.2f} {unit}   "
              f"({min(values):.2f} to {max(values):.2f})", flush=True)

    def start_up(self) -> None:
        self.report("start-up: descord --version", [self.timed("none", "--version") for _ in range(RUNS)])

    def listener(self, home: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [self.binary, "listen", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.environment, "DESCORD_HOME": str(self.folder / home)})
        for line in process.stderr:
            if "listening on" in line:
                return process
        sys.exit("the listener did not start")

    def one_shot(self) -> None:
        self.run("alice", "keygen")
        self.run("alice", "space", "create", "ops")
        self.run("alice", "channel", "create", "general")
        ticket = self.run("alice", "space", "invite", "--uses", "5")
        listener = self.listener("alice")
        self.run("bob", "keygen")
        self.run("bob", "space", "join", "-", text=ticket)
        posts = []
        walls = []
        for number in range(RUNS + 1):
            start = time.perf_counter()
            posts.append(json.loads(self.run("bob", "post", "--json", "x" * 300, str(number))))
            walls.append((time.perf_counter() - start) * 1000)
        posts, walls = posts[1:], walls[1:]
        self.report("one-shot post: start to exit, stored by a listener", walls)
        for phase in ("start", "commit", "connect", "publish", "stored", "total"):
            values = [post["timings_ms"][phase] for post in posts]
            if all(value is not None for value in values):
                self.report(f"  until: {phase}" if phase == "total" else f"  phase: {phase}", values)
        status = pathlib.Path(f"/proc/{listener.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        self.report("resident memory of a listening node", [int(resident) / 1024], "MiB")
        self.burst(listener)
        listener.terminate()
        listener.wait()

    def burst(self, listener: subprocess.Popen) -> None:
        """A stream of messages from one running node to another, each stored at both ends."""
        count = 1_000
        lines = "".join(f"/post --wait 0 {'y' * 290} {number}\n" for number in range(count))
        start = time.perf_counter()
        self.run("bob", "repl", text=lines)
        seen = 0
        for line in listener.stdout:
            seen += json.loads(line)["text"].startswith("y")
            if seen == count:
                break
        seconds = time.perf_counter() - start
        self.report(f"{count} messages of 300 bytes, stored at both ends", [count / seconds], "messages/s")

    def history(self) -> None:
        self.run("dora", "keygen")
        self.run("dora", "space", "create", "long")
        self.run("dora", "channel", "create", "general")
        lines = "".join(f"/post --wait 0 message {number}\n" for number in range(HISTORY))
        start = time.perf_counter()
        self.run("dora", "repl", text=lines)
        self.report(f"{HISTORY} local posts in one process", [HISTORY / (time.perf_counter() - start)], "posts/s")
        self.report(
            f"start-up: descord log -n 50 of {HISTORY} messages",
            [self.timed("dora", "log", "-n", "50") for _ in range(RUNS)])


if __name__ == "__main__":
    main()
