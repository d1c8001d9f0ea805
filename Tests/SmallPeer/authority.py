"""Who may what, and what a revocation takes back: section 4 of docs/protocol.md, as far as it is needed here.

Left out: registers (a role's permissions are those that it was defined with), channels' moderators,
channels that are archived or read-only, and the end of a mute. Neither clocks nor arrivals decide anything.
"""

import dataclasses

from operations import (
    ADMIT, BAN, BUDGET, CHANNEL_ARCHIVE, CHANNEL_CREATE, CHANNEL_UPDATE, CREATE, GRANT, INVITE, JOIN, MUTE,
    REMOVE, REVOKE, ROLE, TAKE, UNBAN)

(SEND, REACT, THREAD, INVITES, KICKS, BANS, CHANNELS, ROLES, MODERATES, MAKES_CHANNELS, SPACES) = (
    1 << bit for bit in range(11))
CREATOR_RANK = 1_001
MEMBER, MODERATOR, ADMIN = (bytes(31) + bytes([number]) for number in (1, 2, 3))
MEMBERS_BITS = SEND | REACT | THREAD | INVITES | MAKES_CHANNELS
BUILT_IN = {  # rank and permissions by the role's id
    MEMBER: (0, MEMBERS_BITS),
    MODERATOR: (400, MEMBERS_BITS | KICKS | CHANNELS | MODERATES),
    ADMIN: (800, (1 << 11) - 1),
}
MODERATOR_FROM, ADMIN_FROM = 400, 800  # ranks of invites that give a role
POSTS, REACTIONS, THREADS = (2000, 2001, 2020, 2021), (2010,), (2030,)
REVOCATIONS = (REMOVE, TAKE, BAN, MUTE)
EVERYTHING = None  # the set of all eligible operations; a set with an id is the past of that operation


@dataclasses.dataclass(frozen=True)
class Holding:
    """Why a key may act: what gave it, its rank, its permissions, and its role if it is one."""

    giver: bytes
    rank: int
    bits: int
    role: bytes | None = None


class Authority:
    """Answers for one set of operations of a space; made anew when the space has more."""

    def __init__(self, space):
        self.space, self.acting, self.by_member = space, {}, {}
        self.revocations, self.unbans = {}, {}

    def add(self, operation):
        """Takes an eligible operation; those that it follows came before."""
        kind = operation.header.kind
        if kind in (ADMIT, GRANT):
            self.by_member.setdefault(operation.body.bytes(2), []).append(operation)
        elif kind in REVOCATIONS:
            number = 2 if kind == TAKE else 1
            self.revocations.setdefault(operation.body.bytes(number), []).append(operation)
        elif kind == UNBAN:
            self.unbans.setdefault(operation.body.bytes(1), []).append(operation)
        # What is known of the whole set may be another now; what is known of a past stays.
        self.acting = {key: rank for key, rank in self.acting.items() if key[1] is not EVERYTHING}

    def contains(self, within, identifier):
        if within is EVERYTHING:
            return identifier in self.space.admitted
        return identifier in self.space.past[within] and identifier in self.space.admitted

    # Holdings

    def given(self, key):
        """Returns all holdings that were ever given to a key."""
        genesis = self.space.admitted.get(self.space.identifier)
        if genesis is not None and genesis.author == key:
            yield Holding(genesis.identifier, CREATOR_RANK, (1 << 11) - 1)
        for giver in self.by_member.get(key, ()):
            if giver.header.kind == GRANT:
                rank, bits = self.role(giver.body.bytes(1))
                yield Holding(giver.identifier, rank, bits, giver.body.bytes(1))
                yield Holding(giver.identifier, 0, MEMBERS_BITS)
                continue
            join = self.space.admitted[giver.body.bytes(1)]
            invite = self.space.admitted.get(join.body.bytes(1))
            rank = invite.body.number(2) if invite else 0
            yield Holding(giver.identifier, rank if rank < MODERATOR_FROM else 0, MEMBERS_BITS)
            if rank >= MODERATOR_FROM:
                role = ADMIN if rank >= ADMIN_FROM else MODERATOR
                yield Holding(giver.identifier, rank, BUILT_IN[role][1], role)

    def role(self, identifier):
        """Returns rank and permissions of a role."""
        if identifier in BUILT_IN:
            return BUILT_IN[identifier]
        made = self.space.admitted.get(identifier)
        return (made.body.number(3), made.body.number(4)) if made and made.header.kind == ROLE else (0, 0)

    def live(self, key, within=EVERYTHING):
        """Returns the holdings that a key has in a set."""
        left = [one for one in self.space.departures.get(key, ()) if self.contains(within, one)]
        found = []
        for holding in self.given(key):
            if not self.contains(within, holding.giver) or not self.gives(holding, within):
                continue
            if any(one not in self.space.past[holding.giver] for one in left):
                continue
            if holding.rank == CREATOR_RANK or not self.is_taken(holding, key, None, within):
                found.append(holding)
        return found

    def gives(self, holding, within):
        """Whether what gave a holding is effective with enough rank."""
        return self.rank_of(holding.giver, within) >= min(holding.rank, CREATOR_RANK)

    def rank(self, key, within=EVERYTHING):
        return max((holding.rank for holding in self.live(key, within)), default=0)

    # Effective

    def rank_of(self, identifier, within=EVERYTHING):
        """Returns the highest rank with which an operation is effective in a set; -1 when it is not."""
        if (identifier, within) not in self.acting:
            self.acting[identifier, within] = self.find_rank(identifier, within)
        return self.acting[identifier, within]

    def find_rank(self, identifier, within):
        operation = self.space.admitted.get(identifier)
        if operation is None:
            return -1
        if identifier == self.space.identifier:
            return CREATOR_RANK
        if operation.header.kind == JOIN:
            return 0
        best = -1
        for holding in self.live(operation.author, identifier):
            if holding.rank <= best or not self.permits(operation, holding):
                continue
            if not self.gives(holding, within):
                continue
            if holding.rank < CREATOR_RANK and self.is_taken(holding, operation.author, operation, within):
                continue
            best = holding.rank
        return best

    def is_taken(self, holding, key, operation, within):
        """Whether a revocation takes a holding from an operation, or from the key when that is None."""
        return any(self.takes(revocation, holding, key, operation, within)
                   for revocation in self.revocations.get(key, ())
                   if self.contains(within, revocation.identifier))

    def takes(self, revocation, holding, key, operation, within):
        kind, past = revocation.header.kind, self.space.past
        if kind == TAKE and holding.role != revocation.body.bytes(1):
            return False
        if operation is None and kind == MUTE:
            return False
        if operation is not None:
            if kind == MUTE and operation.header.kind not in POSTS + REACTIONS + THREADS:
                return False
            good = revocation.body.bytes(3 if kind == TAKE else 2)
            if good is not None and operation.identifier in {good, *past.get(good, ())}:
                return False
        if kind in (REMOVE, TAKE) and revocation.identifier in past[holding.giver]:
            return False
        if kind == BAN and self.is_lifted(revocation, holding, key, within):
            return False
        if kind == MUTE and revocation.body.number(3) == 0:
            return False  # it lifts another
        return self.rank_of(revocation.identifier, within) > holding.rank

    def is_lifted(self, ban, holding, key, within):
        past = self.space.past
        return any(ban.identifier in past[unban.identifier] and unban.identifier in past[holding.giver]
                   and self.rank_of(unban.identifier, within) > holding.rank
                   for unban in self.unbans.get(key, ()) if self.contains(within, unban.identifier))

    # Eligible

    def is_eligible(self, operation):
        """Whether its author might write it, by what was in its past."""
        return any(self.permits(operation, holding)
                   for holding in self.live(operation.author, operation.identifier))

    def permits(self, operation, holding):
        """Whether one holding has the permission, and the rank that it takes."""
        kind, within = operation.header.kind, operation.identifier
        body = operation.body if operation.is_authority else None

        def has(bits):
            return holding.bits & bits == bits

        def above(member):
            return member != operation.author and holding.rank > self.rank(member, within)

        if kind in (2, 3):
            return has(SPACES)
        if kind == BUDGET:
            return holding.rank == CREATOR_RANK
        if kind == CHANNEL_CREATE:
            return has(MAKES_CHANNELS)
        if kind in (CHANNEL_UPDATE, CHANNEL_ARCHIVE):
            made = self.space.admitted.get(operation.header.channel)
            return has(CHANNELS) or made is not None and made.author == operation.author
        if kind == REMOVE:
            return has(KICKS) and above(body.bytes(1))
        if kind in (BAN, UNBAN):
            return has(BANS) and above(body.bytes(1))
        if kind == MUTE:
            return has(MODERATES) and above(body.bytes(1))
        if kind == ROLE:
            return has(ROLES | body.number(4)) and holding.rank > body.number(3)
        if kind in (GRANT, TAKE):
            rank, bits = self.role(body.bytes(1))
            needed = ROLES | bits if kind == GRANT else ROLES
            return has(needed) and holding.rank > rank and above(body.bytes(2))
        if kind == ADMIT:
            join = self.space.admitted.get(body.bytes(1))
            invite = join and self.space.admitted.get(join.body.bytes(1))
            return invite is None or not invite.body.number(2) or holding.rank > invite.body.number(2)
        if kind == INVITE:
            return has(INVITES) and (not body.number(2) or holding.rank > body.number(2))
        if kind == REVOKE:
            invite = self.space.admitted.get(body.bytes(1))
            return invite is not None and (
                invite.author == operation.author
                or has(KICKS) and holding.rank > self.rank(invite.author, within))
        for kinds, bit in ((POSTS, SEND), (REACTIONS, REACT), (THREADS, THREAD)):
            if kind in kinds:
                return has(bit)
        return kind not in (CREATE, JOIN)
