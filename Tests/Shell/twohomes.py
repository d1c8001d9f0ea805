"""Two homes with one key."""

import shutil
import signal

from place import check, read_json, scenario, warnings, without_peer


@scenario
def same_key_is_warned_of_once_a_run(place):
    """Both ends say that the key is used elsewhere, once a run, and nothing fails."""
    alice = place.home("alice")
    alice.found()
    copy = place.copy(alice, "copy")
    with alice.start("listen", "--json") as listener:
        address = listener.address()
        met = copy.run("sync", "--connect", without_peer(address))
        found = warnings(met.err)
        check(len(found) == 1 and found[0].startswith("descord: warning: another home"), f"said {met.err}")
        check("127.0.0.1" in found[0] and "hint: " in met.err, f"no place and no hint: {met.err}")
        check(met.out == "", "a warning on standard output")
        # The address as `listen` prints it names our own id.
        again = copy.run("sync", "--json", "--connect", address)
        objects = [read_json(line) for line in warnings(again.err)]
        check(len(objects) == 1, f"said {again.err}")
        check(set(objects[0]["warning"]) == {"code", "message", "hint"}, f"an object of {objects[0]}")
        check(objects[0]["warning"]["code"] == "same_key_elsewhere", f"an object of {objects[0]}")
        quiet = copy.run("sync", "-q", "--connect", without_peer(address))
        check(quiet.err == "", f"-q said {quiet.err}")
        check(listener.stop() == 143, "the listener did not end with SIGTERM's code")
        heard = [read_json(line) for line in listener.said if "warning" in line]
        codes = [one["warning"]["code"] for one in heard]
        check(codes == ["same_key_elsewhere"], f"the listener heard {heard}")


@scenario
def own_listener_is_no_other_home(place):
    """Who dials its own listener is not warned of itself."""
    alice = place.home("alice")
    alice.found()
    with alice.start("listen") as listener:
        address = listener.address()
        listener.stop()
    for own in (address, without_peer(address)):
        # The port is bound again by this very process, which then dials it.
        met = alice.run("sync", "-v", "--listen", without_peer(address), "--connect", own)
        check("warning" not in met.err, f"warned of itself: {met.err}")


@scenario
def chain_continues_after_the_higher_number(place):
    """Two homes of one key that write in turn stay one chain."""
    alice, bob = place.pair()
    copy = place.copy(alice, "copy")
    third = place.bare("third")
    with bob.start("listen", "--json") as listener:
        address = listener.address()
        ids = []
        for home in (alice, copy, alice, copy):
            home.run("sync", "--connect", address)
            ids.append(home.run("post", "in turn", "--connect", address).out.strip())
            check(listener.next()["op"] == ids[-1], "the listener printed another message")
        # A home that holds the key alone, and gets the rest by a ticket.
        shutil.copy(alice.path / "key", third.path / "key")
        third.run("space", "join", "-", stdin=bob.ticket())
        check(third.ids() == ids, "the home with the key alone did not get everything")
        ids.append(third.run("post", "from the third").out.strip())
        for home in (alice, copy):
            home.run("sync", "--connect", address)
    for home in (alice, bob, copy, third):
        check(home.ids() == ids, f"{home.name} holds other messages")
        check(home.forks == [], f"{home.name} sees a fork")
        home.check_chain(ids[0])


@scenario
def fork_is_kept_shown_and_ends_posting(place):
    """One number, two operations: everybody keeps both, and neither home of the key posts any more."""
    alice, bob = place.pair()
    copy = place.copy(alice, "copy")
    ids = [home.run("post", f"by {home.name}", code=75, DESCORD_TIMEOUT="1").out.strip()
           for home in (alice, copy)]
    check(alice.sequences(ids[0])[-1] == copy.sequences(ids[1])[-1], "the numbers differ: there is no fork")
    with bob.start("listen", "--json") as listener:
        address = listener.address()
        for home in (alice, copy, alice):
            home.run("sync", "--connect", address)
        heard = {listener.next()["op"], listener.next()["op"]}
        check(heard == set(ids), "the third home did not print both")
        for home in (alice, copy):
            refused = home.run("post", "--json", "no more", code=78)
            error = read_json(refused.err)["error"]
            check(error["code"] == "forked_key" and error["hint"], f"refused with {error}")
            check(refused.out == "", "an id was printed")
        mine = bob.run("post", "goes on", "--wait", "0").out.strip()
        check(listener.next()["op"] == mine, "the third home does not post")
        check(listener.stop(signal.SIGTERM) == 143, "the listener failed")
    key = alice.peer
    for home in (alice, bob, copy):
        check(home.forks == [key], f"{home.name} shows the forks {home.forks}")
        check(set(ids) <= set(home.ids()), f"{home.name} does not keep both operations")
        text = home.run("space", "info").out
        check("fork" in text and key[-8:] in text, f"{home.name} shows no fork: {text}")
