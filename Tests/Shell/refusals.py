"""What is refused, with its exit code, its word and its hint."""

import datetime
import subprocess

from place import check, read_json, scenario, until


def refused(home, code, word, *arguments, stdin=""):
    """Checks that a command ends with an exit code and an error of this word, and stores nothing."""
    result = home.run(*arguments, "--json", stdin=stdin, code=code)
    error = read_json(result.err.splitlines()[-1])["error"]
    check(error["code"] == word, f"`{arguments[:3]}` was refused with {error}")
    check(result.out == "", f"`{arguments[:3]}` printed {result.out}")
    return error


@scenario
def tickets_that_are_no_good_are_refused(place):
    """Damaged 65; expired, used up, revoked and of a stranger 77; nobody there 69. Nothing is stored."""
    alice, bob, charlie = place.home("alice"), place.home("bob"), place.home("charlie")
    foreign = place.home("foreign")
    alice.found()
    with alice.start("listen") as listener:
        address = listener.address()
        good = alice.ticket("--uses", "1").strip()
        expired = alice.run("space", "invite", "--json", "--expires", "1s").object
        other = "q" if good[40] != "q" else "p"
        for damaged in (good[:-1], good[:40] + other + good[41:], good[:60], "descord1", "hello", ""):
            error = refused(bob, 65, "damaged_ticket", "space", "join", "-", stdin=damaged)
            check(error["hint"], f"no hint: {error}")
        ends = datetime.datetime.fromisoformat(expired["expires"].replace("Z", "+00:00"))
        until(lambda: datetime.datetime.now(datetime.timezone.utc) > ends, "the ticket's own end")
        error = refused(bob, 77, "ticket_expired", "space", "join", "-", stdin=expired["ticket"])
        check(error["hint"], f"no hint: {error}")
        charlie.run("space", "join", "-", stdin=good)
        error = refused(bob, 77, "ticket_used_up", "space", "join", "-", stdin=good)
        check(error["hint"], f"no hint: {error}")
        # Who gave it out is a member no more.
        revoked = charlie.ticket().strip()
        charlie.run("space", "leave", "ops")
        error = refused(bob, 77, "ticket_revoked", "space", "join", "-", "--connect", address, stdin=revoked)
        check(error["hint"], f"no hint: {error}")
        foreign.found()
        error = refused(
            bob, 77, "ticket_refused", "space", "join", "-", "--connect", address, stdin=foreign.ticket())
        check(error["hint"], f"no hint: {error}")
        check(bob.run("space", "list", "--json").objects == [], "a space was stored")
        unused = alice.ticket("--uses", "1").strip()
        listener.stop()
    error = refused(bob, 69, "no_peers", "space", "join", "-", "--timeout", "1", stdin=unused)
    check("ticket stays good" in error["message"] and error["hint"], f"said {error}")
    check(bob.run("space", "list", "--json").objects == [], "a space was stored")
    with alice.start("listen") as listener:
        listener.address()
        bob.run("space", "join", "-", stdin=unused)


@scenario
def text_of_two_mebibytes_is_refused_whatever_its_way(place):
    """Through a pipe that is never read to its end too, and nothing is stored."""
    alice, _ = place.pair()
    for text in (b"a" * (2 << 20), b"\xff" * (2 << 20), b"\0" * (2 << 20)):
        process = subprocess.Popen(
            [place.binary, "post", "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=alice.environment())
        output, errors = process.communicate(text, timeout=60)
        check(process.returncode == 65, f"ended with {process.returncode}: {errors}")
        check(output == b"", f"printed {output}")
        check(read_json(errors)["error"]["code"] in ("text_too_large", "not_utf8"), f"said {errors}")
    check(alice.log() == [], "something was stored")
