"""Many at once, and many in a row."""

import subprocess

from place import PATIENCE, check, read_json, refuses, scenario, until

IN_A_ROW = 50
AT_ONCE = 100
HISTORY = 1_000  # messages of the space that is read through a third member, half of them by gossip


def check_stored_everywhere(ids, heard, homes):
    """Every id was printed exactly once and is in every log; the chain has no gap."""
    check(len(set(ids)) == len(ids), "an id was printed twice by its posts")
    check(sorted(heard) == sorted(ids), f"{len(heard)} messages were heard of {len(ids)}")
    for home in homes:
        held = home.ids()
        check(sorted(held) == sorted(ids), f"{home.name} holds {len(held)} messages of {len(ids)}")
        home.check_chain(ids[0])


@scenario
def fifty_posts_in_a_row_are_each_heard_once(place):
    """Fifty short-lived nodes, one after another, and one listening member."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as listener:
        listener.address()
        ids = []
        for number in range(IN_A_ROW):
            posted = alice.run("post", f"number {number}")
            check(posted.err == "stored by 1\n", f"post {number} said {posted.err}")
            ids.append(posted.out.strip())
        heard = [listener.next()["op"] for _ in ids]
        check(listener.stop() == 143, "the listener failed")
        check(not listener.lines.waiting, "more was heard than posted")
    check(heard == ids, "the order of the posts was not kept")
    check_stored_everywhere(ids, heard, (alice, bob))
    check(alice.outbox == [], f"still queued: {alice.outbox}")


@scenario
def hundred_posts_at_once_are_each_heard_once(place):
    """A hundred processes of one home at the same moment: one runs the node, the others hand over."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as listener:
        listener.address()
        posts = [
            subprocess.Popen(
                [place.binary, "post", "--json", f"number {number}"], text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=alice.environment(DESCORD_TIMEOUT=PATIENCE))
            for number in range(AT_ONCE)]
        results = []
        for post in posts:
            output, errors = post.communicate(timeout=300)
            check(post.returncode == 0, f"a post exited {post.returncode}: {output}{errors}")
            results.append(read_json(output))
        ids = [result["op"] for result in results]
        check({result["status"] for result in results} == {"stored"}, "not every status is `stored`")
        heard = [listener.next()["op"] for _ in ids]
        check(listener.stop() == 143, "the listener failed")
        check(not listener.lines.waiting, "more was heard than posted")
    check_stored_everywhere(ids, heard, (alice, bob))
    check(alice.outbox == [], f"still queued: {alice.outbox}")


@scenario
def history_is_read_through_a_third_when_its_author_is_gone(place):
    """Half came by gossip and half by sync; who joins through Bob reads all that Alice wrote."""
    alice, bob, charlie = place.home("alice"), place.home("bob"), place.home("charlie")
    alice.found()
    alice.admit(bob)
    ids = []

    def write(count, *options):
        lines = "".join(f"post --wait 0 line {len(ids) + number}\n" for number in range(count))
        ids.extend(alice.run("repl", *options, stdin=lines).out.split())

    with bob.start("listen", "--json") as listener:
        address = listener.address()
        write(HISTORY // 2, "--connect", address)
        for _ in range(HISTORY // 2):
            listener.next()
        check(listener.stop() == 143, "the listener failed")
    before = bob.ids()
    check(len(before) == HISTORY // 2, f"Bob heard {len(before)} messages")
    write(HISTORY // 2, "--timeout", "1")
    check(bob.ids() == before, "Bob got what was written while he was away")
    with alice.start("listen") as listener:
        gone = listener.address()
        received = bob.run("sync", "--json", "--connect", gone).objects
        check(sum(one["received"] for one in received) >= HISTORY // 2, f"Bob received {received}")
        check(listener.stop() == 143, "Alice's listener failed")
    until(lambda: refuses(gone), "Alice's port to be closed")
    with bob.start("listen") as listener:
        listener.address()
        ticket = bob.ticket()
        joined = charlie.run("space", "join", "--json", "-", stdin=ticket).object
        check(joined["peers"] == 1, f"Charlie met {joined['peers']} members")
    read = [message["op"] for message in charlie.log("-n", str(2 * HISTORY))]
    check(read == ids == alice.ids(), f"Charlie reads {len(read)} messages of {len(ids)}")
    check(len(ids) == HISTORY, f"{len(ids)} were written")


@scenario
def ticket_names_members_who_were_only_met(place):
    """Bob dialled Alice and was never dialled: who has Alice's ticket finds Bob when she is gone."""
    alice, bob = place.pair()
    charlie = place.home("charlie")
    ticket = alice.ticket()
    op = alice.run("post", "carried by Bob", "--wait", "0").out.strip()
    with alice.start("listen") as listener:
        gone = listener.address()
        bob.run("sync", "--connect", gone)
        check(listener.stop() == 143, "the listener failed")
    until(lambda: refuses(gone), "Alice's port to be closed")
    with bob.start("listen") as listener:
        listener.address()
        charlie.run("space", "join", "-", stdin=ticket)
    check(charlie.ids() == [op], "Charlie reads something else")
