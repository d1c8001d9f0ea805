"""A space as its operations make it: admission, membership, what is shown, and what to link a new one to."""

import hashlib
import time

import identity
import negentropy
import operations
from identity import JOIN_DOMAIN
from authority import Authority
from operations import (
    ADMIT, BAN, CHANNEL_CREATE, DEPENDENCIES_MAX, INVITE, JOIN, LEAVE, POST, REMOVE, REVOKE)
from protobuf import bytes_field

CLOCK_TICKS = 65_536  # of the clock in one millisecond
LINK_LEAD = 60_000 * CLOCK_TICKS
HELD_LEAD, IGNORED_LEAD = 600_000 * CLOCK_TICKS, 86_400_000 * CLOCK_TICKS


def now():
    """Returns this moment as a clock."""
    return int(time.time() * 1000) * CLOCK_TICKS


def order(operation):
    return operation.header.clock, operation.identifier


class Space:
    """The operations of one space by id. Operations only ever come in, so what is derived can be cached."""

    def __init__(self, identifier, operations_held=()):
        self.identifier, self.held = identifier, {}
        self.fresh = True
        for operation in operations_held:
            self.add(operation)

    def add(self, operation):
        """Takes an operation of this space; says whether it is new, or brings a content that was missing."""
        known = self.held.get(operation.identifier)
        if known is not None and (known.content is not None or operation.content is None):
            return False
        self.held[operation.identifier] = operation
        self.fresh = True
        return True

    # What the set looks like to the other side

    @property
    def fingerprint(self):
        return negentropy.fingerprint(self.held)

    def items(self):
        """Returns what negentropy compares: the seconds of each clock, and the id; sorted."""
        return sorted((o.header.clock // CLOCK_TICKS // 1000, i) for i, o in self.held.items())

    @property
    def heads(self):
        """The ids that nothing here links to, sorted."""
        linked = {link for operation in self.held.values() for link in operation.header.links}
        return sorted(set(self.held) - linked)

    @property
    def heads_hash(self):
        return hashlib.sha256(b"".join(self.heads)).digest()

    def parents_first(self, identifiers):
        """Returns these operations as they are sent: authority with what it follows, then the rest."""
        wanted, sent, out = set(identifiers), set(), []

        def visit(start):
            pending = [(start, False)]
            while pending:
                identifier, ready = pending.pop()
                if identifier in sent or identifier not in wanted:
                    continue
                operation = self.held[identifier]
                if ready:
                    sent.add(identifier)
                    out.append(operation)
                else:
                    pending.append((identifier, True))
                    pending.extend((link, False) for link in operation.header.links)

        due = sorted((self.held[identifier] for identifier in wanted if identifier in self.held), key=order)
        for operation in [o for o in due if o.is_authority] + [o for o in due if not o.is_authority]:
            visit(operation.identifier)
        return out

    def listing(self):
        """Returns all ids, authority first and then content by descending clock."""
        authority = sorted((o for o in self.held.values() if o.is_authority), key=order)
        content = sorted((o for o in self.held.values() if not o.is_authority), key=order, reverse=True)
        return [operation.identifier for operation in authority + content]

    # What the operations mean

    def derive(self):
        """Works out what is settled, links first; what of it is eligible; and what of that is in force."""
        if not self.fresh:
            return
        self.fresh = False
        self.settled, self.admitted, self.past, self.admissions, self.departures = {}, {}, {}, {}, {}
        self.authority = Authority(self)
        self.settle()
        self.in_force = {identifier: operation for identifier, operation in self.admitted.items()
                         if self.authority.rank_of(identifier) >= 0}

    def settle(self):
        waiting = sorted(self.held.values(), key=order)
        while True:
            left = [operation for operation in waiting if not self.take(operation)]
            if len(left) == len(waiting):
                return
            waiting = left

    def take(self, operation):
        """Settles an operation if all its links are and it agrees with them; it is void if not permitted."""
        links = [self.settled.get(link) for link in operation.header.links]
        if None in links or any(operation.header.clock <= link.header.clock for link in links):
            return False
        if operation.header.previous is not None and (links[0].author, links[0].header.sequence + 1) != (
                operation.author, operation.header.sequence):
            return False
        past = frozenset(operation.header.links).union(*(self.past[link.identifier] for link in links))
        self.settled[operation.identifier], self.past[operation.identifier] = operation, past
        if not self.permits(operation, past):
            return True
        self.admitted[operation.identifier] = operation
        self.authority.add(operation)
        if operation.header.kind == ADMIT:
            self.admissions.setdefault(operation.body.bytes(2), set()).add(operation.identifier)
        elif operation.header.kind == LEAVE:
            self.departures.setdefault(operation.author, set()).add(operation.identifier)
        return True

    def permits(self, operation, past):
        """Whether its author might write it, by what was in its past."""
        if operation.header.space is None:
            return operation.identifier == self.identifier
        if operation.header.kind == JOIN:
            return self.permits_join(operation, past)
        if not self.authority.is_eligible(operation):
            return False
        if operation.header.kind == ADMIT:
            join = self.admitted.get(operation.body.bytes(1))
            return (join is not None and join.identifier in past and join.header.kind == JOIN
                    and join.author == operation.body.bytes(2) and self.lets_in(operation, join, past))
        return True

    def permits_join(self, join, past):
        """Whether a newcomer may ask like this; uses and expiry are for the admission to keep."""
        if self.authority.live(join.author, join.identifier):
            return False
        # A ticket never restores: who left, was removed or is banned needs a grant.
        if any(one in past for one in self.departures.get(join.author, ())):
            return False
        if any(self.authority.contains(join.identifier, one.identifier)
               and self.authority.rank_of(one.identifier, join.identifier) >= 0
               and one.header.kind in (REMOVE, BAN)
               for one in self.authority.revocations.get(join.author, ())):
            return False
        invite = self.admitted.get(join.body.bytes(1))
        if join.body.bytes(1) is None:
            return self.admitted[self.identifier].body.flag(2)
        message = JOIN_DOMAIN + self.identifier + join.body.bytes(1) + join.author
        return (invite is not None and invite.identifier in past and invite.header.kind == INVITE
                and identity.verify(invite.body.bytes(1), join.body.bytes(2), message))

    def lets_in(self, admission, join, past):
        """Whether the invite was good by the admission's past and clock."""
        if join.body.bytes(1) is None:
            return True
        invite = self.admitted[join.body.bytes(1)]
        known = [self.admitted[identifier] for identifier in past if identifier in self.admitted]
        for operation in known:
            if operation.header.kind == REVOKE and operation.body.bytes(1) == invite.identifier:
                return False
        expires = invite.body.number(4)
        if expires is not None and admission.header.clock // CLOCK_TICKS > expires:
            return False
        used = [o for o in known if o.header.kind == ADMIT
                and self.admitted[o.body.bytes(1)].body.bytes(1) == invite.identifier]
        return len(used) < invite.body.number(3)

    def is_member(self, key):
        """Whether a key is a member by everything that is in force."""
        self.derive()
        return bool(self.authority.live(key))

    @property
    def name(self):
        genesis = self.held.get(self.identifier)
        return genesis.body.text(1) if genesis else None

    def shown(self, kind):
        """Returns what may be shown of a kind, in the order of the clocks."""
        self.derive()
        limit = now() + HELD_LEAD
        found = [o for o in self.in_force.values() if o.header.kind == kind]
        return sorted((o for o in found if o.header.clock <= limit), key=order)

    def channels(self):
        return {channel.identifier: channel.body.text(1) for channel in self.shown(CHANNEL_CREATE)}

    def posts(self):
        return [post for post in self.shown(POST) if post.text is not None]

    def introduction(self, key):
        """Returns the admits that lead from a member back to the genesis' author, the member's own first."""
        self.derive()
        out, founder = [], self.held[self.identifier].author
        while key != founder and self.admissions.get(key):
            admit = self.held[min(self.admissions[key])]
            if admit in out:
                break
            out.append(admit)
            key = admit.author
        return out

    # Writing

    def draft(self, key, kind, following=(), **more):
        """Returns the header of the next operation of this key: own chain, dependencies and clock.

        It links to `following` before the heads, whether they are admitted or not.
        """
        self.derive()
        own = [o for o in self.held.values() if o.author == key.public]
        last = max(own, key=lambda o: o.header.sequence, default=None)
        previous = last.identifier if last else None
        limit = now() + LINK_LEAD
        near = [o for o in self.in_force.values() if o.header.clock <= limit]
        linked = {link for operation in near + ([last] if last else []) for link in operation.header.links}
        heads = [o for o in near if o.identifier not in linked and o.identifier != previous]
        heads.sort(key=lambda o: (not o.is_authority, -o.header.clock, o.identifier))
        dependencies, authors = list(following), set()
        for head in heads:
            if head.identifier in following:
                continue
            if head.author not in authors and len(dependencies) < DEPENDENCIES_MAX:
                authors.add(head.author)
                dependencies.append(head.identifier)
        links = dependencies + ([previous] if previous else [])
        clock = max([now()] + [self.held[link].header.clock + 1 for link in links])
        return operations.Header(
            kind=kind, clock=clock, space=self.identifier, sequence=last.header.sequence + 1 if last else 0,
            previous=previous, dependencies=tuple(dependencies), **more)

    def write_join(self, key, ticket):
        body = bytes_field(1, ticket.invite) + bytes_field(2, ticket.join_signature(key.public))
        return operations.write(key, self.draft(key, JOIN, following=(ticket.invite,), body=body))

    def write_post(self, key, channel, text):
        return operations.write(key, self.draft(key, POST, channel=channel), content=bytes_field(1, text))
