"""`kill -9`, which nobody can answer."""

import select
import signal
import subprocess
import time

from place import PATIENCE, WAIT_SECONDS, check, end, scenario, until

RUNS = 25  # times SCALE


def start(home, *arguments):
    return subprocess.Popen(
        [home.binary, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=home.environment(DESCORD_TIMEOUT=PATIENCE))


def kill_at(process, moment, home, limit):
    """Kills a post at a moment: after a part of the time that one takes, or at something that it does."""
    kind, when = moment
    if kind == "time":
        try:
            process.wait(when * limit)
        except subprocess.TimeoutExpired:
            process.kill()
    elif kind == "printed":
        select.select([process.stdout], [], [], WAIT_SECONDS)
        process.kill()
    else:
        files = {"lock": "run/node.lock", "socket": "run/node.sock", "log": "descord.db-wal"}
        until(lambda: (home.path / files[kind]).exists() or process.poll() is not None, f"the {kind}")
        process.kill()
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    return output.decode().split(), process.returncode


@scenario
def post_killed_at_any_moment_loses_nothing_printed(place):
    """After each kill the database opens, every printed id is stored, and no number is used twice."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as listener:
        address = listener.address()
        began = time.monotonic()
        printed = [alice.run("post", "how long it takes", "--connect", address).out.strip()]
        limit = 1.2 * (time.monotonic() - began)
        runs, killed = RUNS * place.scale, 0
        print(f"{runs} kills, seed {place.seed}", flush=True)
        for number in range(runs):
            # Most moments are drawn from the time that a post takes; the others are named by what happens.
            kind = place.random.choice(["time"] * 6 + ["printed", "lock", "socket", "log"])
            moment = (kind, place.random.random())
            for name in ("lock", "sock"):
                (alice.path / f"run/node.{name}").unlink(missing_ok=True)
            ids, code = kill_at(start(alice, "post", f"{number}"), moment, alice, limit)
            killed += code == -signal.SIGKILL
            check(code in (0, -signal.SIGKILL), f"the post ended with {code} at {moment}")
            printed += ids
            held = alice.ids()
            check(set(printed) <= set(held), f"{moment} lost what was printed")
            check(len(held) - len(printed) <= number + 1, "there is more than was posted")
            alice.check_chain(printed[0])
        check(killed > 0, "every post ended before its kill")
        posted = alice.run("post", "the last")
        check(posted.err == "stored by 1\n", f"the next post said {posted.err}")
        alice.run("sync")
        listener.stop()
    check(sorted(bob.ids()) == sorted(alice.ids()), "Bob does not hold what Alice holds")
    for home in (alice, bob):
        check(home.forks == [], f"{home.name} sees a fork")
        home.check_chain(printed[0])
    print(f"{killed} of {runs} were killed", flush=True)


@scenario
def killed_listener_leaves_nothing_that_blocks(place):
    """The next invocation takes over the lock and the socket that a killed one left behind."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        with alice.start("listen", "--json", "--connect", address) as listener:
            listener.address()
            # A post while it lives goes through it.
            first = alice.run("post", "through the listener").out.strip()
            check(listener.next()["op"] == first, "the listener printed something else")
            listener.process.kill()
            check(listener.process.wait(WAIT_SECONDS) == -signal.SIGKILL, "it was not killed")
        socket = alice.path / "run/node.sock"
        check(socket.exists(), "the killed listener left no socket, so that this says nothing")
        second = alice.run("post", "after the kill")
        check(second.err == "stored by 1\n", f"the next post said {second.err}")
        check(not socket.exists(), "the post left its socket behind")
        with alice.start("listen", "--json") as again:
            again.address()
            third = alice.run("post", "through the next one").out.strip()
            check(again.next()["op"] == third, "the next listener printed something else")
            check(end(again.process) == 143, "the next listener failed")
        heard = [ear.next()["op"] for _ in range(3)]
        check(heard == [first, second.out.strip(), third], "Bob heard something else")


@scenario
def follower_goes_on_when_the_one_it_follows_is_killed(place):
    """Two listeners of one home: when the one with the node is killed, the other becomes the node."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        alice.run("sync", "--connect", address)
        with alice.start("listen", "--json") as first:
            first.address()
            with alice.start("listen", "--json", "--since", "1d") as second:
                op = alice.run("post", "both hear it").out.strip()
                for listener in (first, second):
                    check(listener.next()["op"] == op, "a listener printed something else")
                first.process.kill()
                first.process.wait(WAIT_SECONDS)
                later = bob.run("post", "to the one that is left", "--wait", "0").out.strip()
                check(second.next()["op"] == later, "the follower printed something else")
                check(end(second.process) == 143, "the follower failed")
