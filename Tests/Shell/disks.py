"""Disks that are read-only or full. Everything is mounted in a mount namespace of this process alone."""

import ctypes
import os

from place import Failure, check, read_json, scenario

READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4_096, 16_384, 1 << 18  # mount(2)
DETACH = 2  # umount2(2)
NEW_NAMESPACE, NEW_USER = 0x0002_0000, 0x1000_0000  # unshare(2)
DISK_SIZE = 4 << 20  # bytes of the small disk

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def mount(source, target, kind, flags, data=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    call("mount", *encoded, ctypes.c_ulong(flags), data)


def may_mount():
    """Enters a mount namespace; where that is not permitted it is a failure under CI, else it is said."""
    try:
        if os.geteuid() == 0:
            call("unshare", NEW_NAMESPACE)
        else:
            user, group = os.geteuid(), os.getegid()
            call("unshare", NEW_USER | NEW_NAMESPACE)
            lines = (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1"))
            for file, line in lines:
                with open(f"/proc/self/{file}", "w") as out:
                    out.write(line)
        mount(None, "/", None, RECURSIVE | PRIVATE)
    except OSError as error:
        if os.environ.get("CI") == "true":
            raise Failure(f"mounts are not permitted here: {error}") from None
        print(f"skipped: mounts are not permitted here: {error}", flush=True)
        return False
    return True


class ReadOnly:
    """A file or folder that cannot be written meanwhile, whoever asks."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        mount(self.path, self.path, None, BIND)
        mount(None, self.path, None, BIND | REMOUNT | READ_ONLY)

    def __exit__(self, *_):
        call("umount", os.fsencode(self.path))


def check_refused(home, code, *arguments):
    refused = home.run(*arguments, "--json", code=74)
    error = read_json(refused.err.splitlines()[-1])["error"]
    check(error["code"] == code and error["hint"], f"`{arguments}` was refused with {error}")
    check(refused.out == "", f"`{arguments}` printed {refused.out}")
    return error


@scenario
def read_only_home_is_read_and_not_written(place):
    """`log` works on a read-only disk, what writes ends with 74 and says why, and nothing is lost."""
    if not may_mount():
        return
    alice, bob = place.pair()
    ids = [alice.run("post", f"{number}", "--wait", "0").out.strip() for number in range(3)]
    files = lambda: sorted(path.name for path in alice.path.iterdir())  # noqa: E731
    before = files()
    with ReadOnly(alice.path):
        check(alice.ids() == ids, "`log` does not read")
        check(alice.run("space", "list", "--json").object["name"] == "ops", "`space list` does not read")
        check(alice.forks == [] and alice.peer, "`space info` and `id` do not read")
        for arguments in (("post", "no"), ("space", "create", "other"), ("channel", "create", "other"),
                          ("listen",), ("sync",), ("outbox", "drop", "--all")):
            error = check_refused(alice, "io", *arguments)
            check("read-only" in error["hint"], f"the hint does not say why: {error}")
        check(files() == before, "files were made")
    check(alice.ids() == ids, "something was lost or added")
    with bob.start("listen", "--json") as listener:
        again = alice.run("post", "again", "--connect", listener.address())
        check(again.err == "stored by 1\n", f"afterwards a post said {again.err}")
    check(sorted(bob.ids()) == sorted(ids + [again.out.strip()]), "Bob did not get everything")


@scenario
def read_only_database_is_read_and_not_written(place):
    """The same when the file alone cannot be written; also while its log holds what it does not."""
    if not may_mount():
        return
    alice, _ = place.pair()
    ids = [alice.run("post", "before", "--wait", "0").out.strip()]
    with ReadOnly(alice.path / "descord.db"):
        check(alice.ids() == ids, "`log` does not read")
        check_refused(alice, "io", "post", "no")
    ids.append(alice.run("post", "after", "--wait", "0").out.strip())
    with alice.start("listen", "--since", "1d", "--json") as listener:
        check([listener.next()["op"] for _ in ids] == ids, "the listener printed something else")
        # Its writer is killed, so that the last operations stand in the log alone.
        ids.append(alice.run("post", "in the log", "--wait", "0").out.strip())
        listener.process.kill()
        listener.process.wait(60)
    check((alice.path / "descord.db-wal").stat().st_size > 0, "there is no log, so that this says nothing")
    with ReadOnly(alice.path):
        check(alice.ids() == ids, "`log` does not read what stands in the log")
    check(alice.ids() == ids, "something was lost")


@scenario
def read_only_home_without_a_database_says_so(place):
    """There is nothing to read: 74, and the hint."""
    if not may_mount():
        return
    home = place.home("alice")
    for path in home.path.glob("descord.db*"):
        path.unlink()
    with ReadOnly(home.path):
        check("read-only" in check_refused(home, "io", "log")["hint"], "the hint does not say why")


def small_disk(place):
    """Makes a disk of a few mebibytes with Alice on it, and Bob elsewhere as the second member."""
    disk = place.folder / "disk"
    disk.mkdir()
    mount("none", disk, "tmpfs", 0, f"size={DISK_SIZE},mode=0700".encode())
    place.leaving.callback(call, "umount2", os.fsencode(disk), DETACH)
    alice, bob = place.home("disk/alice"), place.home("bob")
    alice.found()
    alice.admit(bob)
    return disk, alice, bob


def fill(path):
    """Fills the disk with a file."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)):
                pass
        except OSError:
            pass  # it is full now


@scenario
def full_disk_stores_nothing_and_loses_nothing(place):
    """`post` ends with 74 `disk_full` and prints no id; with space again everything works."""
    if not may_mount():
        return
    disk, alice, bob = small_disk(place)
    ids = [alice.run("post", f"{number}", "--wait", "0").out.strip() for number in range(3)]

    fill(disk / "filler")
    error = check_refused(alice, "disk_full", "post", "no room")
    check("space" in error["hint"], f"the hint does not say what to do: {error}")
    check(alice.ids() == ids, "`log` on the full disk shows something else")
    (disk / "filler").unlink()
    check(alice.ids() == ids, "something was lost or added")
    # Filled while the database is open: the transaction that finds no room is undone.
    with alice.start("repl", "--json", stdin=True) as script:
        script.type("post --wait 0 before")
        ids.append(script.next("the first post")["op"])
        fill(disk / "filler")
        # Larger than what the log may still have room for.
        script.type("post --wait 0 " + "x" * 500_000)
        script.process.stdin.close()
        check(script.process.wait(60) == 74, "the script did not end with 74")
        said = [line for line in script.said if '"error"' in line]
        check(read_json(said[-1])["error"]["code"] == "disk_full", f"it said {script.said}")
    check(alice.ids() == ids, "on the full disk the log is another")
    (disk / "filler").unlink()
    with bob.start("listen", "--json") as listener:
        again = alice.run("post", "again", "--connect", listener.address())
        check(again.err == "stored by 1\n", f"with space again a post said {again.err}")
        ids.append(again.out.strip())
    check(sorted(bob.ids()) == sorted(ids) == sorted(alice.ids()), "Bob did not get everything")
    alice.check_chain(ids[0])


@scenario
def full_disk_is_said_by_a_join(place):
    """A newcomer whose disk has no room for the history is told that, and not that nobody was there."""
    if not may_mount():
        return
    disk, _, bob = small_disk(place)
    large = "x" * 150_000  # more than what is left below
    ids = [bob.run("post", "-", "--wait", "0", stdin=f"{number}{large}").out.strip() for number in range(3)]
    carol = place.home("disk/carol")
    carol.run("space", "list")
    ticket = bob.run("space", "invite").out.strip()
    fill(disk / "filler")
    os.truncate(disk / "filler", os.path.getsize(disk / "filler") - (500 << 10))
    with bob.start("listen") as ear:
        address = ear.address()
        check_refused(carol, "disk_full", "space", "join", ticket, "--connect", address)
        (disk / "filler").unlink()
        carol.run("space", "join", ticket, "--connect", address)
    check(sorted(carol.ids()) == sorted(ids), "Carol did not get everything")


@scenario
def full_disk_is_said_by_sync_import_and_a_listener(place):
    """What came and found no room is 74 for who asked, and not acknowledged; with space again it comes."""
    if not may_mount():
        return
    disk, alice, bob = small_disk(place)
    large = "x" * 150_000  # more than the log still has room for
    ids = [bob.run("post", "-", "--wait", "0", stdin=f"{number}{large}").out.strip() for number in range(3)]
    file = place.folder / "space.jsonl"
    bob.run("export", "-o", str(file))
    fill(disk / "filler")
    check_refused(alice, "disk_full", "import", str(file))
    with bob.start("listen", "--json") as ear:
        address = ear.address()
        check_refused(alice, "disk_full", "sync", "--connect", address)
        (disk / "filler").unlink()
        # Filled while the database is open, by the node itself and by another process through it.
        with alice.start("repl", "--json", stdin=True) as script:
            script.type("post --wait 0 mine")
            ids.append(script.next("the post")["op"])
            fill(disk / "filler")
            # It goes to that node by gossip, and is not acknowledged.
            ids.append(bob.run("post", "-", "--wait", "0", stdin=large).out.strip())
            refused = alice.run("sync", "--json", "--connect", address, code=74)
            said = read_json(refused.err.splitlines()[-1])["error"]
            check(said["code"] == "disk_full", f"the process beside the node said {said}")
            script.type(f"sync --connect {address}")
            script.process.stdin.close()
            check(script.process.wait(60) == 74, f"the script did not end with 74: {script.said}")
        check(ids[-1] not in alice.ids(), "there was room, so that this says nothing")
        check(ear.stop() == 143, "Bob's listener failed")
    (disk / "filler").unlink()
    with alice.start("listen", "--json") as listener:
        address = listener.address()
        fill(disk / "filler")
        queued = bob.run("post", "-", "--connect", address, stdin=large, code=75, DESCORD_TIMEOUT="2")
        ids.append(queued.out.strip())
        check(listener.process.poll() is None, "the listener ended")
        (disk / "filler").unlink()
        bob.run("sync", "--connect", address)
        check(listener.stop() == 143, "the listener failed")
    done = alice.run("import", "--json", str(file)).object
    check(done["stored"] == 0, "what was to come with the sync had to be imported")
    check(sorted(alice.ids()) == sorted(ids) == sorted(bob.ids()), "something is missing")
    check(bob.outbox == [] and alice.outbox == [], "something is queued")
