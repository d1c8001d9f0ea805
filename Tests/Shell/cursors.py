"""`listen --cursor`: what a consumer has not seen, no more and no less."""

import datetime
import signal

from place import check, read_json, scenario, until

ONCE = ("listen", "--json", "--once", "--cursor")


def texts(objects):
    return [one["text"] for one in objects]


def own(place, *messages):
    """Makes a home that is alone in its space, and posts."""
    home = place.home("alice")
    home.found()
    for text in messages:
        home.run("post", text)
    return home


@scenario
def cursor_shows_each_message_once_over_all_runs(place):
    """From the first stored one, in order of arrival; each name and each channel has a place of its own."""
    alice = own(place, "one", "two")
    check(texts(alice.run(*ONCE, "bot").objects) == ["one", "two"], "not from the first stored message")
    check(alice.run(*ONCE, "bot").objects == [], "something was shown twice")
    alice.run("post", "three")
    alice.run("post", "four")
    check(texts(alice.run(*ONCE, "bot", "-n", "1").objects) == ["three"], "-n did not end it")
    check(texts(alice.run(*ONCE, "bot").objects) == ["four"], "the cursor is not behind what was shown")
    check(len(alice.run(*ONCE, "other").objects) == 4, "two names share a place")
    alice.run("channel", "create", "builds")
    alice.run("post", "-c", "builds", "five")
    check(texts(alice.run(*ONCE, "bot", "-c", "builds").objects) == ["five"], "not the channel's own place")
    check(texts(alice.run(*ONCE, "bot").objects) == ["five"], "the channel's cursor moved the space's")
    listed = alice.run("cursor", "list", "--json").objects
    check([(one["cursor"], one["channel_name"]) for one in listed]
          == [("bot", None), ("bot", "builds"), ("other", None)], f"listed {listed}")
    alice.run("cursor", "remove", "bot")
    check(len(alice.run(*ONCE, "bot").objects) == 5, "a removed cursor does not begin anew")
    check("unknown_reference" in alice.run("cursor", "remove", "none", "--json", code=65).err, "no 65")


@scenario
def cursor_begins_at_since_and_goes_on_with_what_arrives(place):
    """--since counts at the first use alone, and hides nothing that arrives later, however old its clock."""
    alice, bob = place.pair()
    alice.run("post", "old", "--wait", "0")
    bob.run("post", "late", "--wait", "0")  # written before the time below, and not here yet
    time = read_json(bob.run("log", "--json").out)["time"]
    since = until(lambda: (lambda now: now if now > time else None)(now_text()), "the next millisecond")
    alice.run("post", "new", "--wait", "0")
    alone = ("--timeout", "0")
    seen = alice.run(*ONCE, "bot", "--since", since, *alone, code=75).objects
    check(texts(seen) == ["new"], f"shown {texts(seen)}")
    with bob.start("listen") as listener:
        seen = alice.run(*ONCE, "bot", "--since", since, "--connect", listener.address()).objects
    check(texts(seen) == ["late"], f"what arrived later is {texts(seen)}")


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


@scenario
def once_ends_with_75_when_nobody_answers(place):
    """After it has shown what is stored; 0 with an answer, and for somebody who is alone."""
    alice, bob = place.pair()
    bob.run("post", "from bob", "--wait", "0")
    alice.run("post", "from alice", "--wait", "0")
    alone = alice.run(*ONCE, "bot", code=75)
    check(texts(alone.objects) == ["from alice"], "what is stored was not shown")
    check(read_json(alone.err)["error"]["code"] == "no_peers", f"said {alone.err}")
    with bob.start("listen") as listener:
        address = listener.address()
        met = alice.run(*ONCE, "bot", "--connect", address)
        check(texts(met.objects) == ["from bob"], "what the member had was not shown")
        check(alice.run(*ONCE, "bot", "--connect", address).objects == [], "shown twice")


@scenario
def cursor_is_moved_by_one_process_at_a_time(place):
    """The second ends with 75 at once and shows nothing; the first goes on."""
    alice = own(place, "one")
    with alice.start("listen", "--json", "--cursor", "bot") as first:
        check(first.next()["text"] == "one", "the first shows something else")
        second = alice.run(*ONCE, "bot", code=75)
        check(second.out == "" and read_json(second.err)["error"]["code"] == "cursor_busy", second.err)
        check(alice.run("cursor", "remove", "bot", code=75).out == "", "removed under its user")
        alice.run(*ONCE, "other")
        alice.run("post", "two")
        check(first.next()["text"] == "two", "the first does not go on")
        check(first.stop(signal.SIGKILL) == -9, "the first was not killed")
    check(alice.run(*ONCE, "bot").objects == [], "a killed process left a lock or lost its place")


@scenario
def cursor_stays_before_a_line_that_nobody_took(place):
    """A reader that goes away: 141, and the next run shows the line."""
    alice = own(place, *(f"{number} " + "x" * 4_000 for number in range(40)))
    process = alice.start(*ONCE, "bot")
    # The reader of `Running` takes one line, and then the pipe is closed under the writer.
    first = process.next()["text"]
    process.process.send_signal(signal.SIGSTOP)
    process.process.send_signal(signal.SIGKILL)
    process.process.wait()
    for reader in process.readers:
        reader.join()
    got = [first]
    while process.lines.waiting:
        try:
            got.append(read_json(process.lines.waiting.popleft())["text"])
        except ValueError:
            break  # half a line: it was cut off while it was written
    rest = texts(alice.run(*ONCE, "bot").objects)
    every = texts(alice.log())
    check(rest == every[len(every) - len(rest):], "not in order")
    check(len(got) + len(rest) >= len(every), f"{len(got)} and {len(rest)} of {len(every)}: some are lost")
    check(len(got) + len(rest) <= len(every) + 1, f"{len(got)} and {len(rest)} of {len(every)}: repeated")


@scenario
def cursor_survives_kills_at_any_moment(place):
    """Killed again and again while it prints: every message comes, and at most one twice a kill."""
    alice = own(place)
    lines = "".join(f"message {number}\n" for number in range(60))
    alice.run("post", "--lines", stdin=lines)
    got, kills = [], 0
    while len(set(got)) < 60:
        with alice.start("listen", "--json", "--cursor", "bot") as listener:
            for _ in range(place.random.randint(1, 12)):
                if len(set(got)) < 60:
                    got.append(listener.next()["text"])
            listener.stop(signal.SIGKILL)
            while listener.lines.waiting:
                line = listener.lines.waiting.popleft()
                if line.endswith("}"):
                    got.append(read_json(line)["text"])
            kills += 1
    order = list(dict.fromkeys(got))
    check(order == [f"message {number}" for number in range(60)], f"out of order or lost: {order}")
    check(len(got) <= 60 + kills, f"{len(got)} lines for 60 messages and {kills} kills")


@scenario
def names_of_cursors_are_safe(place):
    """The alphabet of channel names; anything else is 64, and makes nothing."""
    alice = own(place, "one")
    for name in ("", "a b", "$(id)", "../x", "-x", "a/b", "x" * 65, "a\u202eb"):
        check(alice.run("listen", "--once", f"--cursor={name}", code=64).out == "", f"{name!r} was taken")
    check(alice.run("cursor", "list", "--json").objects == [], "a cursor was made")
    check(len(alice.run(*ONCE, "ü" * 64).objects) == 1, "a long name of letters is refused")
