"""The synchronising session, as initiator and as responder: section 7 of docs/protocol.md."""

import os

import identity
import negentropy
import operations
import protobuf
from frames import (
    ASK, DONE, HELLO, IDS, IDS_A_FRAME, IDS_MAX, LACKING, NEGENTROPY, OPENING, OPERATIONS, REASONS, RECEIPT,
    RECORDS, REFUSAL, WANT, Hello, Opening, blinded, frame, id_frames, operation_frames, read_frame, read_ids)
from operations import ADMIT, OPERATION_BYTES_MAX
from protobuf import Malformed, bytes_field, varint_field

PUSH_MAX, PUSH_BYTES_MAX, ASKS_MAX, INTRODUCTION_MAX = 256, 2 << 20, 1_000, 8
ASKS_KEPT_MAX = 4_096
RECORDS_BYTES_MAX = 60_000
METHODS = ("ids", "ancestors", "negentropy/1")
COMPARED_MAX, DIFFERENCE_PART = 4_194_304, 8


class Refused(Exception):
    """The other side is of no use for this space now."""


class Session:
    """What both roles share: the frames that may come at any time, and the two ways to compare."""

    def __init__(self, home, connection, stream, on_new=None):
        self.home, self.remote, self.stream = home, connection.remote_key, stream
        self.handshake_hash, self.on_new = connection.handshake_hash, on_new or (lambda found: None)
        self.buffered = b""
        self.asked, self.own_asks, self.sent_own = set(), set(), set()
        self.received, self.sent, self.round_trips = 0, 0, 0
        self.arrived, self.lacked = [], []
        self.method, self.flight, self.greeted = None, False, False
        self.messages, self.stopped, self.frame_bytes = 0, False, negentropy.MESSAGE_BYTES_MAX

    @property
    def space(self):
        return self.home.space

    def write(self, data):
        self.flight = self.flight or bool(data)
        self.stream.write(data)

    async def step(self):
        """Returns the next frame, whatever it is; None at the end. Waiting after a flight is a round trip."""
        if self.flight:
            self.flight, self.round_trips = False, self.round_trips + 1
        return await read_frame(self.stream)

    async def next(self):
        """Returns the next frame that is not one of those that may come at any time; None at the end."""
        while True:
            found = await self.step()
            if found is None or not self.take_anywhere(*found):
                return found

    async def due(self, *numbers):
        found = await self.next()
        if found is None or found[0] not in numbers:
            raise Malformed(f"frame {found and found[0]} where one of {numbers} was due")
        return found

    def take_anywhere(self, number, body):
        """Handles operations, receipts, asks, lists of what is lacking, and records."""
        if number == OPERATIONS:
            self.take_operations(body)
        elif number == RECEIPT:
            wrote = {one for one in read_ids(body)[0] if one in self.sent_own | self.own_asks}
            if self.space.is_member(self.remote):
                self.home.keep_receipts(identity.peer_id(self.remote), wrote)
        elif number == ASK:
            identifiers = read_ids(body)[0]
            self.send_receipts([one for one in identifiers if one in self.space.held])
            self.asked.update(one for one in identifiers if one not in self.space.held)
            if len(self.asked) > ASKS_KEPT_MAX:
                raise Malformed("too many asks")
        elif number == LACKING:
            self.lacked += read_ids(body)[0]
        elif number == RECORDS:
            self.take_records(body)
        else:
            return False
        return True

    def take_operations(self, piece):
        """Takes the next piece of the stream of operations; stores what is complete."""
        self.buffered += piece
        found, at = [], 0
        while at < len(self.buffered):
            try:
                size, start = protobuf.read_uvarint(self.buffered, at)
            except Malformed:
                if len(self.buffered) - at < protobuf.UVARINT_BYTES_MAX:
                    break
                raise
            if size > OPERATION_BYTES_MAX:
                raise Malformed("an operation that is too large")
            if start + size > len(self.buffered):
                break
            at = start + size
            self.received += 1
            try:
                operation = operations.verify(self.buffered[start:at])
            except operations.UnknownVersion:
                continue
            if operation.space != self.space.identifier:
                raise Malformed("an operation of another space")
            found.append(operation)
        self.buffered = self.buffered[at:]
        new = self.home.store(found)
        self.arrived += [operation for operation in found if operation.identifier in self.space.held]
        if self.greeted and self.space.is_member(self.remote):
            theirs = [o.identifier for o in found if o.author == self.remote or o.identifier in self.asked]
            self.send_receipts([identifier for identifier in theirs if identifier in self.space.held])
            self.asked.difference_update(theirs)
        self.on_new(new)

    def take_records(self, body):
        for envelope in protobuf.Message(body).all(1):
            try:
                self.home.keep_record(identity.Record.decode(envelope))
            except Malformed:
                continue

    def send_receipts(self, identifiers):
        if identifiers:
            self.stream.write(id_frames(RECEIPT, identifiers, last=False))

    def send_operations(self, found):
        self.sent += len(found)
        self.sent_own.update(o.identifier for o in found if o.author == self.home.key.public)
        self.write(operation_frames(found))

    def send_records(self, theirs):
        """Sends our records if the other side's are others; a hello without the hash wants none."""
        if theirs.records_hash in (None, self.records_hash) or not self.space.is_member(self.remote):
            return
        body = b""
        for record in self.home.records_to_pass_on():
            if len(body) + len(record.envelope) < RECORDS_BYTES_MAX:
                body += bytes_field(1, record.envelope)
        if body:
            self.stream.write(frame(RECORDS, body))

    def hello(self, **more):
        """Returns a hello that describes what is here; receipts are in place from now on."""
        self.greeted, self.records_hash = True, self.home.records_hash
        return Hello(count=len(self.space.held), fingerprint=self.space.fingerprint,
                     heads_hash=self.space.heads_hash, records_hash=self.records_hash, **more)

    async def read_list(self, number, first=None):
        """Reads a list to the frame that says that it is the last."""
        identifiers, last = read_ids(first) if first is not None else ([], False)
        while not last:
            more, last = read_ids((await self.due(number))[1])
            identifiers += more
            if len(identifiers) > IDS_MAX:
                raise Malformed("a list that is too long")
        return identifiers

    def serve(self, wanted):
        """Sends what was wanted, and says what of it is not here."""
        self.send_operations(self.space.parents_first(wanted))
        missing = [identifier for identifier in wanted if identifier not in self.space.held]
        if missing:
            self.write(id_frames(LACKING, missing, last=False))

    async def ancestors(self):
        """Compares from the heads downwards; the same for both sides."""
        self.write(id_frames(IDS, self.space.heads))
        requested, told, served, done, heads, at = set(), False, False, False, False, len(self.arrived)
        while not (done and told and served):
            found = await self.step()
            if found is None:
                raise Malformed("the stream ended before the comparison")
            number, body = found
            if self.take_anywhere(number, body):
                self.want([link for o in self.arrived[at:] for link in o.header.links], requested)
                at = len(self.arrived)
            elif number == IDS and not heads:
                identifiers, heads = read_ids(body)
                self.want(identifiers, requested)
            elif number == WANT and not served:
                identifiers, served = read_ids(body)
                self.serve(identifiers)
                if served:
                    self.write(frame(DONE))
            elif number == DONE and told and not done:
                done = True
            else:
                raise Malformed(f"frame {number} during the comparison by ancestors")
            if heads and not told and not requested - set(self.lacked) - set(self.space.held):
                told = True
                self.write(id_frames(WANT, []))

    def want(self, identifiers, requested):
        """Asks for what is neither here nor asked for already."""
        fresh = sorted({one for one in identifiers if one not in self.space.held} - requested)
        requested.update(fresh)
        if fresh:
            self.write(id_frames(WANT, fresh, last=False))

    async def linger(self):
        """Takes what comes on a stream that stays open, until the other side goes."""
        found = await self.next()
        if found is not None:
            raise Malformed(f"frame {found[0]} after both sides were done")


class Initiator(Session):
    """Opens a session: `join` as a newcomer, `run` as a member."""

    async def open(self, **more):
        nonce = os.urandom(32)
        space = self.space.identifier
        hidden = blinded(space, self.home.key.public, self.remote, nonce)
        self.write(frame(OPENING, Opening(nonce, hidden, **more).encode()))

    def refusal(self, found):
        if found is None:
            raise Refused("that peer has no such space for us")
        if found[0] == REFUSAL:
            reason = protobuf.Message(found[1]).number(1)
            raise Refused(f"the invite is refused: {REASONS.get(reason, reason)}")

    async def join(self, ticket, negotiated, **more):
        """Becomes a member with a ticket, then goes on as one."""
        await self.open(joining=True, invite=ticket.invite, proof=ticket.join_proof(
            self.home.key.public, self.handshake_hash))
        await negotiated
        self.refusal(found := await self.next())
        if found[0] != HELLO:
            raise Malformed("no hello after the opening")
        if Hello.decode(found[1]).joining:
            await self.due(DONE)
            held = {self.space.identifier, ticket.invite} <= set(self.space.held)
            if not held or not all(o.is_authority for o in self.arrived):
                raise Malformed("not the space's authority operations")
            own = [o for o in self.space.held.values() if o.author == self.home.key.public]
            join = own[0] if own else self.space.write_join(self.home.key, ticket)
            self.home.store([join])
            self.send_operations([join])
            await self.admitted(join)
        await self.compare(**more)

    async def admitted(self, join):
        """Waits for the operation that makes a member of us."""
        while not any(o.header.kind == ADMIT and o.body.bytes(1) == join.identifier for o in self.arrived):
            found = await self.step()
            self.refusal(found)
            if not self.take_anywhere(*found):
                raise Malformed(f"frame {found[0]} instead of the admission")

    async def run(self, negotiated, **more):
        """Synchronises as a member. The first flight carries everything if the other is one too."""
        follows = self.space.is_member(self.remote)
        introduction = self.space.introduction(self.home.key.public)[:INTRODUCTION_MAX]
        await self.open(introduction=tuple(o.encoded for o in introduction), hello_follows=follows)
        if follows:
            await self.compare(negotiated=negotiated, **more)
            return
        await negotiated
        self.refusal(found := await self.next())
        if found[0] != HELLO or Hello.decode(found[1]).method is not None:
            raise Malformed("no bare hello after the opening")
        await self.compare(**more)

    async def compare(self, negotiated=None, methods=METHODS, push=True, reconcile=True, stay=False, ask=()):
        """Sends the hello and what is pushed, and does what the answer says."""
        pushed = self.push() if push else []
        asks = list(ask)[:ASKS_MAX]
        if asks:
            self.own_asks.update(asks)
            self.write(id_frames(ASK, asks, last=False))
        mine = self.hello(methods=methods, pushed=len(pushed), reconcile=reconcile, stay=stay)
        self.write(frame(HELLO, mine.encode()))
        own = {identifier for identifier, o in self.space.held.items() if o.author == self.home.key.public}
        self.send_operations(pushed)
        if negotiated:
            await negotiated
        self.refusal(found := await self.next())
        answer = Hello.decode(found[1]) if found[0] == HELLO else Hello()
        self.method = answer.method
        if not reconcile and self.method != "none" or reconcile and self.method == "none":
            raise Malformed("a method that was not asked for")
        if reconcile:
            self.send_records(answer)
        if self.method == "equal":
            if answer.numbers != mine.numbers:
                raise Malformed("equal, but with other numbers")
            self.home.keep_receipts(identity.peer_id(self.remote), own)
        elif self.method == "ids":
            await self.by_ids()
        elif self.method == "ancestors":
            await self.ancestors()
        elif self.method == "negentropy/1":
            await self.by_negentropy()
        elif self.method != "none":
            raise Malformed(f"the method {self.method}")
        if not (stay and answer.stay):
            await self.end()

    def push(self):
        """Returns own operations that nobody acknowledged yet, as many as may follow a hello."""
        chosen, size = [], 0
        for operation in self.home.unreceived()[:PUSH_MAX]:
            size += len(operation.encoded) + 4
            if size > PUSH_BYTES_MAX:
                break
            chosen.append(operation)
        return chosen

    async def by_ids(self):
        theirs = set(await self.read_list(IDS))
        mine = set(self.space.held)
        self.write(id_frames(WANT, sorted(theirs - mine)))
        self.send_operations(self.space.parents_first(mine - theirs))
        self.write(frame(DONE))
        await self.due(DONE)

    async def by_negentropy(self):
        """Compares message by message, and then exchanges what was found."""
        own = [i for i, o in self.space.held.items() if o.author == self.home.key.public]
        comparison = negentropy.Initiator(self.space.items(), self.frame_bytes)
        message = comparison.opening()
        while message is not None and self.messages < negentropy.MESSAGES_MAX:
            self.messages += 1
            self.write(frame(NEGENTROPY, bytes_field(1, message)))
            answer = protobuf.Message((await self.due(NEGENTROPY))[1]).bytes(1)
            message = comparison.received(answer or b"")
        if message is None:
            there = [identifier for identifier in own if identifier not in comparison.have]
            self.home.keep_receipts(identity.peer_id(self.remote), there)
        else:
            self.stopped = True
            self.write(frame(NEGENTROPY, varint_field(2, 1)))
        self.write(id_frames(WANT, sorted(comparison.need - set(self.space.held))))
        self.send_operations(self.space.parents_first(comparison.have))
        self.write(frame(DONE))
        await self.due(DONE)

    async def end(self):
        """Half-closes, and waits until the other side has done so."""
        self.stream.finish()
        await self.linger()
        self.check_whole()

    def check_whole(self):
        if self.buffered:
            raise Malformed("an operation that was cut off")


class Responder(Session):
    """Answers a session of a member; joins are for those who can admit."""

    prefers = None  # a method to choose whenever it is offered

    async def run(self):
        found = await read_frame(self.stream)
        if found is None or found[0] != OPENING:
            raise Malformed("no opening")
        opening = Opening.decode(found[1])
        hidden = self.space and blinded(
            self.space.identifier, self.remote, self.home.key.public, opening.nonce)
        if hidden != opening.blinded or not self.lets_in(opening):
            self.stream.write(b"\0")
            self.stream.finish()
            await self.stream.read()
            return
        if not opening.hello_follows:
            self.write(frame(HELLO, Hello().encode()))
        theirs = Hello.decode((await self.due(HELLO))[1])
        self.greeted = True
        if theirs.pushed > PUSH_MAX:
            raise Malformed("a push that is too large")
        while self.received < theirs.pushed:
            found = await read_frame(self.stream)
            if found is None or found[0] not in (OPERATIONS, ASK):
                raise Malformed("less than was announced")
            self.take_anywhere(*found)
        if self.received > theirs.pushed or self.buffered:
            raise Malformed("more than was announced")
        await self.answer(theirs)

    def lets_in(self, opening):
        """Whether the initiator is a member, or is introduced by admissions that lead to one."""
        key = self.remote
        for encoded in opening.introduction[:INTRODUCTION_MAX]:
            if self.space.is_member(key):
                break
            admit = operations.verify(encoded)
            if (admit.space, admit.header.kind, admit.body.bytes(2)) != (self.space.identifier, ADMIT, key):
                return False
            key = admit.author
        return self.space.is_member(key)

    def choose(self, theirs, mine):
        if not theirs.reconcile:
            return "none"
        if theirs.numbers == mine.numbers:
            return "equal"
        if self.prefers in theirs.methods:
            return self.prefers
        if (theirs.count, theirs.fingerprint) == (mine.count, mine.fingerprint):
            return "ancestors"
        most, apart = max(theirs.count, mine.count), abs(theirs.count - mine.count)
        by_list = "ids" in theirs.methods and most <= IDS_MAX
        near = mine.count > IDS_A_FRAME and apart <= mine.count // DIFFERENCE_PART
        if "negentropy/1" in theirs.methods and most <= COMPARED_MAX and (near or not by_list):
            return "negentropy/1"
        return "ids" if by_list else "ancestors"

    async def answer_negentropy(self):
        """Answers messages until the initiator says what it wants, and serves that."""
        answers = negentropy.Responder(self.space.items(), self.frame_bytes)
        while (found := await self.due(NEGENTROPY, WANT))[0] == NEGENTROPY:
            message = protobuf.Message(found[1])
            if self.stopped or self.messages == negentropy.MESSAGES_MAX and not message.flag(2):
                raise Malformed("a message after the last one")
            if message.flag(2):
                self.stopped = True
                continue
            self.messages += 1
            self.write(frame(NEGENTROPY, bytes_field(1, answers.answer(message.bytes(1) or b""))))
        self.serve(await self.read_list(WANT, found[1]))
        self.write(frame(DONE))
        await self.due(DONE)

    async def answer(self, theirs):
        mine = self.hello(stay=theirs.stay)
        mine.method = self.method = self.choose(theirs, mine)
        self.write(frame(HELLO, mine.encode()))
        if theirs.reconcile:
            self.send_records(theirs)
        if self.method == "equal":
            own = [i for i, o in self.space.held.items() if o.author == self.home.key.public]
            self.home.keep_receipts(identity.peer_id(self.remote), own)
        elif self.method == "ids":
            self.write(id_frames(IDS, self.space.listing()))
            wanted = await self.read_list(WANT)
            self.serve(wanted)
            self.write(frame(DONE))
            await self.due(DONE)
        elif self.method == "ancestors":
            await self.ancestors()
        elif self.method == "negentropy/1":
            await self.answer_negentropy()
        if not theirs.stay:
            self.stream.finish()
        await self.linger()
        self.stream.finish()
