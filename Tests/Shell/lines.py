"""`post --lines`: one message a line."""

import fcntl
import os
import subprocess
import termios

from place import WAIT_SECONDS, check, read_json, scenario, until
from endings import Silence

POST = ("post", "--lines")


@scenario
def lines_are_posted_in_their_order(place):
    """One id a line; the texts as they stand, without their newline; the last line needs none."""
    alice = place.home("alice")
    alice.found()
    run = alice.run(*POST, stdin="one\n two\r\nthree")
    check(run.out.split() == alice.ids(), "other ids, or another order")
    check([one["text"] for one in alice.log()] == ["one", " two\r", "three"], f"posted {alice.log()}")
    check(alice.run(*POST, stdin="").out == "", "no line is a message")
    check(alice.run(*POST, "text", code=64).out == "", "text beside --lines")


@scenario
def lines_that_cannot_be_posted_are_said_and_passed_over(place):
    """Blank, binary, not UTF-8, too long: 65 for that line, and the next one follows; nothing is lost."""
    alice = place.home("alice")
    alice.found()
    bad = b"one\n\n \t\nb\0c\nd\xff\n" + b"x" * 2_000_000 + b"\n" + b"y" * 3_000_000 + b"\nlast\n"
    done = subprocess.run([alice.binary, *POST, "--json"], input=bad, capture_output=True,
                          env=alice.environment(), timeout=WAIT_SECONDS, check=False)
    objects = [read_json(line) for line in done.stdout.splitlines()]
    check(done.returncode == 65, f"exited {done.returncode}")
    check([one["line"] for one in objects] == list(range(1, 9)), "not one object a line, in order")
    check([one["status"] for one in objects] == ["local"] + ["refused"] * 6 + ["local"], f"{objects}")
    codes = [one["error"]["code"] for one in objects if one["error"]]
    check(codes == ["empty_text", "empty_text", "not_utf8", "not_utf8", "text_too_large", "text_too_large"],
          f"refused for {codes}")
    keys = {"line", "op", "space", "channel", "stored_by", "status", "timings_ms", "error"}
    check(all(set(one) == keys for one in objects), f"keys {set(objects[0])}")
    check([one["op"] for one in objects if one["op"]] == alice.ids(), "other ids")
    said = alice.run(*POST, stdin="a\n\nb\n", code=65)
    check(len(said.out.split()) == 2 and "line 2" in said.err, f"said {said.err}")


@scenario
def lines_end_with_the_highest_code(place):
    """75 when one was queued; 0 when all are stored, though results come in any order."""
    alice, bob = place.pair()
    queued = alice.run(*POST, "--json", "--timeout", "1", stdin="one\n\n", code=75)
    check([one["status"] for one in queued.objects] == ["queued", "refused"], f"{queued.objects}")
    lines = "".join(f"line {number}\n" for number in range(100))
    with bob.start("listen", "--json") as listener:
        run = alice.run(*POST, "--json", "--connect", listener.address(), stdin=lines)
        check([one["line"] for one in run.objects] == list(range(1, 101)), "not in order")
        check({one["status"] for one in run.objects} == {"stored"}, "not all stored")
        heard = [listener.next()["op"] for _ in range(101)]
    check(set(heard) >= {one["op"] for one in run.objects}, "Bob lacks some")


@scenario
def lines_are_read_no_further_than_those_that_wait(place):
    """With 16 lines that nobody answers for, the rest stays in the pipe; nothing of it is posted."""
    alice, _ = place.pair()
    with Silence() as silence:
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
        line = b"x" * 999 + b"\n"
        offered = 0
        while True:
            try:
                offered += os.write(writing, line)
            except BlockingIOError:
                break
        process = subprocess.Popen(
            [alice.binary, *POST, "--connect", silence.address], stdin=reading, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=alice.environment(DESCORD_TIMEOUT="600"))
        silence.await_visitor()
        until(lambda: len(alice.ids()) >= 16, "16 lines")
        left = int.from_bytes(fcntl.ioctl(reading, termios.FIONREAD, b"\0" * 4), "little")
        check(len(alice.ids()) == 16, f"{len(alice.ids())} lines were posted")
        check(offered - left <= 16_000 + 4_096, f"{offered - left} bytes were read")
        process.kill()
        process.wait()
        os.close(reading)
        os.close(writing)
