"""A long exchange between two homes that have nobody but one foreign peer in common.

One home is on the air at a time. It writes its part, which the peer keeps, and meanwhile the peer hands over
what the other home wrote when it was on the air: both ways at once. Between the parts the peer and the home
lose each other and meet again, the peer leaves the topic and comes back, a new member joins, writes and goes.

```
 round 0   alice ── writes A ──► peer
 round 1   bob   ── writes B ──► peer ── A ──► bob
 round 2   alice ── writes C ──► peer ── B ──► alice          …and so on
```
"""

import contextlib
import itertools
import re
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import gossiptrace
from peer import WINDOW, Failure, Home, Inbox, check, until, windowed
from scenarios import CHANNEL, GRAFT_SECONDS

MESSAGES = 1_000  # each way, unless another number is asked for
SEGMENTS = 4  # of a round; something happens between two of them
ROUND_MESSAGES = 1_000  # that one home writes before the other one's turn, at most
LARGE_BYTES = (65_537, 200_000)  # the smallest and the largest of the large ones
TEXT_BYTES = 40  # of the others
LARGE_MIN = 20  # large messages of a run; of a longer one, one in a hundred is large
OTHER_TOPIC = "space/0000000000000000"
KEY = re.compile(rb"m-[a-z0-9]+-[0-9]+\.")


class Kept(Inbox):
    """The peer's inbox: keeps everything in its order, and tells of the messages whose texts are known."""

    def __init__(self, texts):
        super().__init__()
        self.texts, self.kept, self.guests = texts, [], Inbox()

    def put(self, message):
        found = KEY.search(message.data)
        key = found.group().decode() if found else None
        # An operation without text, such as a join, is handed on as well: others refer to it.
        self.kept.append((key, message.data))
        if key is None:
            return
        whole = key in self.texts and self.texts[key].encode() in message.data
        (self.guests if key.startswith("m-guest") else super()).put(key if whole else f"{key} (in part)")

    def take_all(self):
        taken, self.kept = self.kept, []
        return taken

    def end(self, why):
        self.guests.end(why)
        super().end(why)


class Station:
    """One home on the air: a node that prints what arrives, and a second process of the home that writes."""

    def __init__(self, exchange, home):
        self.exchange, self.world, self.home = exchange, exchange.world, home
        self.leaves = []  # of the topic, by others, while the node is on the air
        self.running = contextlib.ExitStack()
        self.inboxes = {name: Inbox() for name in ("fed", "guests")}

    def start(self, *arguments):
        path = self.world.trace(self.home.name)
        self.trace, self.leaves = gossiptrace.Follower(path), []
        self.node = self.running.enter_context(
            self.home.start("listen", "--json", "--not-mine", *arguments, DESCORD_TRACE=path))
        self.address = self.node.address()
        self.writer = self.running.enter_context(self.home.start("repl", stdin=True))
        self.sorter = threading.Thread(target=self.sort, args=(self.node,), daemon=True)
        self.sorter.start()

    def sort(self, node):
        """Reads what the node prints to its end."""
        try:
            while True:
                line = node.next("messages", seconds=None)
                key = line["text"].split(".")[0] + "."
                whole = line["text"] == self.exchange.texts.get(key)
                # Earlier newcomers' words are handed over as all others.
                inbox = self.inboxes["guests" if key == self.exchange.greeting else "fed"]
                inbox.put(key if whole else f"{key} (in part)")
        except Failure:
            return  # whoever waits for something fails by its deadline

    def write(self, key):
        self.writer.type(f"post --wait 0 -c {CHANNEL} {self.exchange.texts[key]}")

    def meet(self):
        self.world.meet(self.home)

    def wait_graft(self):
        """Waits until the peer and we have each other in the mesh, so that what it publishes comes."""
        peer = self.world.peer
        until(lambda: self.trace.meshes(peer.peer_id, self.world.topic),
              f"{self.home.name} meshes with the peer", GRAFT_SECONDS)
        peer.wait_reachable(self.world.topic, self.home.peer_id)

    def stop(self):
        """Leaves properly."""
        self.stop_writer()
        self.world.part(self.home, self.node)
        self.judge()

    def kill(self):
        """Leaves without a word."""
        self.stop_writer()
        self.node.stop(how=signal.SIGKILL)
        peer = self.world.peer
        peer.wait_gone(self.home.peer_id)
        peer.wait_forgotten(self.world.topic, self.home.peer_id)
        self.judge()

    def stop_writer(self):
        code = self.writer.stop(how=None)
        check(code == 0, f"the writer of {self.home.name} exited {code}: {''.join(self.writer.said)[-400:]}")

    def judge(self):
        """Looks for what neither side may do to the other, and for what came and was not expected."""
        complaints = gossiptrace.complaints(self.trace.read(), self.leaves)
        check(not complaints, f"{self.home.name}: {len(complaints)} complaints, first: {complaints[:1]}")
        self.sorter.join()
        for name, inbox in self.inboxes.items():
            check(not inbox.waiting, f"{self.home.name}: {list(inbox.waiting)[:1]} came once more ({name})")


class Exchange:
    """The whole run, and its counts."""

    def __init__(self, world, messages):
        self.world, self.peer, self.messages = world, world.peer, messages
        self.texts, self.handed, self.guests, self.greeting = {}, [], 0, None
        self.lowest = self.highest = 0.0
        self.kept = self.peer.inboxes[world.topic] = Kept(self.texts)
        self.events = itertools.cycle(
            [self.peer_reconnects, self.peer_leaves, self.home_reconnects, self.home_is_killed])

    def run(self):
        rounds = max(2, -(-self.messages // ROUND_MESSAGES))
        keys = self.write_texts(rounds)
        for number in range(rounds + 1):
            station = Station(self, (self.world.alice, self.world.bob)[number % 2])
            with station.running:
                if number % 4 < 2:
                    station.start("--connect", self.peer.address)
                else:
                    station.start()
                    self.peer.connect(station.address)
                station.meet()
                self.round(station, keys[number] if number < rounds else [])
                station.stop()
            check(not self.kept.waiting, f"the peer had {list(self.kept.waiting)[:1]} once more")
            self.handed = self.kept.take_all()
        self.compare()

    def write_texts(self, rounds):
        """Makes the texts of all rounds; the large ones lie in all segments but the last, a newcomer's."""
        size = -(-self.messages // rounds)
        numbers = [range(start, min(start + size, self.messages)) for start in range(0, self.messages, size)]
        large = max(LARGE_MIN, self.messages // 100)
        calm = [turn[:len(turn) * (SEGMENTS - 1) // SEGMENTS - WINDOW] for turn in numbers]
        spread = [number for turn in calm for number in turn]
        chosen = {spread[place * len(spread) // large]: place for place in range(large)}
        check(len(chosen) == large, f"{self.messages} messages are too few for {large} large ones")
        smallest, largest = LARGE_BYTES
        keys = []
        for turn, own in enumerate(numbers):
            keys.append([f"m-{('alice', 'bob')[turn % 2]}-{number}." for number in own])
            for key, number in zip(keys[-1], own):
                place = chosen.get(number)
                size = 0 if place is None else smallest + place * (largest - smallest) // (large - 1)
                text = f"{key} of {self.messages} " + key * (size // len(key) + 1)
                self.texts[key] = text[:max(size, TEXT_BYTES)]
        return keys

    def round(self, station, keys):
        handed, self.handed = self.handed, []
        units = self.units(handed)
        for segment in range(SEGMENTS):
            is_last = segment == SEGMENTS - 1
            if is_last:
                self.peer.wait_calm(self.world.topic)
            with ThreadPoolExecutor(3) as pool:
                jobs = [pool.submit(self.write, station, part(keys, segment)),
                        pool.submit(self.hand_over, station, part(units, segment))]
                if is_last and keys:
                    jobs.append(pool.submit(self.guest_comes, station))
                for job in jobs:
                    job.result()
            self.inspect(station)
            if not is_last:
                next(self.events)(station)
                self.inspect(station)

    @staticmethod
    def units(handed):
        """Returns the kept messages with those that say nothing put before the next that does."""
        units, silent = [], []
        for key, data in handed:
            silent.append(data)
            if key:
                units.append((key, silent))
                silent = []
        check(not silent, "the last message of a round has no text")
        return units

    def write(self, station, keys):
        """Our messages to the peer, at most 24 of them not yet there."""
        windowed(keys, station.write, lambda: self.kept.take("a message at the peer"))

    def hand_over(self, station, units):
        """The peer's messages to us, at most 24 of them not yet printed."""
        if not units:
            return
        station.wait_graft()
        payloads = dict(units)
        room = WINDOW + 1 - max(len(silent) for silent in payloads.values())

        def publish(key):
            for data in payloads[key]:
                self.peer.publish(self.world.topic, data)

        fed = station.inboxes["fed"]
        windowed(list(payloads), publish, lambda: fed.take("a message of the other home"), room)

    # What happens in between.

    def peer_reconnects(self, station):
        self.peer.disconnect(station.home.peer_id)
        self.forget(station)
        self.peer.connect(station.address)
        station.meet()

    def home_reconnects(self, station):
        self.peer.disconnect(station.home.peer_id)
        self.forget(station)
        station.home.run("peers", "add", self.peer.address)
        station.meet()

    def home_is_killed(self, station):
        station.kill()
        station.start("--connect", self.peer.address)
        station.meet()

    def peer_leaves(self, station):
        topic = self.world.topic
        self.peer.subscribe(OTHER_TOPIC)
        station.leaves.append(self.peer.peer_id)
        self.peer.unsubscribe(topic)
        until(lambda: not self.world.sees(station.home), f"{station.home.name} sees the peer leave")
        self.peer.subscribe(topic)
        station.meet()
        self.peer.unsubscribe(OTHER_TOPIC)

    def forget(self, station):
        """Waits until both sides know that the connection is lost."""
        self.peer.wait_gone(station.home.peer_id)
        self.peer.wait_forgotten(self.world.topic, station.home.peer_id)
        until(lambda: not self.world.sees(station.home), f"{station.home.name} notices the end")

    def guest_comes(self, station):
        """A newcomer joins the space, is heard by both, and leaves, while the others go on."""
        self.guests += 1
        name = f"guest{self.guests}"
        key = self.greeting = f"m-{name}-1."
        self.texts[key] = f"{key} says hello"
        guest = Home(station.home.binary, self.world.folder / name)
        guest.run("keygen")
        guest.peer_id = guest.run("id", "--json").object["peer_id"]
        guest.run("space", "join", self.world.space, "--connect", station.address)
        path = self.world.trace(name)
        with guest.start("listen", "--json", "--connect", self.peer.address, DESCORD_TRACE=path) as node:
            self.world.meet(guest)
            guest.run("post", "-c", CHANNEL, "--wait", "0", self.texts[key])
            for inbox in (self.kept.guests, station.inboxes["guests"]):
                heard = inbox.take(f"the hello of {name}")
                check(heard == key, f"{heard} instead of {key}")
            self.greeting = None
            self.scores(guest)
            station.leaves += [guest.peer_id] * 2  # of the space's topic and of the announcements'
            check(node.stop() == 143, f"{name} did not leave properly")
        self.peer.wait_gone(guest.peer_id)
        complaints = gossiptrace.complaints(gossiptrace.read(path), [])
        check(not complaints, f"{name}: {len(complaints)} complaints, first: {complaints[:1]}")

    # What is held against whom.

    def inspect(self, station):
        """Nobody has a score below 0 on our side, and the peer has nothing to say against us."""
        self.scores(station.home)
        offences = self.peer.offences()
        check(not offences, f"{self.peer.name} complains {len(offences)} times, first: {offences[:1]}")

    def scores(self, home):
        for row in home.run("peers", "--json").objects:
            for topic in row["topics"]:
                self.lowest = min(self.lowest, topic["score"])
                self.highest = max(self.highest, topic["score"])
                check(topic["score"] >= 0, f"{home.name} gives {row['peer']} {topic['score']}")

    def compare(self):
        """Both homes hold the same, nothing waits, and whoever delivers first was rewarded for it."""
        check(self.highest > 0, "nobody was ever scored")
        infos, written = [], set(self.texts.values())
        for home in (self.world.alice, self.world.bob):
            texts = [row["text"] for row in home.run("log", "--json", "-n", str(2 * len(written))).objects]
            check(len(texts) == len(written) and set(texts) == written,
                  f"{home.name} has {len(texts)} messages of {len(written)}")
            infos.append(home.run("space", "info", "--json").object)
        for key in ("operations", "heads", "members"):
            check(infos[0][key] == infos[1][key], f"{key} differ: {[info[key] for info in infos]}")
        for info in infos:
            check(info["waiting"] == info["held"] == info["invalid"] == 0, f"not all was taken: {info}")


def part(items, segment):
    """Returns one of the equal parts of a round."""
    return items[len(items) * segment // SEGMENTS:len(items) * (segment + 1) // SEGMENTS]


def exchange(world, messages):
    """Messages both ways with everything that may happen in between: none lost, and nobody to blame."""
    run = Exchange(world, messages)
    run.run()
    print(f"{messages} messages each way, {run.guests} newcomers, scores {run.lowest:g} to {run.highest:g}")


def harness_sees_an_offence(world):
    """A home that lost its memory of backoffs asks too early, and the peer and the trace both tell of it."""
    peer, trace = world.peer, world.trace("bob-forgets")
    with world.on_air(world.bob, "--connect", peer.address, DESCORD_TRACE=trace) as node:
        world.meet(world.bob)
        follower = gossiptrace.Follower(trace)
        until(lambda: follower.meshes(peer.peer_id, world.topic), "bob meshes with the peer", GRAFT_SECONDS)
        peer.wait_reachable(world.topic, world.bob.peer_id)
        peer.unsubscribe(world.topic)
        until(lambda: gossiptrace.total(gossiptrace.read(trace), "RECV_RPC", "prune"), "the peer leaves")
        peer.subscribe(world.topic)
        world.part(world.bob, node)
    with sqlite3.connect(world.folder / "bob" / "descord.db") as database:
        database.execute("DELETE FROM backoffs")
    with world.on_air(world.bob, "--connect", peer.address, DESCORD_TRACE=trace) as node:
        world.meet(world.bob)
        complaints = until(
            lambda: gossiptrace.complaints(gossiptrace.read(trace), [peer.peer_id]), "the peer refuses bob")
        check("pruned us 2 times, and left 1 times" in complaints[0], f"the trace says {complaints[0]}")
        offences = peer.offences()
        check(len(offences) == 1 and "GRAFT: ignoring" in offences[0], f"the peer says {offences}")
        check(gossiptrace.grafts_into_backoff(gossiptrace.read(trace)), "no GRAFT into a backoff was sent")
        world.part(world.bob, node)
