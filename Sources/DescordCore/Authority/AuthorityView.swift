import DescordCrypto

/// What the rules found out of one state of a set, so that it is found out once.
public final class AuthorityCache {
    struct Standing: Hashable {
        var key: Ed25519.PublicKey
        var past: AuthorityPast
    }

    /// What somebody holds by a past.
    var holdings: [Standing: [Holding]] = [:]
    /// Of the operations that revocations can reach, the ranks with which they act when these revocations
    /// and no others are there.
    var ranks: [AuthorityPast: [OperationID: UInt32?]] = [:]
    /// All revocations of the space with their places in pasts, sorted by these.
    var revocations: [(id: OperationID, index: UInt32)]?

    /// Nothing is known yet.
    public init() {}

    /// Forgets what a further authority operation may change: revocations reach it, too. What is held by a
    /// past never changes.
    public func authorityChanged() {
        self.revocations = nil
        self.ranks = [:]
    }
}

/// A set of authority operations that is closed under causality (a causal past, or everything), and which of
/// them are effective in it.
///
/// An operation rests on something that its author held; that rests on the operation that gave it, whose
/// author outranked what was given; only revocations of a rank above the holding's take it away. So every
/// dependency has a higher rank, or the same and lies in the past: computed by descending rank, then by
/// place, each is known when it is needed.
struct AuthorityView<Lookup: SpaceLookup> {
    let lookup: Lookup
    /// The causal past that is looked at; nil for everything.
    let past: AuthorityPast?
    /// The ranks of what revocations can reach; nil when those of the whole set are right.
    private let ranks: [OperationID: UInt32?]?

    /// The view of a set of which the ranks are known, as far as they are.
    init(_ past: AuthorityPast?, _ ranks: [OperationID: UInt32?], in lookup: Lookup) {
        self.lookup = lookup
        self.past = past
        self.ranks = ranks
    }

    /// The view of everything that is there.
    init(everythingIn lookup: Lookup) {
        self.lookup = lookup
        self.past = nil
        self.ranks = nil
    }

    /// The view of a causal past. Where all revocations are in it, it sees what the whole set says.
    init(_ past: AuthorityPast, in lookup: Lookup) throws {
        self.lookup = lookup
        self.past = past
        let all = try Self.revocations(in: lookup)
        let seen = all.filter { past.contains($0.index) }
        self.ranks = seen.count == all.count ? nil : try Self.ranks(under: seen, in: lookup)
    }

    /// Returns whether an operation is in the set.
    func contains(_ id: OperationID) throws -> Bool {
        guard let past else { return true }
        return try self.lookup.index(of: id).map(past.contains) ?? false
    }

    /// Returns the rank with which an operation of the set acts; nil when it is not effective.
    func actingRank(of id: OperationID) throws -> UInt32? {
        guard let ranks else { return try self.lookup.actingRank(of: id) }
        if let rank = ranks[id] { return rank }
        return try self.lookup.bases(of: id).map(\.rank).max()
    }

    // MARK: - What somebody holds

    /// Returns everything that a key holds by the set.
    func holdings(of key: Ed25519.PublicKey) throws -> [Holding] {
        if try self.lookup.creator() == key { return [.creator] }
        if let past, let known = self.lookup.cache.holdings[.init(key: key, past: past)] { return known }
        let grants = try self.lookup.grants(to: key).filter(self.contains).sorted()
        let revocations = try self.lookup.revocations(of: key).filter(self.contains).sorted()
        var found: [Holding] = []
        for id in grants where try self.actingRank(of: id) != nil {
            for holding in try self.holdings(given: id) {
                if let left = try self.remains(of: holding, after: revocations) { found.append(left) }
            }
        }
        // Moderating a channel makes nobody a member.
        if found.allSatisfy({ $0.channel != nil }) { found = [] }
        if let past { self.lookup.cache.holdings[.init(key: key, past: past)] = found }
        return found
    }

    /// Returns the highest rank that a key has; nil when it holds nothing, and is no member.
    func rank(of key: Ed25519.PublicKey) throws -> UInt32? {
        try self.holdings(of: key).map(\.rank).max()
    }

    /// Returns what revocations leave of a holding; nil when they take it away.
    private func remains(of given: Holding, after revocations: [OperationID]) throws -> Holding? {
        var holding = given
        for id in revocations {
            guard let revocation = try self.lookup.operation(id), let source = holding.source else {
                continue
            }
            if revocation.kind == .memberLeave {
                if try !self.lookup.isAncestor(id, of: source) { return nil }
            } else if try self.takes(revocation, holding, others: revocations) {
                guard revocation.kind == .mute else { return nil }
                holding.permissions.subtract(.speaking)
            }
        }
        return holding
    }

    /// Returns what an admission or grant gives, whether or not it was taken away again.
    ///
    /// An invite of a rank at which there is a role gives membership and that role, which can be taken alone.
    private func holdings(given id: OperationID) throws -> [Holding] {
        guard let operation = try self.lookup.operation(id) else { return [] }
        if let admit = operation.payload(MemberAdmit.self) {
            let rank = try self.lookup.rank(admittedBy: admit)
            let role = BuiltInRole(atRank: rank)
            let given = try self.holding(of: role.id, rank: rank, from: id)
            let member = try self.holding(of: BuiltInRole.member.id, rank: nil, from: id)
            return (role == .member ? [given] : [given, member]).compactMap { $0 }
        }
        if let grant = operation.payload(RoleGrant.self) {
            return try [self.holding(of: grant.role, rank: nil, from: id)].compactMap { $0 }
        }
        if let moderator = operation.payload(ChannelModerator.self), moderator.isModerator,
            let channel = operation.header.channel, try self.isLatestWord(operation, on: moderator.member)
        {
            return [
                Holding(
                    source: id, role: nil, rank: Holding.channelModeratorRank,
                    permissions: [.moderate, .manageChannels], channel: channel, supports: [id])
            ]
        }
        return []
    }

    private func holding(of role: OperationID, rank: UInt32?, from source: OperationID) throws -> Holding? {
        guard let definition = try self.definition(of: role) else { return nil }
        return Holding(
            source: source, role: role, rank: rank ?? definition.rank, permissions: definition.permissions,
            channel: nil, supports: [source] + (definition.source.map { [$0] } ?? []))
    }

    /// Returns whether no later word about this moderator of this channel is in the set: naming and unnaming
    /// one replace what they follow.
    private func isLatestWord(_ operation: Operation, on member: Ed25519.PublicKey) throws -> Bool {
        for id in try self.lookup.grants(to: member) where id != operation.id {
            guard try self.contains(id), let other = try self.lookup.operation(id),
                other.kind == .channelModerator, other.header.channel == operation.header.channel,
                try self.actingRank(of: id) != nil
            else { continue }
            let isLater = try self.lookup.isAncestor(operation.id, of: id)
            let isEarlier = try self.lookup.isAncestor(id, of: operation.id)
            // Of two at once the one that takes away wins.
            let takesAway = other.payload(ChannelModerator.self)?.isModerator == false
            if isLater || !isEarlier && takesAway { return false }
        }
        return true
    }

    // MARK: - Taking away

    /// Returns whether an effective revocation takes this holding away from its target, as far as no
    /// operation of the target is looked at; a mute takes the permissions to speak alone.
    private func takes(
        _ revocation: Operation, _ holding: Holding, others: [OperationID]
    ) throws -> Bool {
        guard let source = holding.source, let rank = try self.actingRank(of: revocation.id),
            rank > holding.rank
        else { return false }
        switch revocation.kind {
        case .memberRemove:
            return try !self.lookup.isAncestor(revocation.id, of: source)
        case .roleTake:
            return try revocation.payload(RoleTake.self)?.role == holding.role
                && !self.lookup.isAncestor(revocation.id, of: source)
        case .ban:
            return try !self.isLifted(
                revocation.id, among: others, outranking: holding.rank, before: .operation(source))
        case .mute:
            return try Self.silences(revocation)
                && !self.isLifted(revocation.id, among: others, outranking: holding.rank, before: .now)
        default: return false
        }
    }

    private enum Moment {
        case now
        case operation(OperationID)
        /// What has these links; it may not be settled yet.
        case following([OperationID])
    }

    private static func silences(_ operation: Operation) -> Bool {
        operation.payload(Mute.self)?.isLifted == false
    }

    /// Returns whether an effective unban, or lifting of a mute, follows the revocation and comes before the
    /// moment.
    private func isLifted(
        _ revocation: OperationID, among others: [OperationID], outranking holdingRank: UInt32,
        before moment: Moment
    ) throws -> Bool {
        for id in others where id != revocation {
            guard let lifting = try self.lookup.operation(id),
                lifting.kind == .unban || lifting.payload(Mute.self)?.isLifted == true,
                try (lifting.kind == .unban) == (self.lookup.entry(revocation)?.kind == .ban),
                let rank = try self.actingRank(of: id), rank > holdingRank,
                try self.lookup.isAncestor(revocation, of: id)
            else { continue }
            switch moment {
            case .now: return true
            case .operation(let later): if try self.lookup.isAncestor(id, of: later) { return true }
            case .following(let links):
                if try links.contains(where: { try self.lookup.isAncestor(id, of: $0) }) { return true }
            }
        }
        return false
    }

    /// Returns whether an operation of the target is void because of a revocation: what it rests on was taken
    /// away, and it is not among what the revocation leaves in force.
    ///
    /// A removal and a take spare what follows a later grant; a ban and a mute what follows their lifting.
    func voids(
        _ revocation: Operation, _ entry: SpaceEntry, restingOn basis: Basis, others: [OperationID]
    ) throws -> Bool {
        guard let source = basis.holding, let rank = try self.actingRank(of: revocation.id),
            rank > basis.holdingRank
        else { return false }
        let lastGood: OperationID?
        switch revocation.kind {
        case .memberRemove:
            lastGood = revocation.payload(MemberRemove.self)?.lastGood
            if try self.lookup.isAncestor(revocation.id, of: source) { return false }
        case .roleTake:
            let take = revocation.payload(RoleTake.self)
            lastGood = take?.lastGood
            guard take?.role == basis.role else { return false }
            if try self.lookup.isAncestor(revocation.id, of: source) { return false }
        case .ban:
            lastGood = revocation.payload(Ban.self)?.lastGood
            if try self.isLifted(
                revocation.id, among: others, outranking: basis.holdingRank, before: .operation(source))
            {
                return false
            }
        case .mute:
            lastGood = revocation.payload(Mute.self)?.lastGood
            guard entry.kind.isSpeech, Self.silences(revocation) else { return false }
            if try self.isLifted(
                revocation.id, among: others, outranking: basis.holdingRank, before: .following(entry.links))
            {
                return false
            }
        default: return false
        }
        return try lastGood.map { try !self.lookup.isAncestor(entry.id, of: $0) } ?? true
    }

    /// Returns the highest rank with which an operation acts in the set when it was permitted like this; nil
    /// when nothing of it is left.
    func actingRank(of entry: SpaceEntry, bases: [Basis]) throws -> UInt32? {
        let ids = try self.lookup.revocations(of: entry.author).filter(self.contains)
        let revocations = try ids.sorted().compactMap { try self.lookup.operation($0) }
        for basis in bases.sorted(by: { $0.rank > $1.rank }) {
            let isSupported = try basis.supports.allSatisfy {
                try self.actingRank(of: $0).map { $0 >= basis.rank } ?? false
            }
            guard isSupported,
                try !revocations.contains(where: {
                    try $0.id != entry.id && self.voids($0, entry, restingOn: basis, others: ids)
                })
            else { continue }
            return basis.rank
        }
        return nil
    }

    /// Returns what keeps an operation from being effective: revocations that take what it rests on, and
    /// supports that are not effective themselves. Sorted, each once; none when it is effective.
    func obstacles(to entry: SpaceEntry, bases: [Basis]) throws -> [OperationID] {
        if try self.actingRank(of: entry, bases: bases) != nil { return [] }
        let ids = try self.lookup.revocations(of: entry.author).filter(self.contains)
        var found: Set<OperationID> = []
        for basis in bases {
            for support in basis.supports where try self.actingRank(of: support) == nil {
                found.insert(support)
            }
            for id in ids where id != entry.id {
                guard let revocation = try self.lookup.operation(id) else { continue }
                if try self.voids(revocation, entry, restingOn: basis, others: ids) { found.insert(id) }
            }
        }
        return found.sorted()
    }

    // MARK: - Roles and registers

    /// Returns the definition of a role that counts: of the effective ones that none replaced, the one of the
    /// higher rank, then of the larger id. A role that comes with every space needs none.
    func definition(
        of role: OperationID
    ) throws -> (source: OperationID?, name: String, rank: UInt32, permissions: Permissions)? {
        let definitions = try self.lookup.definitions(of: role)
        if let id = try self.register(definitions),
            let define = try self.lookup.operation(id)?.payload(RoleDefine.self)
        {
            return (id, define.name, define.rank, Permissions(rawValue: define.permissions))
        }
        return BuiltInRole(role).map { (nil, $0.name, $0.rank, $0.permissions) }
    }

    /// Returns which write of a register counts: among the effective ones in the set that no other of them
    /// follows, the one that acts with the higher rank, then with the larger id. No clock decides.
    func register(_ writes: [OperationID]) throws -> OperationID? {
        let effective = try writes.filter(self.contains).compactMap { id in
            try self.actingRank(of: id).map { (rank: $0, id: id) }
        }
        let latest = try effective.filter { write in
            try !effective.contains { other in
                try other.id != write.id && self.lookup.isAncestor(write.id, of: other.id)
            }
        }
        return latest.max { ($0.rank, $0.id) < ($1.rank, $1.id) }?.id
    }
}
