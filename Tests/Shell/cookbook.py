"""docs/cookbook.md: every snippet is taken from the page and run as it stands there."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess

from place import PATIENCE, ROOT, WAIT_SECONDS, check, read_json, scenario, until

PAGE = ROOT / "docs" / "cookbook.md"
SNIPPET = re.compile(r"(?:<!-- test: (\w+) -->\n)?```(\w+)\n(.*?)```", re.S)
RUN = {}


def recipe(function):
    RUN[function.__name__] = function
    return function


def snippets():
    return {name: (kind, text) for name, kind, text in SNIPPET.findall(PAGE.read_text())}


def command(name):
    """The command of a snippet: of a crontab's line what follows the times, as cron hands it to sh(1)."""
    kind, text = snippets()[name]
    if kind != "crontab":
        return text
    line, = text.splitlines()
    times = 1 if line.startswith("@") else 5
    check("%" not in line.replace("\\%", ""), "cron takes a % for a line feed")
    return line.split(None, times)[times].replace("\\%", "%")


class Kitchen:
    """Alice and Bob in a space with two channels, `descord` in the PATH, and a folder for HOME."""

    def __init__(self, place):
        self.place = place
        self.folder = place.folder / "user"
        self.tools = place.folder / "tools"
        for folder in (self.folder, self.tools):
            folder.mkdir()
        (self.tools / "descord").symlink_to(place.binary)
        self.alice, self.bob = place.pair()
        self.alice.run("channel", "create", "builds")
        with self.bob.start("listen") as listener:
            self.alice.run("sync", "--connect", listener.address())

    def environment(self, home, **more):
        path = f"{self.tools}:{os.environ['PATH']}"
        return home.environment(
            **{"HOME": str(self.folder), "PATH": path, "DESCORD_TIMEOUT": PATIENCE, **more})

    def tool(self, name, text):
        """Puts a program in front of the PATH."""
        (self.tools / name).unlink(missing_ok=True)  # never through a link to what it stands for
        (self.tools / name).write_text("#!/bin/sh\n" + text)
        (self.tools / name).chmod(0o755)

    def start(self, home, name, shell="/bin/sh", **options):
        return subprocess.Popen(
            [shell, "-c", command(name)], env=self.environment(home), cwd=self.folder, text=True,
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **options)

    def run(self, home, name, code=0, **more):
        done = subprocess.run(
            ["/bin/sh", "-c", command(name)], env=self.environment(home, **more), cwd=self.folder,
            text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=WAIT_SECONDS * 5, check=False)
        check(done.returncode == code, f"{name} exited {done.returncode}: {done.stderr}")
        return done.stdout

    def texts(self, home=None, channel="general"):
        return [one["text"] for one in (home or self.alice).log("-c", channel)]

    def end(self, process):
        """Ends a snippet that would go on for ever, with everything that it started."""
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=WAIT_SECONDS)


@scenario
def every_snippet_of_the_cookbook_is_run(place):
    """Each fenced block names its test, and each test has its block."""
    named = [name for name, _, _ in SNIPPET.findall(PAGE.read_text())]
    check("" not in named, "a block names no test")
    check(sorted(named) == sorted(RUN), f"blocks {sorted(named)}, tests {sorted(RUN)}")
    check(PAGE.read_text().count("```") == 2 * len(named), "a block was not read")


def register(name):
    def run(place):
        RUN[name](Kitchen(place))
    run.__name__ = f"cookbook_{name}"
    scenario(run)


@recipe
def cron_sync(kitchen):
    alice, bob = kitchen.alice, kitchen.bob
    alice.run("post", "-c", "general", "carried", "--wait", "0")
    kitchen.run(alice, "cron_sync", DESCORD_TIMEOUT="0")  # nobody is there
    with bob.start("listen", "--json") as listener:
        listener.address()
        kitchen.run(alice, "cron_sync")
        check(listener.next()["text"] == "carried", "Bob heard something else")


@recipe
def cron_digest(kitchen):
    alice, bob = kitchen.alice, kitchen.bob
    bob.run("post", "-c", "general", "first", "--wait", "0")
    digest = kitchen.folder / "digest"
    with bob.start("listen") as listener:
        listener.address()
        kitchen.run(alice, "cron_digest")
        alice.run("post", "-c", "general", "mine")
        bob.run("post", "-c", "general", "second", "--wait", "0")
        kitchen.run(alice, "cron_digest")
    kitchen.run(alice, "cron_digest", DESCORD_TIMEOUT="0")
    found = [line.split(": ", 1)[1] for line in digest.read_text().splitlines()]
    check(found == ["first", "second"], f"the digest has {found}")


@recipe
def cron_backup(kitchen):
    kitchen.run(kitchen.alice, "cron_backup")
    copy = kitchen.folder / "ops.jsonl"
    first = copy.read_text()
    kitchen.alice.run("post", "-c", "general", "one more", "--wait", "0")
    kitchen.run(kitchen.alice, "cron_backup")
    check(len(copy.read_text().splitlines()) == len(first.splitlines()) + 1, "the copy is old")
    kitchen.tool("descord", f'"{kitchen.place.binary}" "$@" && [ "$1" != verify ]')
    kitchen.alice.run("post", "-c", "general", "and more", "--wait", "0")
    before = copy.read_text()
    kitchen.run(kitchen.alice, "cron_backup", code=1)
    check(copy.read_text() == before, "what did not verify replaced the copy")


@recipe
def cron_disk(kitchen):
    for full, count in (("42%", 0), ("97%", 1), ("100%", 2)):
        kitchen.tool("df", f"echo Use%; echo ' {full}'")
        with kitchen.bob.start("listen") as listener:
            listener.address()
            kitchen.run(kitchen.alice, "cron_disk", code=0 if count else 1)
        check(len(kitchen.texts()) == count, f"posted {kitchen.texts()}")


@recipe
def pipe_build(kitchen):
    (kitchen.folder / "Makefile").write_text("all:\n\t@echo it is built\n\t@false\n")
    with kitchen.bob.start("listen") as listener:
        listener.address()
        kitchen.run(kitchen.alice, "pipe_build")
    text, = kitchen.texts(channel="builds")
    check("it is built" in text and "Error 1" in text, f"posted {text}")


@recipe
def pipe_lines(kitchen):
    log = kitchen.folder / "app.log"
    log.write_text("ERROR of before\n")
    with kitchen.bob.start("listen") as listener:
        listener.address()
        process = kitchen.start(kitchen.alice, "pipe_lines")

        def written():
            with log.open("a") as file:  # until tail(1) looks, which nobody can see
                file.write("fine\nERROR disk\n")
            return kitchen.texts()
        until(written, "a line of the log")
        kitchen.end(process)
    check(set(kitchen.texts()) == {"ERROR disk"}, f"posted {kitchen.texts()}")


@recipe
def pipe_table(kitchen):
    kitchen.alice.run("post", "-c", "general", 'with "quotes", and commas', "--wait", "0")
    kitchen.run(kitchen.alice, "pipe_table")
    row, = csv.reader((kitchen.folder / "today.csv").read_text().splitlines())
    check(row[1:] == [kitchen.alice.peer, 'with "quotes", and commas'], f"the table has {row}")


@recipe
def pipe_wait(kitchen):
    alice, bob = kitchen.alice, kitchen.bob
    process = kitchen.start(alice, "pipe_wait")
    while "listening on" not in (note := process.stderr.readline()):
        check(note, "the listener ended")
    for text in ("not yet", "deploy it"):
        bob.run("post", "-c", "builds", text)
    check(process.stdout.readline() == "deploying\n", "it did not go on")
    bob.run("post", "-c", "builds", "and another, at which the listener finds no reader", "--wait", "0")
    kitchen.end(process)


@recipe
def pipe_search(kitchen):
    kitchen.alice.run("post", "-c", "general", "--lines", "--wait", "0",
                      stdin="the build is broken\nBROKEN build\nfine build\n")
    found = kitchen.run(kitchen.alice, "pipe_search").split()
    check(found == ["2", kitchen.alice.peer], f"found {found}")


@recipe
def pipe_invite(kitchen):
    carol = kitchen.place.home("carol")
    kitchen.tool("ssh", f'shift; export DESCORD_HOME="{carol.path}"; exec "$@"')
    with kitchen.alice.start("listen") as listener:
        listener.address()
        kitchen.run(kitchen.alice, "pipe_invite")
    check([one["name"] for one in carol.run("space", "list", "--json").objects] == ["ops"], "Carol is not in")


@recipe
def hook_archive(kitchen):
    (kitchen.folder / "archive").mkdir()
    with kitchen.bob.start("listen") as listener:
        listener.address()
        kitchen.bob.run("post", "-c", "general", "kept", "--wait", "0")
        kitchen.alice.run("post", "-c", "general", "mine")
        kitchen.run(kitchen.alice, "hook_archive")
    kept, = (kitchen.folder / "archive").iterdir()
    message = json.loads(kept.read_text())
    check((message["text"], message["op"] + ".json") == ("kept", kept.name), f"kept {message}")


@recipe
def hook_deploy(kitchen):
    alice, bob = kitchen.alice, kitchen.bob
    deploy = kitchen.folder / "deploy"
    deploy.write_text("#!/bin/sh\necho x >> runs; echo it is deployed\n")
    deploy.chmod(0o755)
    with bob.start("listen") as listener:
        listener.address()
        for text in ("deploy now; touch evil", "$(touch evil)", "deploy now"):
            bob.run("post", "-c", "builds", text, "--wait", "0")
        for _ in range(2):
            kitchen.run(alice, "hook_deploy")
    check((kitchen.folder / "runs").read_text() == "x\n", "it ran more or less than once")
    check(kitchen.texts(channel="builds")[-1] == "it is deployed", "the answer is missing")
    check(not (kitchen.folder / "evil").exists(), "a text ran")


@recipe
def hook_unit(kitchen):
    """The command of the unit, ended and started again as a service manager does."""
    line = next(line for line in command("hook_unit").splitlines() if line.startswith("ExecStart="))
    hook = kitchen.folder / "on-message"
    hook.write_text("#!/bin/sh\ncat >> got\n")
    hook.chmod(0o755)
    got = kitchen.folder / "got"
    for count in (1, 2):
        kitchen.alice.run("post", "-c", "builds", f"message {count}", "--wait", "0")
        process = subprocess.Popen(
            [kitchen.tools / "descord", *line.removeprefix("ExecStart=descord ").split()],
            env=kitchen.environment(kitchen.alice), cwd=kitchen.folder, stderr=subprocess.PIPE, text=True)
        until(lambda: got.exists() and f"message {count}" in got.read_text(), "the hook")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT_SECONDS)
        check(process.returncode == 143, f"ended with {process.returncode}")
    # A hook that was ended with its listener runs again.
    texts = list(dict.fromkeys(read_json(one)["text"] for one in got.read_text().splitlines()))
    check(texts == ["message 1", "message 2"], f"the hook got {texts}")


@recipe
def bot_socket(kitchen):
    alice, bob = kitchen.alice, kitchen.bob
    with alice.start("listen", "--json") as node, bob.start("listen", "--json") as ear:
        node.address()
        ear.address()
        script = kitchen.place.folder / "bot.py"
        script.write_text(command("bot_socket"))
        process = subprocess.Popen(
            [shutil.which("python3"), "-B", str(script)], env=kitchen.environment(alice),
            stderr=subprocess.PIPE, text=True)
        for text in ("hello", "!ping", "!ping"):
            bob.run("post", "-c", "general", text)
        heard = []
        while heard.count("pong") < 2:
            heard.append(ear.next()["text"])
        check(process.poll() is None, "the bot ended")
        process.terminate()
        process.communicate(timeout=WAIT_SECONDS)
    check(kitchen.texts().count("pong") == 2, f"{kitchen.texts()}")


for each in sorted(RUN):
    register(each)
