"""Lets `descord post` lose its power at each of its changes to the disk.

Usage: `run.py DESCORD SHIM.so [--seeds 0,1]`. Whatever was lost, every id that was ever printed is still
there,
the database opens and is sound, and the next post works. With a seed, some of what was not synced
survives, as
on a real disk.
"""

import argparse
import os
import pathlib
import shutil
import signal
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from descord import Failure, Home, check  # noqa: E402 (found through the path above)

CHANGES_MAX = 2000  # of one post: many times what it makes
CHANGES_MIN = 4  # fewer would mean that the library was not loaded
BEFORE = 3  # messages that stood there before the power went


def prepare(binary, folder):
    """Makes a home with a few messages, and returns it with their ids."""
    home = Home(binary, folder)
    home.run("keygen")
    home.run("space", "create", "attic")
    home.run("channel", "create", "general")
    return home, [home.run("post", "--json", f"before {number}").object["op"] for number in range(BEFORE)]


def stored(home):
    return {row["op"] for row in home.run("log", "--json", "-n", "1000").objects}


def lose_power(binary, shim, template, printed, at, seed):
    """Posts in a copy of the home, losing the power at change `at`; returns whether it was lost."""
    with tempfile.TemporaryDirectory(prefix="powerloss-") as folder:
        path = pathlib.Path(os.path.realpath(folder), "home")
        shutil.copytree(template, path, ignore=shutil.ignore_patterns("*.sock"))
        home = Home(binary, path)
        result = home.run(
            "post", "--json", f"power fails at {at}", code=None, LD_PRELOAD=str(shim),
            POWERLOSS_DIRECTORY=str(path), POWERLOSS_AT=str(at), POWERLOSS_SEED=str(seed and seed + at))
        lost = result.code == -signal.SIGKILL
        check(lost or result.code == 0, f"change {at}: exited {result.code}: {result.err.strip()[-300:]}")
        promised = printed + [row["op"] for row in result.objects]
        missing = [op for op in promised if op not in stored(home)]
        check(not missing, f"change {at}: {len(missing)} printed messages are gone, such as {missing[:1]}")
        after = home.run("post", "--json", "after").object["op"]
        check(set(promised) | {after} <= stored(home), f"change {at}: the next post is not there")
        with sqlite3.connect(path / "descord.db") as database:
            sound = database.execute("PRAGMA integrity_check").fetchone()
        check(sound == ("ok",), f"change {at}: the database is damaged: {sound}")
        return lost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("descord", type=pathlib.Path)
    parser.add_argument("shim", type=pathlib.Path)
    parser.add_argument("--seeds", default="0,1", help="0 loses all that was not synced (default: 0,1)")
    options = parser.parse_args()
    binary, shim = options.descord.resolve(), options.shim.resolve()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="powerloss-") as folder:
        try:
            home, printed = prepare(binary, pathlib.Path(folder, "template"))
        except Failure as failure:
            print(f"power loss: no home could be prepared: {failure}\n0 passed, 1 failed")
            return 1
        for seed in map(int, options.seeds.split(",")):
            try:
                at = 1
                while lose_power(binary, shim, home.path, printed, at, seed):
                    at += 1
                    check(at < CHANGES_MAX, f"a post of {at} changes")
                check(at > CHANGES_MIN, f"a post of {at - 1} changes: the library was not loaded")
                print(f"power loss, seed {seed}: held at each of {at - 1} changes", flush=True)
                passed += 1
            except Failure as failure:
                print(f"power loss, seed {seed}: failed: {failure}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
