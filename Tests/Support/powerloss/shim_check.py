"""Shows that the shim loses exactly what was not synced, names and bytes: `shim_check.py SHIM.so`."""

import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile

# Each line of output is a promise: what stands above it was synced.
STORY = """
import os
def sync_folder():
    folder = os.open(".", os.O_RDONLY); os.fsync(folder); os.close(folder)
os.chdir(os.environ["POWERLOSS_DIRECTORY"])
file = os.open("a", os.O_RDWR | os.O_CREAT, 0o600)
os.write(file, b"one")
os.fsync(file); sync_folder(); print("a=one", flush=True)
os.pwrite(file, b"TWO-and-more", 0)
os.ftruncate(file, 3)
os.fsync(file); print("a=TWO", flush=True)
other = os.open("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
os.write(other, b"three"); os.fsync(other)
os.rename("new", "a"); sync_folder(); print("a=three", flush=True)
os.unlink("a"); sync_folder(); print("a=", flush=True)
"""

DATABASE_STORY = """
import os, sqlite3
database = sqlite3.connect(os.environ["POWERLOSS_DIRECTORY"] + "/test.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = %s")
database.execute("CREATE TABLE IF NOT EXISTS promise (number INTEGER)")
for number in range(5):
    database.execute("INSERT INTO promise VALUES (?)", (number,))
    print(number, flush=True)
"""


def lose(shim, story, at, folder, seed=0):
    """Runs a story that loses its power at one change; returns whether it did, and its promises."""
    environment = os.environ | {
        "LD_PRELOAD": shim, "POWERLOSS_DIRECTORY": folder, "POWERLOSS_AT": str(at),
        "POWERLOSS_SEED": str(seed)}
    run = subprocess.run([sys.executable, "-c", story], env=environment, stdout=subprocess.PIPE, text=True,
                         check=False)
    if run.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"the story ended with {run.returncode} at change {at}")
    return run.returncode != 0, run.stdout.split()


def content(path):
    return path.read_text() if path.exists() else ""


def check_names_and_bytes(shim):
    """What stands on the disk is what was promised last, and nothing in between."""
    for at in range(1, 1000):
        with tempfile.TemporaryDirectory() as folder:
            lost, promises = lose(shim, STORY, at, folder)
            due = promises[-1].split("=")[1] if promises else ""
            found = content(pathlib.Path(folder, "a"))
            if found != due:
                raise SystemExit(f"change {at}: `{found}` on the disk, `{due}` was promised")
            if not lost:
                return at - 1
    raise SystemExit("the story does not end")


def check_database(shim, level, seed=0):
    """Returns the number of changes, and of runs after which something promised was missing."""
    broken = 0
    for at in range(1, 1000):
        with tempfile.TemporaryDirectory() as folder:
            lost, promises = lose(shim, DATABASE_STORY % level, at, folder, seed and seed + at)
            database = sqlite3.connect(folder + "/test.db")
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise SystemExit(f"change {at}: the database is damaged")
            known = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            stored = {row[0] for row in database.execute("SELECT number FROM promise")} if known else set()
            database.close()
            broken += not {int(promise) for promise in promises} <= stored
            if not lost:
                return at - 1, broken
    raise SystemExit("the story does not end")


def main():
    shim = os.path.abspath(sys.argv[1])
    changes = check_names_and_bytes(shim)
    print(f"names and bytes: {changes} changes")
    for seed in (0, 1, 2):
        changes, broken = check_database(shim, "FULL", seed)
        print(f"synchronous=FULL, seed {seed}: {changes} changes, {broken} runs with a loss")
        if broken:
            return 1
    changes, broken = check_database(shim, "OFF")
    print(f"synchronous=OFF: {changes} changes, {broken} runs with a loss")
    return 0 if broken else 1  # a shim that loses nothing there would prove nothing anywhere


if __name__ == "__main__":
    sys.exit(main())
