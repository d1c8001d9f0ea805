"""A day of homes that cron runs: one listens for a moment, another synchronises, then both are off."""

import sqlite3

from clocks import HOUR, Clock, state
from place import check, scenario

HALF_HOURS = 48
NAMES = ("alice", "bob", "carol")
PAIRS = ((0, 1), (1, 2), (2, 0))  # in turn: never all three


def query(home, text):
    database = sqlite3.connect(f"file:{home.path}/descord.db?mode=ro", uri=True)
    try:
        return database.execute(text).fetchall()
    finally:
        database.close()


def check_receipts(homes):
    """Checks that nobody counts a member who does not store what it is counted for."""
    held = {home: {op for op, in query(home, "SELECT id FROM operations")} for home in homes}
    for home in homes:
        counted = query(home, "SELECT id, count(*) FROM receipts JOIN operations USING (n) GROUP BY id")
        for op, count in counted:
            others = sum(op in held[other] for other in homes if other is not home)
            check(count <= others, f"{home.name} counts {count} where {others} others store {op.hex()}")


def cron(listening, running, *command):
    """Runs a command while one other listens, who is found by the addresses that are remembered."""
    with listening.start("listen") as listener:
        listener.address()
        done = running.run(*command)
        check(listener.stop() == 143, f"the listener of {listening.name} failed")
    return done


@scenario
def homes_that_only_meet_in_pairs_end_with_the_same(place):
    """Forty-eight half hours of cron: all three read everything, in one order, and know who stores it."""
    clock = Clock(place, "all")
    homes = [place.home(name, **clock.settings) for name in NAMES]
    homes[0].found()
    homes[0].admit(*homes[1:])
    # Bob was let in before Carol. The first meeting tells him that she is a member; her record, which comes
    # before that in a session, is taken at the second.
    for _ in range(2):
        cron(homes[0], homes[1], "sync")
    mine, shown = {home: [] for home in homes}, {home: [] for home in homes}
    met = {pair: 0 for pair in PAIRS}
    print(f"seed {place.seed}", flush=True)

    def digest(home):
        got = home.run("listen", "--json", "--once", "--cursor", "digest", "--timeout", "0", code=75)
        shown[home] += [message["op"] for message in got.objects]

    for number in range(HALF_HOURS * place.scale):
        clock.set((number + 1) * HOUR // 2)
        for home in homes:
            if place.random.random() < 0.25:  # alone, and for later
                text = f"{home.name} at {number}"
                mine[home].append(home.run("post", text, "--wait", "0").out.strip())
        pair = PAIRS[number % 3]
        if place.random.random() < 0.3:
            continue  # one of them was off
        listening, running = place.random.sample([homes[index] for index in pair], 2)
        met[pair] += 1
        if place.random.random() < 0.5:
            cron(listening, running, "sync")
        else:
            # Whoever posts carries what it owes, and what comes later is no worse for it.
            done = cron(listening, running, "post", f"{running.name} at {number}, heard")
            check(done.err == "stored by 1\n", f"a post said {done.err}")
            mine[running].append(done.out.strip())
        if place.random.random() < 0.2:
            digest(place.random.choice(homes))
        check_receipts(homes)
    check(min(met.values()) > 0, f"a pair never met: {met}")
    # The next day nobody writes, and each pair meets once in each direction.
    for number in range(6):
        clock.set((HALF_HOURS * place.scale + number + 1) * HOUR // 2)
        pair = PAIRS[number % 3]
        cron(homes[pair[number // 3]], homes[pair[1 - number // 3]], "sync")
    every = [op for ops in mine.values() for op in ops]
    logs = {home: home.log("-n", "100000") for home in homes}
    for home, log in logs.items():
        check([one["op"] for one in log] == [one["op"] for one in logs[homes[0]]], "another order")
        check({one["op"] for one in log} == set(every) and len(log) == len(every), "something is missing")
        stored = [one["stored_by"] for one in log if one["op"] in mine[home]]
        check(stored == [2] * len(mine[home]), f"{home.name} counts {stored}")
        check(all(one["stored_by"] is None for one in log if one["op"] not in mine[home]), "counted others'")
        check(home.outbox == [] and home.forks == [], f"{home.name} has something queued, or a fork")
        check(state(home, "heads") == state(homes[0], "heads"), "the heads differ")
        check(state(home, "operations") == state(homes[0], "operations"), "the sets differ")
        for name in ("waiting", "held", "invalid", "void"):
            check(state(home, name) == 0, f"{home.name} has something {name}")
        digest(home)
        check(sorted(shown[home]) == sorted(every), f"the digest of {home.name} left something out")
    print(f"{len(every)} messages, {sum(met.values())} meetings of two", flush=True)
