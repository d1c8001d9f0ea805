"""`export`, `verify`, `import`: a space as a file."""

import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess

from place import WAIT_SECONDS, Person, check, read_json, scenario, until


def exported(place, home, name="space.jsonl"):
    file = place.folder / name
    home.run("export", "-o", str(file))
    return file


def filled(place, count=30):
    """Alice and Bob with messages of both."""
    alice, bob = place.pair()
    alice.run("post", "--lines", "--wait", "0", stdin="".join(f"by alice {n}\n" for n in range(count)))
    bob.run("post", "--lines", "--wait", "0", stdin="".join(f"by bob {n}\n" for n in range(count)))
    with bob.start("listen") as listener:
        alice.run("sync", "--connect", listener.address())
    return alice, bob


def key_alone(place, home, name):
    """A home that has lost everything but its key."""
    other = Person(place.binary, place.folder / name)
    other.path.mkdir(mode=0o700)
    shutil.copy(home.path / "key", other.path / "key")
    return other


def refused(home, command, file, text, line=None):
    """Checks that a file is refused with 65, and the line that is named."""
    file.with_suffix(".bad").write_bytes(text if isinstance(text, bytes) else text.encode())
    run = home.run(command, "--json", str(file.with_suffix(".bad")), code=65)
    error = read_json(run.err)["error"]
    check(error["code"] == "corrupt_import", f"refused with {error}")
    check(line is None or f"line {line} " in error["message"], f"named {error['message']}")
    return run


@scenario
def exported_space_verifies_without_a_home(place):
    """The first line is a header; then ids and signed bytes, parents first; no HOME, no key, no home."""
    alice, bob = filled(place)
    file = exported(place, alice)
    check(file.stat().st_mode & 0o777 == 0o600, "others can read the file")
    header, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    info = alice.run("space", "info", "--json").object
    check((header["descord_export"], header["space"], header["operations"])
          == (1, info["space"], len(lines)), f"header {header}")
    check(len(lines) == info["operations"] and all(set(one) == {"op", "data"} for one in lines), "lines")
    check({one["op"] for one in lines} >= set(alice.ids()), "a message is missing")
    check(alice.run("export").out == file.read_text(), "standard output has something else")
    done = subprocess.run([place.binary, "verify", "--json", str(file)], env={"PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    check(done.returncode == 0, f"verify said {done.stderr}")
    found = json.loads(done.stdout)
    check((found["operations"], found["authors"], found["without_content"]) == (len(lines), 2, 0), f"{found}")
    nobody = place.bare("nobody")
    check(nobody.run("verify", "-", stdin=file.read_text()).out.startswith(f"{len(lines)} operations"), "-")
    check(not (nobody.path / "descord.db").exists(), "verify made a database")
    # Bob's file has the same operations, in the order in which they came to him.
    check(sorted(exported(place, bob, "bob.jsonl").read_text().splitlines()) == sorted(
        file.read_text().splitlines()), "Bob exports something else")
    nobody.run("verify", str(place.folder / "bob.jsonl"))


@scenario
def damage_to_an_export_is_found_and_its_line_named(place):
    """Each kind of damage, by `verify` and by `import`."""
    alice, _ = filled(place, 4)
    file = exported(place, alice)
    nobody = key_alone(place, alice, "again")
    lines = file.read_text().splitlines()

    def with_line(number, text):
        return "\n".join(lines[: number - 1] + [text] + lines[number:]) + "\n"

    def changed(number, place_of_byte):
        record = json.loads(lines[number - 1])
        data = bytearray(base64.b64decode(record["data"]))
        data[place_of_byte] ^= 1
        return json.dumps(record | {"data": base64.b64encode(bytes(data)).decode()})

    last = json.loads(lines[9])
    longer = base64.b64encode(base64.b64decode(json.loads(lines[3])["data"]) + b"\x20\1").decode()
    both = {
        "an empty file": ("", 1), "no header": ("{}\n", 1), "no JSON": (with_line(5, "garbage"), 5),
        "a byte of the signature": (with_line(6, changed(6, -1)), 6),
        "a byte of a header": (with_line(10, changed(10, 60)), 10),
        "another id": (with_line(7, json.dumps(json.loads(lines[6]) | {"op": last["op"]})), 7),
        "no base64": (with_line(4, json.dumps(json.loads(lines[3]) | {"data": "%%%"})), 4),
        "more bytes": (with_line(4, json.dumps(json.loads(lines[3]) | {"data": longer})), 4),
        "a cut": ("\n".join(lines)[:-20], len(lines)),
        "a long line": (with_line(8, "x" * 2_200_000), 8),
        "no text": (with_line(8, "@").encode().replace(b"@", b"\xff"), 8),
        "a missing end": ("\n".join(lines[:-3]) + "\n", None),
        "a newer format": (with_line(1, lines[0].replace('"descord_export":1', '"descord_export":2')), None),
    }
    for what, (text, line) in both.items():
        for command in ("verify", "import"):
            try:
                refused(nobody, command, file, text, line)
            except Exception as error:
                raise AssertionError(f"{what}, {command}: {error}") from error
    # What import may take in any order, verify does not call whole.
    refused(nobody, "verify", file, "\n".join([lines[0], *lines[2:], lines[1]]), 2)
    refused(nobody, "verify", file, "\n".join(lines[:4] + lines[5:]))
    shorter = lines[0].replace(f'"operations":{len(lines) - 1}', f'"operations":{len(lines) - 2}')
    refused(nobody, "verify", file, "\n".join([shorter, *lines[1:4], *lines[5:]]), 5)
    # An operation of another space.
    other = place.home("other")
    other.found()
    foreign = exported(place, other, "other.jsonl").read_text().splitlines()[1]
    refused(nobody, "verify", file, with_line(9, foreign), 9)
    refused(nobody, "import", file, with_line(9, foreign), 9)
    check(nobody.run("import", str(place.folder / "none"), code=65).out == "", "a file that is not there")


@scenario
def home_that_kept_its_key_gets_its_space_back(place):
    """Creator or member: the file shows that it is one. Again is without harm; the chain goes on."""
    alice, bob = filled(place)
    file = exported(place, alice)
    for home in (alice, bob):
        again = key_alone(place, home, home.name + "-again")
        done = again.run("import", "--json", str(file)).object
        check(done["stored"] == done["read"] and done["ignored"] == 0, f"imported {done}")
        check(again.ids() == alice.ids(), "another log")
        check(again.run("space", "info", "--json").object["heads"]
              == alice.run("space", "info", "--json").object["heads"], "other heads")
        twice = again.run("import", "--json", "-", stdin=file.read_text()).object
        check((twice["stored"], twice["duplicates"]) == (0, done["read"]), f"imported {twice}")
        check(len(again.run("search", "alice", "--json").objects) == 30, "what was imported is not found")
        op = again.run("post", "goes on", code=75, DESCORD_TIMEOUT="0").out.strip()
        again.check_chain(op)


@scenario
def import_brings_a_member_what_it_lacks(place):
    """Over a file what would have come over the network; a cursor sees it in order of arrival."""
    alice, bob = place.pair()
    bob.run("listen", "--once", "--cursor", "bot", "--timeout", "0", code=75)
    alice.run("post", "--lines", "--wait", "0", stdin="one\ntwo\n")
    done = bob.run("import", "--json", "-", stdin=alice.run("export").out).object
    check(done["stored"] == 2, f"imported {done}")
    seen = bob.run("listen", "--once", "--json", "--cursor", "bot", "--timeout", "0", code=75).objects
    check([one["text"] for one in seen] == ["one", "two"], f"the cursor shows {seen}")


@scenario
def import_that_was_cut_or_killed_goes_on(place):
    """Everything before a damaged line stays; a kill loses nothing that was committed."""
    alice, _ = filled(place, 700)
    file = exported(place, alice)
    lines = file.read_text().splitlines()
    total = len(lines) - 1
    again = key_alone(place, alice, "again")
    refused(again, "import", file, "\n".join(lines[:500]) + "\ngarbage\n", 501)
    check(again.run("space", "info", "--json").object["operations"] == 499, "what stood before is not there")
    killed = key_alone(place, alice, "killed")
    process = subprocess.Popen([place.binary, "import", "-"], stdin=subprocess.PIPE,
                               env=killed.environment(), stdout=subprocess.DEVNULL)
    process.stdin.write(("\n".join(lines[:700]) + "\n").encode())
    process.stdin.flush()
    until(lambda: stored(killed) >= 256, "the first batch")
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = stored(killed)
    for home, known in ((again, 499), (killed, before)):
        done = home.run("import", "--json", str(file)).object
        check(done["duplicates"] >= known and done["duplicates"] + done["stored"] == total, f"{done}")
        check(home.ids() == alice.ids(), "something is missing")


def stored(home):
    path = home.path / "descord.db"
    if not path.exists():
        return 0
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute("SELECT count(*) FROM operations").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # the tables are not made yet
    finally:
        database.close()


@scenario
def space_of_others_is_not_imported(place):
    """77 for who is no member, of a public space too; nothing is kept, and the hint says what helps."""
    alice, mallory = place.home("alice"), place.home("mallory")
    alice.found()
    alice.run("post", "private")
    refusal = mallory.run("import", "--json", "-", stdin=alice.run("export").out, code=77)
    check("ticket" in read_json(refusal.err)["error"]["hint"], f"said {refusal.err}")
    alice.run("space", "create", "plaza", "--public")
    space = alice.run("export", "plaza").out
    refusal = mallory.run("import", "--json", "-", stdin=space, code=77)
    check("descord space join " in read_json(refusal.err)["error"]["hint"], f"said {refusal.err}")
    check(mallory.run("space", "list", "--json").objects == [], "a space is listed")
    check(stored(mallory) == 0, "operations were kept")


@scenario
def deleted_content_leaves_an_export_that_verifies(place):
    """The header alone is exported, verified and imported."""
    alice, _ = filled(place, 2)
    op = alice.ids()[0]
    alice.run("delete", op, "--wait", "0")
    file = exported(place, alice)
    check(alice.run("verify", "--json", str(file)).object["without_content"] == 1, "not one without content")
    again = key_alone(place, alice, "again")
    again.run("import", str(file))
    first = again.log()[0]
    check((first["op"], first["text"], first["deleted"]) == (op, None, True), f"imported {first}")


@scenario
def export_is_there_whole_or_not_at_all(place):
    """A file that cannot be written leaves the old one; a reader that goes away is 141."""
    alice, _ = filled(place, 100)
    file = exported(place, alice)
    before = file.read_bytes()
    check(alice.run("export", "-o", str(place.folder / "none" / "file"), code=74).out == "", "no folder")
    script = 'ulimit -f 8; trap "" XFSZ; exec "$0" export -o "$1"'
    done = subprocess.run(["/bin/sh", "-c", script, place.binary, str(file)], env=alice.environment(),
                          capture_output=True, timeout=WAIT_SECONDS, check=False)
    check(done.returncode != 0, "a limit of size stopped nothing")
    check(file.read_bytes() == before, "the old file is gone")
    check([one for one in os.listdir(place.folder) if ".new-" in one] == [], "a part was left behind")
    pipe = subprocess.Popen([place.binary, "export"], env=alice.environment(), stdout=subprocess.PIPE)
    pipe.stdout.read(10)
    pipe.stdout.close()
    check(pipe.wait(WAIT_SECONDS) == 141, "a reader that went away")
