"""`post --file`, `files list`, `files get`: files up to 8 MiB."""

import hashlib
import os
import subprocess

from place import WAIT_SECONDS, check, read_json, scenario

LARGEST = 8 << 20


def written(place, name, content):
    """Writes a file to post."""
    folder = place.folder / "given"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return str(path)


def folder(place, name="taken"):
    """Makes a folder to write into."""
    path = place.folder / name
    path.mkdir()
    return path


def get(home, op, target, *options, **more):
    return home.run("files", "get", op, "-o", str(target), "--json", *options, **more)


def refused(run, code, what=""):
    error = read_json(run.err.splitlines()[-1])["error"]
    check(error["code"] == code and what in error["message"], f"refused with {error}")


@scenario
def files_reach_who_listens_and_are_written_whole(place):
    """8 MiB and no text: the post ends when the listener has it; there it is listed, shown and written."""
    alice, bob = place.pair()
    content = place.random.randbytes(LARGEST)
    paths = [written(place, "big.bin", content), written(place, "notes v2.txt", b"two\n")]
    with alice.start("listen", "--json") as listener:
        posted = bob.run("post", "--json", "--file", paths[0], "--file", paths[1], "--connect",
                         listener.address(), stdin="not the text").object
        check((posted["status"], posted["stored_by"], posted["held_by"]) == ("stored", 1, 1), posted)
        shown = listener.next("the message")
    files = [{"name": name, "size": len(data), "hash": hashlib.sha256(data).hexdigest()}
             for name, data in (("big.bin", content), ("notes v2.txt", b"two\n"))]
    check(posted["files"] == files and shown["files"] == files and shown["text"] == "", "other files")
    check(alice.log()[-1]["files"] == files, "the log has others")
    listed = alice.run("files", "list", posted["op"][:8], "--json").objects
    check(listed == [{"op": posted["op"], **file, "held": True} for file in files], f"listed {listed}")
    taken = folder(place)
    run = subprocess.run(
        [alice.binary, "files", "get", posted["op"], "--json"], cwd=taken, text=True, capture_output=True,
        env=alice.environment(), timeout=WAIT_SECONDS, check=True)
    names = ["big.bin", "notes_v2.txt"]
    got = [read_json(line) for line in run.stdout.splitlines()]
    check(got == [{"op": posted["op"], "name": file["name"], "path": name, "size": file["size"],
                   "hash": file["hash"]} for file, name in zip(files, names)], f"got {got}")
    check((taken / names[0]).read_bytes() == content and (taken / names[1]).read_bytes() == b"two\n", "bytes")
    check(sorted(os.listdir(taken)) == names, f"left {os.listdir(taken)}")
    check(alice.run("post", "--wait", "0", "plain").code == 0 and alice.log()[-1]["files"] == [], "plain")


@scenario
def files_of_hostile_names_stay_in_their_folder(place):
    """What is no plain name is written as file- and the hash; one name twice gets a number."""
    alice = place.home("alice")
    alice.found()
    names = ["-rf", ".bashrc", "$(touch x)", "a\x1b[31m.txt", "n" * 101, "plain.txt", "\u202eexe.txt"]
    paths = [written(place, name, name.encode()) for name in names]
    other = place.folder / "other"
    other.mkdir()
    (other / "plain.txt").write_bytes(b"another")
    options = [part for path in [*paths, str(other / "plain.txt")] for part in ("--file", path)]
    op = alice.run("post", "--json", *options).object["op"]
    taken = folder(place)
    got = [(one["name"], os.path.relpath(one["path"], taken)) for one in get(alice, op, taken).objects]

    def named(name):
        return "file-" + hashlib.sha256(name.encode()).hexdigest()[:16]

    due = [(name, name if name == "plain.txt" else named(name)) for name in names]
    check(got == [*due, ("plain.txt", "8-plain.txt")], f"written as {got}")
    check(sorted(os.listdir(taken)) == sorted(path for _, path in got), f"left {os.listdir(taken)}")
    check((taken / "8-plain.txt").read_bytes() == b"another", "another's bytes")


@scenario
def files_replace_nothing_that_is_there(place):
    """What is in the way is left alone, with 74; --force replaces a link, and not what it leads to."""
    alice = place.home("alice")
    alice.found()
    op = alice.run("post", "--json", "--file", written(place, "a.txt", b"new")).object["op"]
    taken, victim = folder(place), place.folder / "victim"
    (taken / "a.txt").write_bytes(b"old")
    refused(get(alice, op, taken, code=74), "file_exists", "a.txt")
    check((taken / "a.txt").read_bytes() == b"old", "it was replaced")
    get(alice, op, taken, "--force")
    check((taken / "a.txt").read_bytes() == b"new", "it was not replaced")
    for content in (None, b"precious"):
        if content:
            victim.write_bytes(content)
        (taken / "a.txt").unlink()
        (taken / "a.txt").symlink_to(victim)
        refused(get(alice, op, taken, code=74), "file_exists")
        check((taken / "a.txt").is_symlink() and victim.exists() == bool(content), "the link was followed")
    get(alice, op, taken, "--force")
    check(victim.read_bytes() == b"precious" and not (taken / "a.txt").is_symlink(), "the link was followed")
    check((taken / "a.txt").read_bytes() == b"new" and os.listdir(taken) == ["a.txt"], os.listdir(taken))
    named = get(alice, op, taken / "b.txt").object["path"]
    check(named == str(taken / "b.txt") and (taken / "b.txt").stat().st_mode & 0o777 == 0o600, named)
    check(alice.run("files", "get", op, "-o", "-").out == "new", "standard output has something else")
    get(alice, op, place.folder / "nowhere" / "c.txt", code=74)


@scenario
def files_that_cannot_be_posted_post_nothing(place):
    """Too large, too many, no regular file, none at all: a code of usage or input, and nothing is stored."""
    alice = place.home("alice")
    alice.found()
    large = written(place, "large", bytes(LARGEST + 1))
    pipe = str(place.folder / "pipe")
    os.mkfifo(pipe)
    for path, code in (large, "file_too_large"), (str(place.folder), "bad_file"), (pipe, "bad_file"), (
            str(place.folder / "none"), "unknown_reference"):
        refused(alice.run("post", "--json", "text", "--file", path, code=65), code, path)
    small = written(place, "small", b"1")
    alice.run("post", "text", *["--file", small] * 9, code=64)
    alice.run("post", "--lines", "--file", small, code=64)
    check(alice.log() == [], "something was posted")
    plain = alice.run("post", "--json", "text").object
    check(plain["files"] == [] and plain["held_by"] is None, f"posted {plain}")
    refused(alice.run("files", "get", plain["op"], "--json", code=65), "no_files")
    refused(alice.run("files", "get", "abcd1234", "--json", code=65), "unknown_reference")
    both = alice.run("post", "--json", *["--file", small] * 2).object["op"]
    refused(get(alice, both, place.folder / "one", code=65), "bad_file", "2 files")


@scenario
def files_come_from_a_third_when_their_author_is_away(place):
    """Bob's listener took Alice's file; Carol gets it from him, and nobody else is there."""
    alice, bob, carol = (place.home(name) for name in ("alice", "bob", "carol"))
    alice.found()
    alice.admit(bob, carol)
    content = place.random.randbytes(300_000)
    path = written(place, "report.pdf", content)
    with bob.start("listen", "--json") as listener:
        posted = alice.run("post", "the report", "--json", "--file", path, "--connect", listener.address())
    op = posted.object["op"]
    taken = folder(place)
    with bob.start("listen") as listener:
        address = listener.address()
        carol.run("sync", "--connect", address)
        check(carol.run("files", "list", op, "--json").object["held"] is False, "sync fetched it")
        listener.stop()
    refused(get(carol, op, taken, code=75, DESCORD_TIMEOUT="20"), "not_fetched", "report.pdf")
    check(os.listdir(taken) == [], "something was written")
    with bob.start("listen") as listener:
        get(carol, op, taken, "--connect", listener.address())
    check((taken / "report.pdf").read_bytes() == content, "other bytes")
    # From now on it is here: nobody is asked.
    check(carol.run("files", "list", op, "--json").object["held"] is True, "not kept")
    get(carol, op, taken, "--force")


@scenario
def files_wait_with_their_author_until_somebody_comes(place):
    """Nobody is there: 75, and the file stays here. Bob's running node is asked by his `files get`."""
    alice, bob = place.pair()
    content = place.random.randbytes(100_000)
    run = alice.run("post", "--json", "text", "--file", written(place, "a.bin", content), code=75,
                    DESCORD_TIMEOUT="3")
    posted = read_json(run.out)
    check((posted["status"], posted["held_by"]) == ("queued", 0), posted)
    with alice.start("listen") as listener:
        bob.run("sync", "--connect", listener.address())
        listener.stop()
    op, taken = posted["op"], folder(place)
    with bob.start("listen") as own:
        own.address()
        refused(get(bob, op, taken, code=75, DESCORD_TIMEOUT="20"), "not_fetched")
        with alice.start("listen") as listener:
            get(bob, op, taken, "--connect", listener.address())
    check((taken / "a.bin").read_bytes() == content, "other bytes")


@scenario
def files_are_posted_by_the_node_that_runs(place):
    """Alice's listener does the work of her post: it waits there too, until Bob's has the files."""
    alice, bob = place.pair()
    path = written(place, "a.bin", place.random.randbytes(2_000_000))
    with alice.start("listen") as own, bob.start("listen", "--json") as listener:
        own.address()
        posted = alice.run("post", "here", "--json", "--file", path, "--connect", listener.address()).object
        check((posted["status"], posted["held_by"]) == ("stored", 1), posted)
        check(bob.run("files", "list", posted["op"], "--json").object["held"] is True, "not there")


@scenario
def files_are_refused_to_who_was_kicked(place):
    """Who was kicked has the message, and gets no bytes any more."""
    alice, bob, carol = (place.home(name) for name in ("alice", "bob", "carol"))
    alice.found()
    alice.admit(bob, carol)
    path = written(place, "a.bin", place.random.randbytes(1_000))
    op = alice.run("post", "--json", "--wait", "0", "--file", path).object["op"]
    with alice.start("listen") as listener:
        address = listener.address()
        for member in bob, carol:
            member.run("sync", "--connect", address)
        alice.run("space", "kick", bob.peer, "--wait", "0")
        get(carol, op, folder(place), "--connect", address)
        refused(get(bob, op, folder(place, "kicked"), "--connect", address, code=75), "not_fetched")
