import DescordCore
import DescordCrypto

/// Who may do what, written down once more as slowly and plainly as possible: sets of operations, recursion,
/// nothing remembered between two answers but what was asked before. Shares no rule with the program, only
/// the decoding of operations.
///
/// `docs/design/authority.md` is what it was written from.
final class AuthorityModel {
    enum Verdict: String, Hashable { case effective, revoked, void, invalid }

    struct Holding: Hashable {
        /// What gave it; nil: made the space.
        var gift: OperationID?
        var role: OperationID?
        var rank: UInt32
        var permissions: UInt64
        var channel: ChannelID?
        /// What has to be effective besides: the definition of the role.
        var definition: OperationID?
    }

    /// One way to have been permitted.
    struct Ground: Hashable {
        var holding: Holding
        var rank: UInt32
        var invite: OperationID?
    }

    let operations: [OperationID: Operation]
    private let genesis: Operation
    private var pasts: [OperationID: Set<OperationID>] = [:]
    private var eligibility: [OperationID: Bool] = [:]
    private var groundsOf: [OperationID: [Ground]] = [:]
    private var worlds: [Set<OperationID>: World] = [:]

    init(_ all: [Operation]) {
        self.operations = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        guard let genesis = all.first(where: \.isGenesis) else { preconditionFailure("no genesis") }
        self.genesis = genesis
    }

    /// Everything that an operation follows, without itself.
    func past(_ id: OperationID) -> Set<OperationID> {
        if let known = self.pasts[id] { return known }
        var past: Set<OperationID> = []
        for link in self.operations[id]?.header.links ?? [] { past.formUnion(self.past(link).union([link])) }
        self.pasts[id] = past
        return past
    }

    func follows(_ later: OperationID, _ earlier: OperationID) -> Bool {
        self.past(later).contains(earlier)
    }

    private func world(_ set: Set<OperationID>) -> World {
        if let known = self.worlds[set] { return known }
        let world = World(self, set)
        self.worlds[set] = world
        return world
    }

    /// What became of an operation when everything is there.
    func verdict(_ id: OperationID) -> Verdict {
        if self.isInvalid(id) { return .invalid }
        guard self.isEligible(id) else { return .void }
        if self.operations[id]?.kind == .memberJoin { return .effective }
        return self.world(Set(self.operations.keys)).rank(id) == nil ? .revoked : .effective
    }

    /// The rank of each member when everything is there.
    func members() -> [Ed25519.PublicKey: UInt32] {
        let world = self.world(Set(self.operations.keys))
        var members = [self.genesis.author: UInt32(1_001)]
        let people = Set(self.operations.values.flatMap { [$0.author, $0.grantedMember ?? $0.author] })
        for key in people where key != self.genesis.author {
            members[key] = world.holdings(key).map(\.rank).max()
        }
        return members
    }

    /// Whether its clock is not above what it links to, or it follows an operation of which that is so.
    private func isInvalid(_ id: OperationID) -> Bool {
        self.past(id).union([id]).contains { id in
            guard let header = self.operations[id]?.header else { return true }
            return header.links.contains {
                self.operations[$0].map { $0.header.clock >= header.clock } ?? true
            }
        }
    }

    func isEligible(_ id: OperationID) -> Bool {
        if let known = self.eligibility[id] { return known }
        let answer = !self.isInvalid(id) && self.mayBeWritten(id)
        self.eligibility[id] = answer
        return answer
    }

    private func mayBeWritten(_ id: OperationID) -> Bool {
        guard let operation = self.operations[id] else { return false }
        if operation.kind == .memberJoin {
            return self.world(self.past(id)).mayJoin(operation, asked: true)
        }
        return !self.grounds(id).isEmpty
    }

    func grounds(_ id: OperationID) -> [Ground] {
        if let known = self.groundsOf[id] { return known }
        guard let operation = self.operations[id] else { return [] }
        let found =
            operation.isGenesis
            ? [Ground(holding: Self.creator, rank: 1_001)] : self.world(self.past(id)).grounds(operation)
        self.groundsOf[id] = found
        return found
    }

    private static let creator = Holding(rank: 1_001, permissions: .max)

    /// A set of operations that holds the past of each.
    final class World {
        private unowned let model: AuthorityModel
        private let set: Set<OperationID>
        private struct Question: Hashable {
            var ground: Ground
            var id: OperationID
        }
        private var answers: [Question: Bool] = [:]
        private lazy var eligible: [Operation] = self.set.compactMap { self.model.operations[$0] }
            .filter { self.model.isEligible($0.id) }

        init(_ model: AuthorityModel, _ set: Set<OperationID>) {
            self.model = model
            self.set = set
        }

        // MARK: - Effective, and how

        /// The best rank with which an operation acts here; nil: it is not effective.
        func rank(_ id: OperationID) -> UInt32? {
            self.model.grounds(id).map(\.rank).sorted(by: >).first { self.acts(id, atLeast: $0) }
        }

        /// Whether an operation acts here with at least this rank. Asks only for what acts with more, or with
        /// as much and earlier, so that the question ends.
        private func acts(_ id: OperationID, atLeast rank: UInt32) -> Bool {
            self.model.grounds(id).contains { $0.rank >= rank && self.holds($0, for: id) }
        }

        private func holds(_ ground: Ground, for id: OperationID) -> Bool {
            let question = Question(ground: ground, id: id)
            if let known = self.answers[question] { return known }
            let answer = self.isGood(ground, for: id)
            self.answers[question] = answer
            return answer
        }

        private func isGood(_ ground: Ground, for id: OperationID) -> Bool {
            let supports = [ground.holding.gift, ground.holding.definition, ground.invite].compactMap { $0 }
            guard supports.allSatisfy({ self.acts($0, atLeast: ground.rank) }) else { return false }
            guard ground.holding.gift != nil, let operation = self.model.operations[id] else { return true }
            return !self.eligible.contains {
                $0.id != id && self.takes($0, ground.holding, from: operation.author)
                    && self.voids($0, operation, ground.holding)
            }
        }

        /// Whether a revocation is about this holding, and acts with a higher rank.
        private func takes(_ r: Operation, _ holding: Holding, from author: Ed25519.PublicKey) -> Bool {
            guard [.memberRemove, .ban, .roleTake, .mute].contains(r.kind), r.revokedMember == author,
                !(r.payload(Mute.self)?.isLifted ?? false)
            else { return false }
            if let take = r.payload(RoleTake.self), take.role != holding.role { return false }
            return self.acts(r.id, atLeast: holding.rank + 1)
        }

        private func voids(_ r: Operation, _ o: Operation, _ holding: Holding) -> Bool {
            guard let gift = holding.gift else { return false }
            if let good = r.lastGood, good == o.id || self.model.follows(good, o.id) { return false }
            switch r.kind {
            case .memberRemove, .roleTake: return !self.model.follows(gift, r.id)
            case .ban:
                return !self.lifts(r, holding).contains { gift == $0 || self.model.follows(gift, $0) }
            default:
                let speech: [OperationKind] = [.messagePost, .messageEdit, .reactionAdd, .pin, .threadCreate]
                return speech.contains(o.kind)
                    && !self.lifts(r, holding).contains { self.model.follows(o.id, $0) }
            }
        }

        /// What lifts a ban or a mute here, as far as this holding is concerned.
        private func lifts(_ r: Operation, _ holding: Holding) -> [OperationID] {
            self.eligible.filter { lift in
                let isLift =
                    r.kind == .ban ? lift.kind == .unban : lift.payload(Mute.self)?.isLifted ?? false
                return isLift && lift.revokedMember == r.revokedMember && self.model.follows(lift.id, r.id)
                    && self.acts(lift.id, atLeast: holding.rank + 1)
            }.map(\.id)
        }

        // MARK: - Holdings

        func holdings(_ key: Ed25519.PublicKey) -> [Holding] {
            if key == self.model.genesis.author { return [AuthorityModel.creator] }
            var found: [Holding] = []
            for gift in self.eligible where gift.grantedMember == key && self.rank(gift.id) != nil {
                for holding in self.given(gift) {
                    if let left = self.left(of: holding, gift, key) { found.append(left) }
                }
            }
            return found.contains { $0.channel == nil } ? found : []
        }

        private func left(of holding: Holding, _ gift: Operation, _ key: Ed25519.PublicKey) -> Holding? {
            var holding = holding
            for r in self.eligible where r.revokedMember == key {
                if r.kind == .memberLeave {
                    if !self.model.follows(gift.id, r.id) { return nil }
                    continue
                }
                guard self.takes(r, holding, from: key) else { continue }
                switch r.kind {
                case .memberRemove, .roleTake:
                    if !self.model.follows(gift.id, r.id) { return nil }
                case .ban:
                    if !self.lifts(r, holding).contains(where: { self.model.follows(gift.id, $0) }) {
                        return nil
                    }
                default:
                    if self.lifts(r, holding).isEmpty { holding.permissions &= ~0b111 }
                }
            }
            return holding
        }

        private func given(_ gift: Operation) -> [Holding] {
            if let admit = gift.payload(MemberAdmit.self) {
                let rank = self.model.invite(of: admit)?.rank ?? 0
                var roles: [(UInt8, UInt32)] = [(1, 0)]
                if rank < 400 { roles = [(1, rank)] } else { roles.append((rank < 800 ? 2 : 3, rank)) }
                return roles.compactMap { self.role(AuthorityModel.builtIn($0.0), $0.1, gift.id) }
            }
            if let grant = gift.payload(RoleGrant.self) {
                return [self.role(grant.role, nil, gift.id)].compactMap { $0 }
            }
            guard let word = gift.payload(ChannelModerator.self), word.isModerator else { return [] }
            let isReplaced = self.eligible.contains { other in
                guard other.kind == .channelModerator, other.id != gift.id,
                    other.header.channel == gift.header.channel, other.grantedMember == word.member,
                    self.rank(other.id) != nil
                else { return false }
                if self.model.follows(other.id, gift.id) { return true }
                return !self.model.follows(gift.id, other.id)
                    && other.payload(ChannelModerator.self)?.isModerator == false
            }
            return isReplaced
                ? []
                : [
                    Holding(
                        gift: gift.id, rank: 1, permissions: 1 << 8 | 1 << 6, channel: gift.header.channel)
                ]
        }

        private func role(_ id: OperationID, _ rank: UInt32?, _ gift: OperationID) -> Holding? {
            guard let role = self.definition(id) else { return nil }
            return Holding(
                gift: gift, role: id, rank: rank ?? role.rank, permissions: role.permissions,
                definition: role.by)
        }

        func definition(_ id: OperationID) -> (by: OperationID?, rank: UInt32, permissions: UInt64)? {
            let all = self.eligible.filter { $0.payload(RoleDefine.self).map { d in d.role == id } ?? false }
            let first = self.eligible.filter { $0.id == id && $0.kind == .roleDefine }
            if let last = self.register(all + first), let define = last.payload(RoleDefine.self) {
                return (last.id, define.rank, define.permissions)
            }
            switch id {
            case AuthorityModel.builtIn(1): return (nil, 0, 0b10_0000_1111)
            case AuthorityModel.builtIn(2): return (nil, 400, 0b11_0101_1111)
            case AuthorityModel.builtIn(3): return (nil, 800, 0b111_1111_1111)
            default: return nil
            }
        }

        func register(_ writes: [Operation]) -> Operation? {
            let effective = writes.filter { self.rank($0.id) != nil }
            let last = effective.filter { w in !effective.contains { self.model.follows($0.id, w.id) } }
            return last.max { (self.rank($0.id) ?? 0, $0.id) < (self.rank($1.id) ?? 0, $1.id) }
        }

        // MARK: - What an operation needs

        func grounds(_ o: Operation) -> [Ground] {
            let held = self.holdings(o.author)
            guard !held.isEmpty else { return [] }
            if let admit = o.payload(MemberAdmit.self) { return self.admitting(o, admit, held) }
            return held.filter { self.suffices($0, o) }.map { Ground(holding: $0, rank: $0.rank) }
        }

        private func admitting(_ o: Operation, _ admit: MemberAdmit, _ held: [Holding]) -> [Ground] {
            guard self.set.contains(admit.join), self.model.isEligible(admit.join),
                let join = self.model.operations[admit.join], join.author == admit.member,
                self.mayJoin(join, asked: false, at: o.header.clock.milliseconds)
            else { return [] }
            let id = join.payload(MemberJoin.self)?.invite
            let rank = self.model.invite(of: admit)?.rank ?? 0
            let able = held.filter { $0.channel == nil && (rank == 0 || $0.rank > rank) }
            guard let id else { return able.map { Ground(holding: $0, rank: $0.rank) } }
            return able.flatMap { holding in
                self.model.grounds(id).map {
                    Ground(holding: holding, rank: min(holding.rank, $0.rank), invite: id)
                }
            }
        }

        /// Whether the author of a join may be let in; `asked`: uses and expiry are not looked at yet.
        func mayJoin(_ o: Operation, asked: Bool, at time: UInt64 = 0) -> Bool {
            guard let join = o.payload(MemberJoin.self), self.holdings(o.author).isEmpty else { return false }
            let gone = self.eligible.filter {
                $0.revokedMember == o.author && self.rank($0.id) != nil
                    && [.memberLeave, .memberRemove, .ban].contains($0.kind)
            }
            let unbans = self.eligible.filter {
                $0.kind == .unban && $0.revokedMember == o.author && self.rank($0.id) != nil
            }
            let bans = gone.filter { $0.kind == .ban }
            let lifted = bans.filter { ban in unbans.contains { self.model.follows($0.id, ban.id) } }
            if lifted.count < bans.count { return false }
            let was = self.eligible.contains { $0.grantedMember == o.author }
            let counting = gone.filter { $0.kind != .ban || was }
            guard let id = join.invite else {
                return counting.allSatisfy { $0.kind == .memberLeave } && self.isPublic
            }
            guard counting.isEmpty, self.set.contains(id), self.model.isEligible(id),
                let create = self.model.operations[id], let invite = create.payload(InviteCreate.self),
                JoinProof.isValid(o, key: invite.publicKey), self.rank(id) != nil,
                !self.holdings(create.author).isEmpty
            else { return false }
            let isRevoked = self.eligible.contains {
                $0.payload(InviteRevoke.self)?.invite == id && self.rank($0.id) != nil
            }
            if isRevoked { return false }
            if asked { return true }
            if let expires = invite.expires, time > expires { return false }
            let users = self.eligible.compactMap { use -> Ed25519.PublicKey? in
                guard let admit = use.payload(MemberAdmit.self),
                    self.model.operations[admit.join]?.payload(MemberJoin.self)?.invite == id
                else { return nil }
                return admit.member
            }
            return Set(users).count < Int(invite.uses)
        }

        var isPublic: Bool {
            let last = self.register(self.eligible.filter { $0.kind == .spaceVisibility })
            return last?.payload(SpaceVisibility.self)?.isPublic
                ?? self.model.genesis.payload(SpaceCreate.self)?.isPublic ?? false
        }

        private func suffices(_ h: Holding, _ o: Operation) -> Bool {
            func may(_ bit: UInt64, above rank: UInt32? = nil) -> Bool {
                h.channel == nil && h.permissions >> bit & 1 == 1 && rank.map { h.rank > $0 } ?? true
            }
            func rank(_ key: Ed25519.PublicKey) -> UInt32 { self.holdings(key).map(\.rank).max() ?? 0 }
            let channel = o.header.channel.flatMap { id in
                self.set.contains(id) && self.model.isEligible(id) ? self.model.operations[id] : nil
            }.flatMap { $0.kind == .channelCreate ? $0 : nil }
            let managesHere = h.permissions >> 6 & 1 == 1 && (h.channel == nil || h.channel == channel?.id)
            switch o.kind {
            case .spaceRename, .spaceVisibility: return may(10)
            case .budgetChange: return h.gift == nil
            case .channelCreate: return may(9)
            case .channelUpdate, .channelArchive:
                guard let channel else { return false }
                return managesHere || h.channel == nil && channel.author == o.author
            case .channelModerator: return channel != nil && may(6, above: 1)
            case .inviteCreate:
                let rank = o.payload(InviteCreate.self)?.rank ?? 0
                return rank == 0 ? may(3) : may(3, above: rank)
            case .inviteRevoke:
                guard let id = o.payload(InviteRevoke.self)?.invite, self.set.contains(id),
                    self.model.isEligible(id), let invite = self.model.operations[id],
                    invite.kind == .inviteCreate
                else { return false }
                return invite.author == o.author ? h.channel == nil : may(4, above: rank(invite.author))
            case .memberLeave: return h.channel == nil
            case .memberRemove, .ban, .unban, .mute, .roleTake:
                guard let target = o.revokedMember, target != o.author, self.knowsLastGood(o) else {
                    return false
                }
                switch o.kind {
                case .memberRemove: return may(4, above: rank(target))
                case .mute: return may(8, above: rank(target))
                case .roleTake:
                    guard let id = o.payload(RoleTake.self)?.role, let role = self.definition(id) else {
                        return false
                    }
                    return may(7, above: max(rank(target), role.rank))
                default: return may(5, above: rank(target))
                }
            case .roleDefine, .roleGrant: return self.sufficesForRole(h, o, rank)
            default:
                guard o.kind.rawValue >= 2_000, o.header.channel != nil else { return h.channel == nil }
                guard let channel else { return false }
                return self.sufficesForContent(h, o, in: channel)
            }
        }

        private func knowsLastGood(_ o: Operation) -> Bool {
            guard let good = o.lastGood else { return true }
            guard self.model.operations[good]?.author == o.revokedMember else { return false }
            let isAuthority = self.model.operations[good]?.operationClass == .authority
            return o.header.links.contains(good)
                || isAuthority && self.set.contains(good) && self.model.isEligible(good)
        }

        private func sufficesForRole(
            _ h: Holding, _ o: Operation, _ rank: (Ed25519.PublicKey) -> UInt32
        ) -> Bool {
            if let define = o.payload(RoleDefine.self) {
                if let id = define.role {
                    let isFirst = self.model.operations[id]?.payload(RoleDefine.self).map { $0.role == nil }
                    let isBuiltIn = (UInt8(1)...3).contains { AuthorityModel.builtIn($0) == id }
                    guard isBuiltIn || isFirst == true && self.set.contains(id),
                        self.definition(id)?.rank == define.rank
                    else { return false }
                }
                return h.gift == nil
                    || h.channel == nil && h.rank > define.rank
                        && h.permissions & (define.permissions | 1 << 7) == define.permissions | 1 << 7
            }
            guard let grant = o.payload(RoleGrant.self), let role = self.definition(grant.role) else {
                return false
            }
            return h.gift == nil
                || h.channel == nil && h.rank > max(role.rank, rank(grant.member))
                    && h.permissions & (role.permissions | 1 << 7) == role.permissions | 1 << 7
        }

        private func sufficesForContent(_ h: Holding, _ o: Operation, in channel: Operation) -> Bool {
            let bits: [OperationKind: UInt64] = [
                .messagePost: 0, .messageEdit: 0, .pin: 0, .reactionAdd: 1, .threadCreate: 2,
            ]
            let acts: [OperationKind] = [
                .messageEdit, .messageDelete, .reactionAdd, .reactionRemove, .pin, .unpin,
            ]
            if acts.contains(o.kind) {
                guard let target = o.header.target, o.header.links.contains(target),
                    self.model.isEligible(target), let message = self.model.operations[target],
                    message.kind == .messagePost, message.header.channel == channel.id
                else { return false }
                if o.kind == .messageEdit, message.author != o.author { return false }
                if o.kind == .messageDelete, message.author != o.author {
                    let rank = self.holdings(message.author).map(\.rank).max() ?? 0
                    let isHere = h.channel == nil || h.channel == channel.id
                    return isHere && h.permissions >> 8 & 1 == 1 && h.rank > rank
                }
            }
            guard let bit = bits[o.kind] else { return h.channel == nil }
            func last(_ wanted: (Operation) -> Bool) -> Operation? {
                self.register(self.eligible.filter { $0.header.channel == channel.id && wanted($0) })
            }
            let archive = last { $0.kind == .channelArchive }
            if archive?.payload(ChannelArchive.self)?.archived == true { return false }
            let update = last { $0.payload(ChannelUpdate.self)?.isReadOnly != nil }
            let isReadOnly = update?.payload(ChannelUpdate.self)?.isReadOnly ?? false
            let isPermitted = h.channel == nil && h.permissions >> bit & 1 == 1
            guard isReadOnly, o.kind == .messagePost || o.kind == .threadCreate else { return isPermitted }
            return h.permissions & (1 << 8 | 1 << 6) != 0 && (isPermitted || h.channel == channel.id)
        }
    }

    static func builtIn(_ number: UInt8) -> OperationID {
        OperationID(bytes: [UInt8](repeating: 0, count: 31) + [number])!  // 32 bytes
    }

    func invite(of admit: MemberAdmit) -> InviteCreate? {
        let join = self.operations[admit.join]?.payload(MemberJoin.self)
        return join?.invite.flatMap { self.operations[$0]?.payload(InviteCreate.self) }
    }
}
