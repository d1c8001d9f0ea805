"""`listen --exec`: one hook a message, again when it fails, parked at last."""

import json
import os
import signal
import stat
import subprocess

from place import WAIT_SECONDS, check, read_json, scenario, until, warnings

RECORD = 'cat >> "$OUT"; '  # a hook that keeps its input


def prepare(place, *messages):
    home = place.home("alice", OUT=str(place.folder / "out"))
    home.found()
    for text in messages:
        home.run("post", "--", text)
    return home, place.folder / "out"


def hook(home, command, *options, code=0, **more):
    return home.run("listen", "--once", "--cursor", "bot", "--exec", command, *options, code=code, **more)


def recorded(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@scenario
def hook_gets_the_object_and_no_text_in_its_environment(place):
    """The object of `log --json` on stdin; ids, times and kinds in variables; nothing printed."""
    evil = "$(touch evil) `touch evil`; touch evil"
    alice, out = prepare(place, evil)
    file = place.folder / "environment"
    run = hook(alice, RECORD + f'env > "{file}"')
    check(run.out == "", f"printed {run.out}")
    message, = alice.log()
    check(recorded(out) == [message], f"the hook got {recorded(out)}")
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    for name, key in (("OP", "op"), ("SPACE", "space"), ("CHANNEL", "channel"), ("AUTHOR", "author"),
                      ("TIME", "time"), ("RECEIVED", "received"), ("EVENT", "event"), ("ACTOR", "actor")):
        check(variables["DESCORD_" + name] == message[key], f"{name} is {variables.get('DESCORD_' + name)}")
    for name in ("ops", "general", evil):
        check(name not in variables.values(), f"{name} is in the environment")
    check(not any("touch" in value for value in variables.values()), "text is in the environment")
    check(not os.path.exists("evil") and not (place.folder / "evil").exists(), "the text ran")
    alice.run("react", message["op"], "x")
    hook(alice, f'env > "{file}"')
    check("DESCORD_EVENT=reacted" in file.read_text().splitlines(), "a reaction came as something else")
    # A text larger than a pipe or an environment takes, to a hook that reads it and to one that does not.
    alice.run("post", stdin="x" * 900_000)
    hook(alice, RECORD + "exit 0")
    check(len(recorded(out)[-1]["text"]) == 900_000, "a large text was cut")
    alice.run("post", stdin="y" * 900_000)
    check(warnings(hook(alice, "true").err) == [], "a hook that reads nothing failed")


@scenario
def hook_runs_once_a_message_in_order(place):
    """One after another; what succeeded does not run again."""
    alice, out = prepare(place, "one", "two", "three")
    hook(alice, f'mkdir "{place.folder}/busy" && {RECORD} rmdir "{place.folder}/busy"')
    check([one["text"] for one in recorded(out)] == ["one", "two", "three"], f"ran for {recorded(out)}")
    hook(alice, RECORD)
    check(len(recorded(out)) == 3, "a message came twice")


@scenario
def hook_that_fails_is_tried_again_then_parked(place):
    """Tried --tries times, listed with its last end, passed over; `cursor retry` has it tried once more."""
    alice, out = prepare(place, "bad", "good")
    command = f'grep -q good && exit 0; echo x >> "{place.folder}/tries"; exit 3'
    run = hook(alice, command, "--tries", "2", "--json")
    check((place.folder / "tries").read_text() == "x\nx\n", "not tried twice")
    codes = [read_json(line)["warning"]["code"] for line in warnings(run.err)]
    check(codes == ["hook_failed", "hook_gave_up"], f"warned of {codes}")
    bad, _ = alice.log()
    parked, = alice.run("cursor", "parked", "bot", "--json").objects
    check((parked["op"], parked["attempts"], parked["last_error"], parked["due"])
          == (bad["op"], 2, "exit 3", False), f"parked {parked}")
    check("exit 3" in alice.run("cursor", "parked").out, "the list says nothing of the failure")
    hook(alice, RECORD)
    check(recorded(out) == [], "something parked ran without having been asked for")
    check(alice.run("cursor", "retry", "bot", bad["op"][:8], "--json").object["due"] == 1, "nothing is due")
    hook(alice, "kill -9 $$", "--tries", "1")
    parked, = alice.run("cursor", "parked", "--json").objects
    check((parked["attempts"], parked["last_error"]) == (3, "signal 9"), f"parked {parked}")
    alice.run("cursor", "retry", "bot")
    hook(alice, RECORD)
    check([one["op"] for one in recorded(out)] == [bad["op"]], "the parked message did not run")
    check(alice.run("cursor", "parked", "--json").objects == [], "what succeeded is still parked")
    alice.run("post", "bad too")
    hook(alice, "false", "--tries", "1")
    edit = alice.run("edit", bad["op"][:8], "better").out.strip()
    hook(alice, "false", "--tries", "1")
    check(edit in [one["op"] for one in alice.run("cursor", "parked", "--json").objects], "the edit is lost")
    alice.run("cursor", "retry", "bot", edit)
    hook(alice, RECORD)
    again = recorded(out)[-1]
    check((again["op"], again["event"], again["text"]) == (bad["op"], "edited", "better"), f"it got {again}")
    check(alice.run("cursor", "drop", "bot", "--all", "--json").object["dropped"] == 1, "nothing dropped")
    check(alice.run("cursor", "parked", "--json").objects == [], "dropped and still there")
    check(alice.run("cursor", "drop", "bot", code=64).out == "", "dropped without a name")


@scenario
def hook_is_ended_with_its_listener_and_its_message_comes_again(place):
    """SIGTERM reaches the hook and is waited for; whatever the hook makes of it, its message is not seen."""
    alice, out = prepare(place, "one")
    pipe = place.folder / "pipe"
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        started = place.folder / f"started-{number}"
        ended = place.folder / f"ended-{number}"
        os.path.exists(pipe) or os.mkfifo(pipe)
        check(stat.S_ISFIFO(os.stat(pipe).st_mode), "no pipe")
        # The hook waits for a read that nobody ends, and says goodbye when it is told to go. Its reader says
        # that it is there, so that the signal finds them both.
        goodbye = f"trap 'echo x > {ended}; exit 0' TERM; "
        command = goodbye + f'{{ echo x > "{started}"; read line < "{pipe}"; }} & wait'
        with alice.start("listen", "--cursor", "bot", "--exec", command) as listener:
            until(started.exists, "the hook")
            check(listener.stop(number) == code, f"listen did not end with {code}")
            check(ended.exists(), "listen did not wait for the hook")
    hook(alice, RECORD)
    check([one["text"] for one in recorded(out)] == ["one"], "the message counted as seen")


@scenario
def hook_keeps_nothing_of_ours_open(place):
    """Of what the caller left open for descord, a hook has the three streams alone."""
    alice, _ = prepare(place, "one")
    file = place.folder / "open"
    secret = os.open(place.folder / "secret", os.O_CREAT | os.O_RDWR, 0o600)
    os.set_inheritable(secret, True)
    try:
        done = subprocess.run(
            [alice.binary, "listen", "--once", "--cursor", "bot", "--exec", f'ls -l /proc/$$/fd > "{file}"'],
            env=alice.environment(), close_fds=False, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=WAIT_SECONDS, check=False)
    finally:
        os.close(secret)
    check(done.returncode == 0, f"listen said {done.stderr}")
    found = file.read_text()
    for name in ("secret", "descord.db", "node.lock", "socket:"):
        check(name not in found, f"{name} is open in the hook: {found}")


@scenario
def hook_without_a_cursor_follows_live(place):
    """It begins with what arrives; what fails is warned of and passed over."""
    alice, out = prepare(place, "before")
    command = RECORD + "grep -q x && exit 0; exit 1"
    with alice.start("listen", "--json", "--tries", "1", "--exec", command) as live:
        live.address()
        alice.run("post", "after")
        note = read_json(live.notes.take("a warning"))
        check(note["warning"]["code"] == "hook_gave_up", f"said {note}")
        check([one["text"] for one in recorded(out)] == ["after"], f"ran for {recorded(out)}")
        check(live.stop() == 143, "listen failed")
    check(alice.run("cursor", "parked", "--json").objects == [], "parked without a cursor")
