"""How long `log` and `search` take in a space of a million messages, in a database that is made for it."""

import os
import random
import sqlite3
import time

from bench import CHANNEL, READY_SECONDS, RUNS, check, milliseconds, start_quietly

MESSAGES = int(os.environ.get("MESSAGES") or 1_000_000)
STARTS = 5  # processes a run; a run's value is their mean
WORDS = 20_000  # different ones, each half as frequent as the one of half its rank
MESSAGE_WORDS = 10


def measure(bench):
    home = bench.home("million")
    home.run("keygen")
    home.run("space", "create", "long")
    home.run("channel", "create", CHANNEL)
    home.run("post", "template")
    began = time.monotonic()
    fill(home.path / "descord.db")
    print(f"made {MESSAGES:,} messages in {time.monotonic() - began:.0f} s", flush=True)
    found = len(home.run("search", "needle", "--json").objects)
    check(found == 3, f"{found} of 3 are found")
    check(len(home.run("search", "w0", "-n", "50", "--json").objects) == 50, "a common word is not found")
    for name, arguments in (
            ("descord log -n 50", ["log", "-n", "50"]),
            ("descord search of a word that 3 hold", ["search", "needle"]),
            ("descord search -n 50 of a word that 2 in 100 hold", ["search", "-n", "50", "w100"]),
            ("descord search -n 50 of a word that nearly all hold", ["search", "-n", "50", "w0"]),
            ("descord search -n 50 of two common words", ["search", "-n", "50", "w0", "w3"])):
        bench.report.add(f"{name}, of {MESSAGES:,} messages", each(bench, home, arguments), "ms")


def each(bench, home, arguments):
    environment = home.environment()
    command = [bench.binary, *arguments]
    start_quietly(command, env=environment)
    return [milliseconds(lambda: [start_quietly(command, env=environment) for _ in range(STARTS)]) / STARTS
            for _ in range(RUNS)]


def fill(path):
    """Copies a message under other names, clocks and texts; no command looks at a stored signature."""
    chance = random.Random(7)
    words = [f"w{rank}" for rank in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    drawn = chance.choices(words, weights, k=MESSAGES * MESSAGE_WORDS)
    database = sqlite3.connect(path, timeout=READY_SECONDS)
    database.create_function("message_text", 1, text_of, deterministic=True)
    row = database.execute(
        """SELECT space, author, sequence, clock, kind, channel, links, state, size, arrival, received_at,
           admitted_at, envelope, salt, content FROM operations WHERE kind = 2000""").fetchone()
    space, author, sequence, clock, kind, channel, links, state, size, arrival, *rest = row
    received, admitted, envelope, salt, content = rest
    check(text_of(content) == "template", "a message is encoded in another way")
    needles = {MESSAGES // 7, MESSAGES // 2, MESSAGES - 11}

    def rows():
        for number in range(1, MESSAGES):
            text = " ".join(drawn[number * MESSAGE_WORDS : (number + 1) * MESSAGE_WORDS])
            text = (text + " needle" if number in needles else text).encode()
            yield (chance.randbytes(32), space, author, sequence + number, clock + (number << 16), kind,
                   channel, links, state, size, arrival + number, received, admitted, envelope, salt,
                   b"\n" + varint(len(text)) + text)
    database.executemany(
        """INSERT INTO operations (id, space, author, sequence, clock, kind, channel, links, state, size,
           arrival, received_at, admitted_at, envelope, salt, content)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""", rows())
    database.execute(
        """INSERT INTO message_words (rowid, text) SELECT n, message_text(content) FROM operations
           WHERE n NOT IN (SELECT rowid FROM message_words) AND kind = 2000""")
    database.commit()
    database.close()


def varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def text_of(content):
    """The text of a message: field 1 of its encoded content."""
    if content[0] != 10:
        return None
    size, place, shift = 0, 1, 0
    while True:
        byte = content[place]
        size |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return content[place : place + size].decode()
