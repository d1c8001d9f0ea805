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
