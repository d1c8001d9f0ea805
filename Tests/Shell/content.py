"""What is done to messages: edits, deletions, reactions, pins, threads, mentions, names."""

from place import check, scenario


def of(home, op):
    """The message's object as `log` has it."""
    found = [message for message in home.log() if message["op"] == op]
    check(len(found) == 1, f"{home.name} shows {op} {len(found)} times")
    return found[0]


def files_with(home, word):
    """The files of a home that hold a word."""
    return [file.name for file in home.path.rglob("*") if file.is_file() and word in file.read_bytes()]


@scenario
def edited_message_is_shown_and_found_anew_everywhere(place):
    """The last edit counts, for the log, the search and whoever follows; nobody edits another's message."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        op = bob.run("post", "frist words").out.strip()
        check(listener.next()["event"] == "posted", "the message came as something else")
        done = bob.run("edit", op[:12], "first words", "--json").object
        check(set(done) == {"op", "space", "target", "stored_by", "status"}, f"an object of {sorted(done)}")
        check(done["target"] == op and done["status"] == "stored", f"edit said {done}")
        event = listener.next("the edit")
        check((event["event"], event["op"], event["text"]) == ("edited", op, "first words"), f"{event}")
        check(event["edited"] and not event["deleted"], f"said {event}")
        alice.run("edit", op, "not mine", code=77)
    for home in (alice, bob):
        check(of(home, op)["text"] == "first words" and of(home, op)["edited"], "the edit is not shown")
        check([one["op"] for one in home.run("search", "first", "--json").objects] == [op], "not found")
        check(home.run("search", "frist", "--json").objects == [], "the old words are found")
    check("first words (edited)" in bob.run("log").out, f"the text form is {bob.run('log').out}")


@scenario
def deleted_message_leaves_every_disk(place):
    """The words of a deleted message and of its edits are in no file of either home; its header stays."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        op = bob.run("post", "the xylophone plays").out.strip()
        edit = bob.run("edit", op, "the xylophones play").out.strip()
        for _ in range(2):
            listener.next()
        bob.run("delete", op)
        event = listener.next("the deletion")
        check((event["event"], event["text"], event["deleted"]) == ("deleted", None, True), f"{event}")
        check(files_with(alice, b"xylophone") == [], f"Alice keeps it in {files_with(alice, b'xylophone')}")
        bob.run("edit", op, "again", code=65)
        bob.run("delete", op, code=65)
    for home in (alice, bob):
        check(files_with(home, b"xylophone") == [], f"{home.name} keeps it in {files_with(home, b'xylo')}")
        check(of(home, op)["deleted"] and of(home, op)["text"] is None, "it is not shown as deleted")
        check(home.run("search", "xylophone", "--json").objects == [], "it is found")
        check(home.run("db", "check", "--json").object["problems"] == [], "the database is not sound")
        check(home.run("why", edit, "--json").object["state"] == "in force", "the edit's header is gone")
    check("(deleted)" in bob.run("log").out, "the log says nothing")
    carol = place.home("carol")
    with alice.start("listen", "--json") as listener:
        listener.address()
        carol.run("space", "join", "-", stdin=alice.ticket())
    check(of(carol, op)["deleted"], "who comes later does not see the deletion")


@scenario
def moderators_delete_what_members_wrote(place):
    """A moderator's deletion hides a member's text everywhere; a member's and one upwards are refused."""
    alice, bob = place.pair()
    carol = place.home("carol")
    alice.admit(carol)
    with alice.start("listen", "--json") as listener:
        listener.address()
        spam = carol.run("post", "buy quartz").out.strip()
        above = alice.run("post", "by the creator", "--wait", "0").out.strip()
        bob.run("sync")
        bob.run("delete", spam, code=77)
        alice.run("space", "role", "grant", bob.peer, "moderator", "--wait", "0")
        bob.run("sync")
        bob.run("delete", above, code=77)
        bob.run("delete", spam)
        carol.run("sync")
    for home in (alice, bob, carol):
        check(of(home, spam)["deleted"] and of(home, spam)["text"] is None, f"{home.name} still shows it")
        check(files_with(home, b"quartz") == [], f"{home.name} keeps it")
        check(of(home, above)["text"] == "by the creator", "the creator's words are gone")


@scenario
def reactions_and_pins_are_seen_by_all(place):
    """Counted by people, taken back by who gave them; pins by anybody; each is told of to who follows."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        op = alice.run("post", "words", "--wait", "0").out.strip()
        bob.run("sync")
        bob.run("react", op, "👍")
        alice.run("react", op, "👍", "--wait", "0")
        events = [listener.next() for _ in range(3)]
        check([one["event"] for one in events] == ["posted", "reacted", "reacted"], f"{events}")
        check(events[1]["actor"] == bob.peer and events[2]["actor"] == alice.peer, f"{events}")
        check(of(alice, op)["reactions"] == {"👍": 2}, f"{of(alice, op)}")
        alice.run("react", op, "👍", "--remove", "--wait", "0")
        alice.run("react", op, "👍", "--remove", code=65)
        bob.run("pin", op)
        check([one["op"] for one in alice.run("log", "--pinned", "--json").objects] == [op], "not pinned")
        alice.run("pin", op, "--remove", "--wait", "0")
        bob.run("sync")
        alice.run("react", op, "two words", code=64)
    for home in (alice, bob):
        check(of(home, op)["reactions"] == {"👍": 1}, f"{of(home, op)}")
        check(not of(home, op)["pinned"] and home.run("log", "--pinned").out == "", "still pinned")


@scenario
def thread_is_begun_by_its_first_message(place):
    """`--thread` takes a message or a thread; two beginnings at once are one thread for everybody."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        root = bob.run("post", "shall we dig?").out.strip()
    mine = alice.run("post", "--thread", root, "yes", "--wait", "0").out.strip()
    theirs = bob.run("post", "--thread", root[:10], "no", "--wait", "0").out.strip()
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("sync")
        answer = bob.run("post", "--reply-to", mine, "why?", "--json").object["op"]
    listed = [home.run("thread", "list", "--json").objects for home in (alice, bob)]
    check(listed[0] == listed[1] and len(listed[0]) == 1, f"threads are {listed}")
    thread = listed[0][0]
    check((thread["root"], thread["title"], thread["messages"]) == (root, "shall we dig?", 3), f"{thread}")
    for home in (alice, bob):
        for name in (root, thread["thread"], theirs):
            found = {one["op"] for one in home.run("log", "--thread", name, "--json").objects}
            check(found == {root, mine, theirs, answer}, f"the thread of {name} is {found}")
        check(of(home, mine)["thread"] == thread["thread"] == of(home, answer)["thread"], "another thread")
        check(of(home, answer)["reply_to"] == mine, "it answers something else")
        check(of(home, root)["thread"] is None, "the message that it hangs on is in it")
    loose = alice.run("thread", "create", "odds and ends", "--wait", "0").out.strip()
    alice.run("post", "--thread", loose, "a spade", "--wait", "0")
    texts = [one["text"] for one in alice.run("log", "--thread", loose, "--json").objects]
    check(texts == ["a spade"], f"the loose thread has {texts}")


@scenario
def names_are_said_by_members_and_found_in_texts(place):
    """Profiles name authors; `@` and a name speaks of a member; a name is a reference; names lie safely."""
    alice, bob = place.pair()
    check(bob.run("profile", "--json").object["name"] is None, "a name from nowhere")
    bob.run("profile", "set", "--about", "gardens", code=65)
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("profile", "set", "--name", "Bob the Gardener", "--about", "gardens")
        bob.run("profile", "set", "--name", "bad/name", code=65)
        op = alice.run("post", "over to @Bob the Gardener, and @nobody", "--wait", "0").out.strip()
        bob.run("sync")
    shown = alice.run("profile", "show", "Bob the Gardener", "--json").object
    check(shown == {"peer": bob.peer, "space": shown["space"], "name": "Bob the Gardener",
                    "about": "gardens"}, f"{shown}")
    for home in (alice, bob):
        check(of(home, op)["mentions"] == [bob.peer], f"speaks of {of(home, op)['mentions']}")
    said = bob.run("post", "here", "--wait", "0").out.strip()
    check(of(bob, said)["author_name"] == "Bob the Gardener", f"{of(bob, said)}")
    found = bob.run("log", "--author", "Bob the Gardener", "--json").objects
    check([one["op"] for one in found] == [said], "the name names nobody")
    # A name hides nobody's id, and is none where something is given or taken.
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("profile", "set", "--name", alice.peer[-8:])
    bob.run("log", "--author", alice.peer[-8:], code=65)
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("profile", "set", "--name", "Bob the Gardener")
    alice.run("space", "kick", "Bob the Gardener", code=65)
    members = bob.run("space", "members", "--json").objects
    check({one["peer"]: one["name"] for one in members}[bob.peer] == "Bob the Gardener", f"{members}")
