"""How far a long work has come: on a terminal alone."""

import os
import pty
import subprocess
import threading

from place import PATIENCE, WAIT_SECONDS, check, scenario


def on_terminal(home, *arguments, stdin=""):
    """Runs a command whose standard error alone is a terminal; returns what that got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [home.binary, *arguments], env=home.environment(DESCORD_TIMEOUT=PATIENCE, TERM="xterm"),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = []

    def read():
        while True:
            try:
                chunk = os.read(ours, 65_536)
            except OSError:
                return  # the other side is closed
            if not chunk:
                return
            seen.append(chunk)
    reader = threading.Thread(target=read)
    reader.start()
    process.stdin.write(stdin.encode())
    process.stdin.close()
    code = process.wait(WAIT_SECONDS * 2)
    reader.join()
    os.close(ours)
    check(code == 0, f"{arguments} exited {code}: {seen}")
    return b"".join(seen).decode()


@scenario
def progress_is_shown_on_a_terminal_and_goes_away(place):
    """A line that is overwritten, for join, import, export, verify, rebuild; none with -q, --json, a pipe."""
    alice, bob = place.home("alice"), place.home("bob")
    alice.found()
    alice.run("post", "--lines", stdin="".join(f"{n}\n" for n in range(300)))
    file = place.folder / "file"
    shown = {"export": on_terminal(alice, "export", "-o", str(file)),
             "verify": on_terminal(alice, "verify", str(file)),
             "import": on_terminal(alice, "import", str(file)),
             "rebuild": on_terminal(alice, "db", "rebuild")}
    with alice.start("listen") as listener:
        address = listener.address()
        joining = ("space", "join", "-", "--connect", address)
        shown["space join"] = on_terminal(bob, *joining, stdin=alice.ticket())
    words = {"export": "exported 1 of", "verify": "verified 1 of", "import": "imported 256 of",
             "rebuild": "judged 64 of 302", "space join": "received "}
    for what, word in words.items():
        text = shown[what]
        check("\r\x1b[K" + word in text, f"{what} showed {text!r}")
        # Whatever comes after the last progress begins with an empty line.
        check(text.rsplit("\r\x1b[K", 1)[1].startswith(word) is False, f"{what} left {text!r}")
    for quiet in ("-q", "--json"):
        for arguments in (["import", str(file)], ["verify", str(file)], ["export", "-o", str(file)],
                          ["db", "rebuild"]):
            text = on_terminal(alice, *arguments, quiet)
            check(" of " not in text and "\x1b" not in text, f"{quiet} showed {text!r}")
    check("\x1b" not in alice.run("import", str(file)).err, "a pipe got a progress")
