"""Roles, removals and what they do to those whom they reach, seen from outside."""

import sqlite3

from place import check, scenario


def members(home):
    return {member["peer"]: member["rank"] for member in home.run("space", "members", "--json").objects}


def state(home, op):
    """Returns the state of an authority operation in the audit."""
    found = [entry for entry in home.run("space", "audit", "--json").objects if entry["op"] == op]
    check(len(found) == 1, f"{len(found)} entries of {op}")
    return found[0]["state"]


@scenario
def kicked_member_is_cut_off_and_comes_back_by_a_grant(place):
    """A removal ends posting and syncing at once; a granted role brings back."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        bob.run("post", "early")
        listener.next("the message")
        kick = alice.run("space", "kick", bob.peer, "--reason", "noise", "--wait", "0", "--json").object
        check(set(kick) == {"op", "space", "act", "member", "stored_by", "status"}, f"an object of {kick}")
        check(kick["act"] == "kick" and kick["member"] == bob.peer, f"an object of {kick}")
        check(bob.peer not in members(alice), "a removed member is listed")
        bob.run("sync", code=75)
        check(bob.peer in members(bob), "somebody told the removed member")
        lost = bob.run("post", "late", code=75, DESCORD_TIMEOUT="5").out.strip()
        check([message["text"] for message in alice.log()] == ["early"], "a removed member was heard")
        alice.run("space", "role", "grant", bob.peer, "member", "--wait", "0")
        bob.run("sync")
        back = bob.run("post", "back").out.strip()
        texts = [message["text"] for message in alice.log()]
        check(texts == ["early", "back"], f"the log is {texts}")
        check([message["op"] for message in bob.log()][-1] == back, "the author does not see his message")
        check(lost not in bob.ids(), "what was void is shown to its author")
        check(state(bob, kick["op"]) == "in force", "the removal is not in the audit")


@scenario
def why_names_what_decided(place):
    """Each state is explained with the operations that decide it, and the database is sound."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()
        first = bob.run("post", "first").out.strip()
    late = bob.run("post", "late", "--wait", "0").out.strip()
    kick = alice.run(
        "space", "kick", bob.peer, "--last-good", first, "--wait", "0").out.strip()
    bob.run("export", "-o", str(place.folder / "bob.jsonl"))
    alice.run("import", str(place.folder / "bob.jsonl"))
    alice.run("export", "-o", str(place.folder / "alice.jsonl"))
    bob.run("import", str(place.folder / "alice.jsonl"))
    for home in (alice, bob):
        found = home.run("why", late, "--json").object
        check(found["state"] == "revoked", f"the late one is {found}")
        check([reason["op"] for reason in found["reasons"]] == [kick], f"decided by {found['reasons']}")
        found = home.run("why", first[:12], "--json").object
        check(found["state"] == "in force" and found["reasons"], f"the first one is {found}")
        check(home.run("db", "check", "--json").object["problems"] == [], "problems")
        check(home.run("db", "rebuild", "--json").object["changed"] == 0, "a rebuild changed something")
        check([message["text"] for message in home.log()] == ["first"], f"the log is {home.log()}")
    bob.run("post", "after", code=77)
    alice.run("why", "ffffffffff", code=65)


@scenario
def db_check_finds_what_somebody_changed(place):
    """A changed table is found and mended by a rebuild; a changed operation is found and not."""
    alice = place.home("alice")
    alice.found()
    op = alice.run("post", "hello").out.strip()

    def change(sql, *values):
        database = sqlite3.connect(alice.path / "descord.db")
        database.create_function("message_text", 1, lambda content: None)
        with database:
            database.execute(sql, values)
        database.close()

    change("UPDATE operations SET state = 4 WHERE id = ?", bytes.fromhex(op))
    check(alice.log() == [], "the change has no effect")
    check(alice.run("db", "check", "--json", code=74).object["problems"], "no problem was found")
    check(alice.run("db", "rebuild", "--json").object["changed"] > 0, "nothing was mended")
    alice.run("db", "check")
    check([message["op"] for message in alice.log()] == [op], "the message did not come back")
    envelope = alice.column(op, "envelope")
    change("UPDATE operations SET envelope = ? WHERE id = ?", envelope[:-1] + bytes([envelope[-1] ^ 1]),
           bytes.fromhex(op))
    problems = alice.run("db", "check", "--json", code=74).object["problems"]
    check(len(problems) == 1 and op in problems[0], f"problems are {problems}")
    alice.run("db", "rebuild")
    alice.run("db", "check", code=74)


@scenario
def banned_admin_takes_his_puppet_along(place):
    """What an admin granted beside his ban is void everywhere, whoever heard of it first."""
    alice, bob, carol = place.home("alice"), place.home("bob"), place.home("carol")
    alice.found()
    alice.admit(bob, carol)
    with alice.start("listen", "--json") as listener:
        listener.address()
        alice.run("space", "role", "grant", bob.peer, "admin", "--wait", "0")
        bob.run("sync")
    # Both are alone now: Bob promotes Carol, and Alice bans Bob.
    granted = bob.run("space", "role", "grant", carol.peer, "moderator", "--wait", "0").out.strip()
    check(members(bob)[carol.peer] == 400, "the grant has no effect at home")
    alice.run("space", "ban", bob.peer, "--wait", "0")
    with bob.start("listen", "--json") as listener:
        carol.run("sync", "--connect", listener.address())
    check(members(carol)[carol.peer] == 400, "the grant did not arrive")
    with alice.start("listen", "--json") as listener:
        carol.run("sync", "--connect", listener.address())
    for home in (alice, carol):
        found = members(home)
        check(bob.peer not in found and found[carol.peer] == 0, f"members are {found}")
        check(state(home, granted) == "revoked", f"the grant is {state(home, granted)}")
    carol.run("space", "kick", alice.peer, code=77)


@scenario
def muted_archived_and_read_only_refuse_posts(place):
    """Who may not post is told so with 77, and nothing is stored."""
    alice, bob = place.pair()
    with alice.start("listen", "--json") as listener:
        listener.address()

        def told(*command):
            alice.run(*command, "--wait", "0")
            bob.run("sync")

        told("space", "mute", bob.peer)
        bob.run("post", "muted", code=77)
        told("space", "mute", bob.peer, "--lift")
        bob.run("post", "one")
        told("channel", "update", "general", "--read-only", "--purpose", "news")
        bob.run("post", "no", code=77)
        told("channel", "moderator", "general", bob.peer)
        bob.run("post", "two")
        told("channel", "archive", "general")
        check(bob.run("channel", "list", "--json").object["archived"], "the channel is not archived")
        bob.run("post", "-c", "general", "closed", code=77)
        told("channel", "archive", "general", "--undo")
        bob.run("post", "three")
    check([message["text"] for message in bob.log()] == ["one", "two", "three"], f"the log is {bob.log()}")
    channel = bob.run("channel", "list", "--json").object
    check(channel["read_only"] and channel["purpose"] == "news", f"the channel is {channel}")


@scenario
def ranks_bound_what_roles_do(place):
    """Nobody acts on his equals or above, nor gives what he has not; unknown names are 65."""
    alice, bob = place.pair()
    bob.run("space", "kick", alice.peer, code=77)
    bob.run("space", "role", "define", "helpers", "--rank", "10", "--permissions", "kick", code=77)
    alice.run("space", "role", "define", "helpers", "--rank", "10", "--permissions", "kick,mute", code=64)
    alice.run("space", "role", "define", "helpers", "--permissions", "kick", code=64)
    made = alice.run(
        "space", "role", "define", "helpers", "--rank", "10", "--permissions", "send,kick", "--wait", "0",
        "--json").object
    check(made["role"] == made["op"] and made["rank"] == 10, f"an object of {made}")
    alice.run("space", "role", "define", "helpers", "--rank", "20", "--permissions", "kick", code=65)
    alice.run("space", "role", "grant", bob.peer, "nobody", code=65)
    alice.run("space", "role", "grant", bob.peer, "helpers", "--wait", "0")
    roles = {role["name"]: role for role in alice.run("space", "role", "list", "--json").objects}
    check(set(roles) == {"admin", "moderator", "member", "helpers"}, f"roles are {set(roles)}")
    check(roles["helpers"]["members"] == [bob.peer], f"holders are {roles['helpers']['members']}")
    check(members(alice)[bob.peer] == 10, "the rank is not the role's")
    listed = {member["peer"]: member["roles"] for member in alice.run("space", "members", "--json").objects}
    check(listed[bob.peer] == ["helpers", "member"], f"his roles are {listed[bob.peer]}")
    check("helpers, member  rank 10" in alice.run("space", "members").out, "the table has no roles")
    alice.run("space", "role", "take", bob.peer, "helpers", "--wait", "0")
    check(members(alice)[bob.peer] == 0, "the role was not taken")
    alice.run("space", "unban", bob.peer, code=65)
