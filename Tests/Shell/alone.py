"""Nobody is there, and then somebody is."""

from place import PATIENCE, check, read_json, scenario

SHORT = {"DESCORD_TIMEOUT": "1"}  # for a command that finds nobody


@scenario
def post_without_anybody_is_queued_and_says_why(place):
    """75, `queued`, and an attempt that counts although it reached nobody."""
    alice, bob = place.pair()
    # What setting the space up left behind, such as the invite, is not looked at.
    posted = bob.run("post", "hello", code=75, **SHORT)
    op = posted.out.strip()
    check(posted.err == "queued\n", f"said {posted.err}")
    entry = [one for one in bob.outbox if one["op"] == op]
    check(len(entry) == 1 and entry[0]["attempts"] == 1, f"the outbox holds {entry}")
    check(entry[0]["last_error"] == "no member was reached", f"the outbox holds {entry}")
    bob.run("sync", code=75, **SHORT)
    retried = [one for one in bob.outbox if one["op"] == op]
    check(retried[0]["attempts"] == 2, f"after a sync the outbox holds {retried}")
    objects = bob.run("post", "--json", "again", code=75, **SHORT)
    check(objects.object["status"] == "queued", f"printed {objects.out}")
    check(read_json(objects.err)["error"]["code"] == "no_peers", f"said {objects.err}")
    check("1 attempt" in bob.run("outbox", "list").out, "the table shows no attempt")
    fresh = bob.run("outbox", "retry", op, "--json", code=75, **SHORT).objects[0]
    check(fresh["attempts"] == 1, f"a retry counts from the beginning, not {fresh}")
    check(len(bob.log()) == 2 and alice.log() == [], "the logs are wrong")


def queue(home, count):
    """Posts with nobody there, and returns the ids."""
    return [home.run("post", f"{home.name} {number}", code=75, **SHORT).out.strip()
            for number in range(count)]


def check_delivered(homes, ids):
    for home in homes:
        check(sorted(home.ids()) == sorted(ids), f"{home.name} holds {len(home.ids())} of {len(ids)}")
        check(home.outbox == [], f"{home.name} still queues {home.outbox}")


@scenario
def queues_of_both_are_delivered_when_either_comes(place):
    """Whoever comes next, to whoever stays: both queues go both ways, and all of them."""
    alice, bob = place.pair()
    ids = []
    for stays, comes in ((alice, bob), (bob, alice)):
        ids += queue(alice, 3) + queue(bob, 3)
        with stays.start("listen", "--json") as listener:
            address = listener.address()
            # Any command that meets a member carries the queue; here a post does.
            posted = comes.run("post", "here I am", "--connect", address)
            ids.append(posted.out.strip())
            heard = {listener.next()["op"] for _ in range(4)}
            check(posted.out.strip() in heard, "the post itself was not heard")
            check(listener.stop() == 143, "the listener failed")
        check_delivered((alice, bob), ids)


@scenario
def connect_is_done_by_the_node_that_runs(place):
    """With a listener of the same home on the air, `--connect` reaches a member whom that one missed."""
    alice, bob = place.pair()
    with alice.start("listen", "--json", "--listen", "/ip4/127.0.0.1/tcp/0") as there:
        address = there.address()
        with bob.start("listen", "--json") as here:
            here.address()
            posted = bob.run(
                "post", "--json", "hello", "--connect", address, DESCORD_TIMEOUT=PATIENCE).object
            check(posted["status"] == "stored", f"printed {posted}")
            check(here.stop() == 143 and there.stop() == 143, "a listener failed")
