#!/usr/bin/env python3
"""Runs what the command line must withstand: `run.py --descord BINARY [SCENARIO…]`, all without a name.

`--list` prints the names. SCALE widens the randomised ones, SEED repeats one.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
import time
import traceback

from place import SCENARIOS, Failure, Place
import alone  # noqa: F401 (each module registers its scenarios)
import archives  # noqa: F401
import clocks  # noqa: F401
import content  # noqa: F401
import cookbook  # noqa: F401
import crowds  # noqa: F401
import cursors  # noqa: F401
import days  # noqa: F401
import disks  # noqa: F401
import endings  # noqa: F401
import files  # noqa: F401
import hooks  # noqa: F401
import kills  # noqa: F401
import lines  # noqa: F401
import locks  # noqa: F401
import losses  # noqa: F401
import measures  # noqa: F401
import moderation  # noqa: F401
import plumbing  # noqa: F401
import progress  # noqa: F401
import refusals  # noqa: F401
import scripts  # noqa: F401
import twohomes  # noqa: F401


MINUTES = 10  # for one scenario at SCALE=1: only ever reached by one that hangs


def give_up(*_):
    raise Failure("this scenario hangs")


def main():
    # Whoever starts this may block signals, which what is started here would inherit.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGALRM, give_up)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--descord", help="the binary")
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    if options.list:
        print("\n".join(sorted(SCENARIOS)))
        return 0
    binary = os.path.abspath(options.descord or parser.error("--descord is missing"))
    failed = 0
    for name in options.scenarios or sorted(SCENARIOS):
        seed = int(os.environ.get("SEED") or secrets.randbits(32))
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="descord-shell-", ignore_cleanup_errors=True) as folder:
            place = Place(binary, folder, int(os.environ.get("SCALE") or 1), seed)
            try:
                signal.alarm(MINUTES * 60 * place.scale)
                SCENARIOS[name](place)
                print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
            except Exception as error:  # whatever goes wrong is a failure of the scenario
                failed += 1
                detail = str(error) if isinstance(error, Failure) else traceback.format_exc()
                print(f"failed  {name}, seed {seed}: {detail}", flush=True)
            finally:
                signal.alarm(0)
                place.leaving.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
