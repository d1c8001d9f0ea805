"""A small peer that is kicked, comes back by a grant, and is banned: both sides say the same of it all.

Scenarios of `run.py`, which gives them its world.
"""

import base64
import json

from descord import check
from home import Home as State
from operations import BAN, REMOVE, verify


def small_space(world):
    """Returns the small peer's home as it stands on the disk, derived anew from its operations."""
    home = State(world.small.folder)
    home.space.derive()
    return home


def lines(world):
    """Returns descord's export: the header line, and the operations by id as they were signed."""
    header, *rest = world.alice.run("export").out.splitlines()
    found = [json.loads(line) for line in rest]
    return json.loads(header), {one["op"]: base64.b64decode(one["data"]) for one in found}


def takes_from_the_file(world):
    """Gives the small peer what nobody sends it any more: the space as descord exports it."""
    home = small_space(world)
    home.store([verify(data) for data in lines(world)[1].values()])


def gives_by_a_file(world):
    """Gives descord what it takes from no stream any more; returns how many operations were new to it."""
    header, known = lines(world)
    held = {**known, **world.small.held}
    text = json.dumps(header | {"operations": len(held)}, separators=(",", ":")) + "\n"
    for op, data in held.items():
        text += json.dumps({"op": op, "data": base64.b64encode(data).decode()}, separators=(",", ":")) + "\n"
    done = world.alice.run("import", "--json", "-", stdin=text).object
    check(done["ignored"] == 0, f"imported {done}")
    return done["read"] - done["duplicates"]


def agree(world):
    """Checks that both hold the same, and find the same members, and the same of it void and revoked."""
    home, info = small_space(world), world.alice.run("space", "info", "--json").object
    space = home.space
    mine = {"operations": len(space.held), "waiting": len(space.held) - len(space.settled),
            "void": len(space.settled) - len(space.admitted),
            "revoked": len(space.admitted) - len(space.in_force)}
    theirs = {name: info[name] for name in mine}
    check(mine == theirs, f"the small peer counts {mine}, descord {theirs}")
    members = {world.author_key(one["peer"]) for one in
               world.alice.run("space", "members", "--json").objects}
    known = {operation.author for operation in space.held.values()}
    check(members == {key.hex() for key in known if space.is_member(key)}, "other members")
    shown = {message["op"] for message in world.alice.run("log", "--json", "-n", "1000").objects}
    check(shown == {post.identifier.hex() for post in space.posts()}, "other messages")


def is_member(world):
    home = small_space(world)
    return home.space.is_member(home.key.public)


def writes(world, text):
    """Writes a post into the small peer's store, whether it may or not; returns its id."""
    return world.keep_back(text)[0]


def is_kicked_and_what_it_writes_is_void(world):
    world.small.one("sync")
    before = writes(world, "written when it did not know yet")
    world.alice.run("space", "kick", world.joined["peer_id"], "--wait", "0")
    check("no such space" in world.small.run("sync", code=1), "somebody who was kicked is let in")
    check(is_member(world), "it knows of its kick, which nobody told")
    takes_from_the_file(world)
    check(not is_member(world), "it does not see that it was kicked")
    check(small_space(world).space.shown(REMOVE), "there is no kick")
    after = writes(world, "written all the same")
    posts = {post.identifier.hex() for post in small_space(world).space.posts()}
    check(not {before, after} & posts, "it shows what is revoked or void")
    check(set(world.posted) <= posts, "what it wrote before is hidden")
    check(gives_by_a_file(world) == 2, "descord did not take both posts")
    shown = {message["op"] for message in world.alice.run("log", "--json", "-n", "1000").objects}
    check(not {before, after} & shown, "descord shows what is revoked or void")
    agree(world)


def comes_back_by_a_grant(world):
    world.alice.run("space", "role", "grant", world.joined["peer_id"], "member", "--wait", "0")
    world.small.one("sync")
    check(is_member(world), "the grant does not bring it back")
    agree(world)
    post = world.small.one("post", "back again")
    world.hears(post["op"], "back again")
    world.posted[post["op"]] = "back again"
    agree(world)


def grants_raise_it_and_takes_lower_it(world):
    peer = world.joined["peer_id"]
    home = small_space(world)
    check(home.space.authority.rank(home.key.public) == 0, "a rank before it was given")
    for command, rank in (("grant", 400), ("take", 0)):
        world.alice.run("space", "role", command, peer, "moderator", "--wait", "0")
        world.small.one("sync")
        found = small_space(world).space.authority.rank(home.key.public)
        listed = [one["rank"] for one in world.alice.run("space", "members", "--json").objects
                  if one["peer"] == peer]
        check(listed == [found] == [rank], f"after the {command}: {found} here, {listed} there")
        agree(world)


def is_banned_and_needs_both_an_unban_and_a_grant(world):
    peer = world.joined["peer_id"]
    before = writes(world, "written beside the ban")
    world.alice.run("space", "ban", peer, "--wait", "0")
    takes_from_the_file(world)
    check(not is_member(world) and small_space(world).space.shown(BAN), "it does not see that it was banned")
    check(gives_by_a_file(world) == 1, "descord did not take the post")
    agree(world)
    world.alice.run("space", "unban", peer, "--wait", "0")
    takes_from_the_file(world)
    check(not is_member(world), "an unban alone makes a member")
    agree(world)
    world.alice.run("space", "role", "grant", peer, "member", "--wait", "0")
    world.small.one("sync")
    check(is_member(world), "the grant after the unban does not bring it back")
    posts = {post.identifier.hex() for post in small_space(world).space.posts()}
    check(before not in posts, "what it wrote beside the ban came back too")
    agree(world)


MODERATION = [
    is_kicked_and_what_it_writes_is_void, comes_back_by_a_grant, grants_raise_it_and_takes_lower_it,
    is_banned_and_needs_both_an_unban_and_a_grant,
]
