"""`plumbing`, as another program drives it."""

import random
import subprocess

from place import Person, check, read_json, scenario

HERE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}  # no home, no identity


class End:
    """One end of a reconciliation: a process that is spoken to line by line."""

    def __init__(self, place, items, limit=None):
        environment = HERE | ({"FRAMESIZELIMIT": str(limit)} if limit else {})
        self.process = subprocess.Popen(
            [place.binary, "plumbing", "negentropy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=environment)
        self.say(*(f"item,{time},{name}" for time, name in items), "seal")

    def say(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def next(self):
        return self.process.stdout.readline().removesuffix("\n")

    def end(self):
        self.process.stdin.close()
        check(self.process.wait(60) == 0, "an end failed")
        check(self.process.stdout.read() == "", "an end had more to say")


def reconcile(initiator, responder, limit=None):
    """Carries messages between two ends; returns what the first one found, and how many messages it sent."""
    found, count = {"have": [], "need": []}, 0
    initiator.say("initiate")
    while (line := initiator.next()) != "done":
        word, value = line.split(",")
        if word != "msg":
            found[word].append(value)
            continue
        responder.say(line)
        answer = responder.next()
        check(answer.startswith("msg,61"), f"the answer was {answer[:40]}")
        check(max(len(value), len(answer) - 4) <= 2 * (limit or 1 << 20), "a message beyond the limit")
        initiator.say(answer)
        count += 1
    return found["have"], found["need"], count


@scenario
def plumbing_negentropy_reconciles_two_processes(place):
    """Line by line over pipes, with and without a limit of frames; each difference once."""
    draw = random.Random(place.seed)
    for size in (0, 3, 200, 2_000 * place.scale):
        for limit in (None, 4_096):
            sets = ([], [])
            for _ in range(size):
                item = (draw.randrange(1 << 40), draw.randbytes(32).hex())
                for number in draw.choice(((0, 1), (0, 1), (0, 1), (0,), (1,))):
                    sets[number].append(item)
            ends = [End(place, one, limit) for one in sets]
            have, need, count = reconcile(*ends, limit)
            first, second = ({name for _, name in one} for one in sets)
            check(sorted(have) == sorted(first - second), "another `have` than what the second lacks")
            check(sorted(need) == sorted(second - first), "another `need` than what the first lacks")
            check(count >= (2 if size > 200 else 1), f"{count} messages")
            for one in ends:
                one.end()


@scenario
def plumbing_negentropy_refuses_what_it_cannot_use(place):
    """65 and what is wrong with which line; 64 for a limit that is none. Nothing is made of a home."""
    name = "ab" * 32
    lines = {
        "": "line 1 cannot be used", "item,1": "item,TIMESTAMP,ID",
        f"item,-1,{name}": "a number below", f"item,18446744073709551615,{name}": "a number below",
        f"item,1,{name[1:]}": "64 hexadecimal digits", f"item,1,{name}\nitem,1,{name}\nseal": "twice",
        "initiate": "not sealed yet", "msg,61": "not sealed yet", "seal\nseal": "line 2 cannot be used",
        f"seal\nitem,1,{name}": "sealed already", "seal\ninitiate\ninitiate": "begun already",
        "seal\nmsg,6": "even number", "seal\nmsg,": "version of negentropy", "seal\nmsg,61000003": "mode 3",
        "seal\ninitiate\nmsg,62": "version 2", "seal\nmsg,6100": "in the middle of a range",
        "stop": "none of",
    }
    home = Person(place.binary, place.folder / "nobody")
    for script, said in lines.items():
        refused = home.run("plumbing", "negentropy", stdin=script + "\n", code=65)
        check(said in refused.err, f"{script!r}: said {refused.err}")
    error = read_json(home.run("plumbing", "negentropy", "--json", stdin="stop\n", code=65).err)["error"]
    check(error["code"] == "bad_line", f"said {error}")
    for limit in ("4095", "-1", "x", "1e4"):
        refused = home.run("plumbing", "negentropy", stdin="seal\n", code=64, FRAMESIZELIMIT=limit)
        check("FRAMESIZELIMIT" in refused.err, f"said {refused.err}")
    downgraded = home.run("plumbing", "negentropy", stdin="seal\nmsg,62aabb\n", FRAMESIZELIMIT="0")
    check(downgraded.out == "msg,61\n", f"answered {downgraded.out}")
    check(not home.path.exists(), "a home was made")
